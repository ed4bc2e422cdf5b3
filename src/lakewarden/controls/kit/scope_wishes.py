"""Wishes about who may use and manage a secret scope."""

from __future__ import annotations

from fnmatch import fnmatchcase

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.everybody import EVERYBODY
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.access import SecretScope
from lakewarden.estate.people import WORKSPACE_GROUPS
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish


def owner_of(scope: SecretScope, at: Context) -> str:
    """Return the group that answers for a scope, as the policy file says.

    Raises:
        UnreadError: the groups of the workspace were not read.
        CannotPlanError: the file names no group, or one that the workspace does not have.
    """
    named = at.policy.secret_owners.items()
    owner = next((group for pattern, group in named if fnmatchcase(scope.name, pattern)), "")
    if not owner or owner in EVERYBODY:
        raise CannotPlanError(
            f"nobody says which group answers for the scope {scope.name}: set data.secret_owners "
            "in lakewarden.toml"
        )
    groups = at.estate.of(WORKSPACE_GROUPS, at.here).each()
    if owner not in {group.name.get() for group in groups}:
        raise CannotPlanError(
            f"the workspace has no group {owner}, which data.secret_owners in lakewarden.toml names"
        )
    return owner


def acl_wish(
    scope: SecretScope, principal: str, level: str, at: Context, follows: tuple[Target, ...] = ()
) -> Wish:
    """Wish that a principal holds just one level on a scope.

    Raises:
        UnreadError: who holds what was not read.
    """
    held = {grant.principal: grant.permission for grant in scope.acl.get()}
    target = Target("secret_acl", scope_of(at.workspace), f"{scope.name}/{principal}")
    name = f"{principal} on {scope.name}"
    before = {"/permission": held[principal]} if principal in held else None
    return Wish(target, name, before, {"/permission": level}, follows)

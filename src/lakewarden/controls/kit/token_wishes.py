"""Wishes about what signs in without a person: tokens, and OAuth secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lakewarden.controls.kit.admins import named_groups
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.machines import HeldSecret, label_of
from lakewarden.controls.kit.tokens import days_between
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.access import Token
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Need
from lakewarden.estate.machines import PRINCIPAL_FEDERATION, PRINCIPAL_SECRETS, OAuthSecret
from lakewarden.estate.people import ACCOUNT_GROUPS, ACCOUNT_USERS
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Step, Wish
from lakewarden.semantics.tokens import birth_of, expiry_of, signs_in

REVOKES_WITH: Final[tuple[Need, ...]] = (ACCOUNT_USERS.need(), ACCOUNT_GROUPS.need())
"""What must be collected to know whose tokens no plan revokes."""
DELETES_WITH: Final[tuple[Need, ...]] = (PRINCIPAL_FEDERATION.need(),)
"""What must be collected to know whether a service principal has another way in."""
_GONE: Final = "a revoked token cannot be brought back; its owner makes a new one"
_DELETED: Final = "a deleted secret cannot be brought back; a new one takes its place"
_NAMELESS: Final = "a token"


def revoke(token: Token, at: Context) -> Wish | Step:
    """Wish that a token ends; one of somebody who keeps access in an emergency is left to them.

    Raises:
        UnreadError: whose it is was not read.
    """
    owner = str(token.owner_id.get())
    name = _named(token)
    if owner in _for_emergencies(at):
        return Step(
            f"Ask whoever owns the token {name} (user {owner}), who keeps access in an emergency, "
            "to revoke it themselves, once they signed in without it",
            "the token is no longer listed by GET /api/2.0/token-management/tokens",
        )
    target = Target("token", scope_of(at.here), token.id)
    return Wish(target, name, {"/token_id": token.id}, None, irreversible=_GONE)


def scope_wish(token: Token, at: Context, scopes: Sequence[str]) -> Wish:
    """Wish for other scopes of a token.

    Raises:
        UnreadError: those that it has were not read.
    """
    held = token.scopes.get()
    before = {"/scopes": None if held is None else list(held)}
    target = Target("token", scope_of(at.here), token.id)
    return Wish(target, _named(token), before, {"/scopes": list(scopes)})


def _named(token: Token) -> str:
    """Return the comment of a token, and who made it."""
    comment = "" if token.comment.gap is not None else token.comment.get()
    maker = "" if token.creator.gap is not None else f", of {token.creator.get()}"
    return (comment or _NAMELESS) + maker


def delete(held: HeldSecret, at: Context) -> Wish | Step:
    """Wish that a secret ends, where its service principal has another way to sign in.

    Raises:
        UnreadError: what other ways it has was not read.
    """
    principal, secret = held.principal, held.secret
    name = f"{label_of(principal)}, secret of {birth_of(secret):%Y-%m-%d}"
    others = at.estate.need(PRINCIPAL_SECRETS, principal.id).secrets.get()
    if any(s.id != secret.id and _lasts(s, at) for s in others) or _federated(held, at):
        target = Target("service_principal_secret", "account", f"{principal.id}/{secret.id}")
        return Wish(target, name, {"/id": secret.id}, None, irreversible=_DELETED)
    return Step(
        f"Make a new secret for {label_of(principal)}, or federate it, hand that to whatever signs "
        "in with the old one, and make a new plan, which then deletes the old one",
        "the plan deletes the old secret, because the service principal has another way in",
    )


def _lasts(secret: OAuthSecret, at: Context) -> bool:
    """Return whether a secret signs in, and is one that no control of ours would end."""
    limits, born, end = at.policy.limits, birth_of(secret), expiry_of(secret)
    return (
        signs_in(secret, at.now)
        and end is not None
        and days_between(born, end) <= limits.secret_life_days
        and days_between(born, at.now) <= limits.secret_days
    )


def _federated(held: HeldSecret, at: Context) -> bool:
    return bool(at.estate.need(PRINCIPAL_FEDERATION, held.principal.id).policies.get())


def _for_emergencies(at: Context) -> frozenset[str]:
    """Return the ids of the users that the policy file keeps for emergencies."""
    wanted = at.policy.break_glass
    if not wanted:
        return frozenset()
    members, groups = named_groups(at.estate, wanted)
    if members.gap is not None:
        raise UnreadError(members.gap)
    names = {name.lower() for name in wanted if name not in groups}
    users = at.estate.of(ACCOUNT_USERS).each()
    return frozenset(members.through) | {u.id for u in users if u.name.get().lower() in names}

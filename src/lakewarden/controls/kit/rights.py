"""What groups may create by an entitlement, the group of all users above all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, observe, unknown
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.people import WORKSPACE_GROUPS, WorkspaceGroup
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish

_USERS: Final = "users"


def users_lack(right: str, workspace: Workspace, at: Context) -> Condition:
    """Require that the group of all users exists and lacks an entitlement."""
    for group in at.estate.of(WORKSPACE_GROUPS, workspace).each():
        if group.name.get() != _USERS:
            continue
        held = sorted({entry.value for entry in group.entitlements.get()})
        source = group.entitlements.source
        evidence = Evidence(source, "entitlements of users", held, f"no {right}")
        return observe(right not in held, evidence, otherwise=f"every user holds {right}")
    detail = "the group users, which every workspace has, is missing from the answer"
    return unknown(WORKSPACE_GROUPS.gap(Cause.NOT_FOUND, detail), expected="the group users")


def taken_from_users(right: str, workspace: Workspace, at: Context) -> Iterator[Wish]:
    """Wish that the group of all users lacks an entitlement.

    Raises:
        UnreadError: the groups were not read.
    """
    for group in at.estate.of(WORKSPACE_GROUPS, workspace).each():
        if group.name.get() == _USERS:
            yield from taken(right, group, workspace)


def taken(right: str, group: WorkspaceGroup, workspace: Workspace) -> Iterator[Wish]:
    """Wish that a group lacks an entitlement, if it has it.

    Raises:
        UnreadError: its entitlements were not read.
    """
    if any(entry.value == right for entry in group.entitlements.get()):
        place = path("entitlements", f"[value={right}]")
        target = Target("entitlements", scope_of(workspace), group.id)
        yield Wish(target, group.name.get(), {place: {"value": right}}, {place: None})


def groups(*entitlements: str, name: str = _USERS, admins: tuple[str, ...] = ()) -> MemorySnapshot:
    """Return an estate with a group and its entitlements, and the group admins, for examples."""
    group: dict[str, Any] = {"id": "1", "displayName": name}
    group["entitlements"] = [{"value": entry} for entry in entitlements]
    admin = {"id": "0", "displayName": "admins", "entitlements": [{"value": e} for e in admins]}
    return given(workspace_groups=[admin, group])


def right_examples(right: str, other: str) -> Iterable[Example]:
    """Yield the ways to be right, wrong and unread; `other` is a right that is not asked about."""
    yield passes("access alone", groups("workspace-access", "databricks-sql-access"))
    yield passes("no entitlement at all", groups())
    yield passes("another right", groups(other))
    yield passes("admins alone", groups(admins=(right,)))
    yield fails("everybody", groups("workspace-access", right))
    yield unclear("there is no group users", groups(name="analysts"))
    bare = given(workspace_groups=[{"id": "1", "displayName": "users"}])
    yield unclear("entitlements are missing from the answer", bare)
    yield unclear("groups may not be listed", given(workspace_groups=refused()))

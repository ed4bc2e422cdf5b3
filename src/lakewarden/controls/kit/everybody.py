"""What everybody may do with an object: the groups that all users of a workspace are in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, observe
from lakewarden.controls.kit.control import Example, exempt, fails, passes, unclear
from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Kind
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence

EVERYBODY: Final = frozenset({"users", "account users"})
"""The groups that every user of a workspace, or of the account, belongs to."""


def spared(permissions: ObjectPermissions, levels: Iterable[str]) -> Condition:
    """Require that everybody holds none of some levels on an object."""
    acl = permissions.acl
    held = sorted(
        f"{grantee.group_name}: {level}"
        for grantee in acl.get()
        for level in levels
        if grantee.group_name in EVERYBODY and grantee.may(level)
    )
    expected = f"{' and '.join(levels)} for nobody in general"
    evidence = Evidence(acl.source, acl.field, held or "nothing", expected)
    return observe(not held, evidence, otherwise=f"every user may act on it: {', '.join(held)}")


def acl_examples(kind: Kind[Any], wrong: Iterable[str], harmless: str) -> Iterable[Example]:
    """Yield the ways to be right, wrong and unread.

    Args:
        kind: the kind of the access control lists.
        wrong: the levels that everybody must not hold.
        harmless: a level that they may.
    """
    yield passes("everybody may use it", _acl(kind, "users", harmless))
    for level in wrong:
        yield passes(f"a group has {level}", _acl(kind, "engineers", level))
        yield fails(f"everybody has {level}", _acl(kind, "users", level))
        yield fails(f"the whole account has {level}", _acl(kind, "account users", level))
    bare = [{"id": "o1", "name": "object"}]
    yield unclear("no list in the answer", _lists(kind, bare))
    yield unclear("the lists may not be read", _lists(kind, refused()))
    yield exempt("there are none", _lists(kind, []))


def _acl(kind: Kind[Any], group: str, level: str) -> MemorySnapshot:
    entry = {"group_name": group, "all_permissions": [{"permission_level": level}]}
    return _lists(kind, [{"id": "o1", "name": "object", "access_control_list": [entry]}])


def _lists(kind: Kind[Any], items: Any) -> MemorySnapshot:
    kinds: dict[str, Any] = {kind.name: items}
    return given(**kinds)

"""Permissions as they are given back: complete, with an owner, and never against the caller."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lakewarden.apply.hands.assets import ACL
from lakewarden.assets.canonical import ASSET, text
from lakewarden.assets.kind import Kind
from lakewarden.plan.change import Change
from lakewarden.plan.paths import value_at
from lakewarden.restore.ground import Ground
from lakewarden.restore.target import Found, Me
from lakewarden.restore.wanted import Wanted

Entries = list[dict[str, str]]
_OWNED: Final = frozenset({"job", "pipeline", "warehouse"})
"""Kinds of which each has exactly one owner among its permissions."""
_OWNER: Final = "IS_OWNER"
LEFT: Final = "its permissions are left as they are"
_KIND_OF: Final = {"user_name": "user", "service_principal_name": "service_principal"}


def grant(
    ground: Ground, kind: Kind, wanted: Wanted, found: Entries | None, before: list[Change]
) -> tuple[Change | None, list[str]]:
    """Return the change that gives permissions back, None for none, and what there is to say.

    Args:
        ground: what is there, and will be.
        kind: of the asset.
        wanted: the asset.
        found: its permissions as they are; None where it is not there yet.
        before: the changes that make it.
    """
    entries = list(wanted.acl or ())
    names = {value for e in entries for n, value in e.items() if n != "permission_level"}
    if why := ground.unknown(names) or ground.refusals.owner(kind, entries, found):
        return None, [f"{LEFT}: {why}"]
    entries, note = _with_me(ground.target.me, kind, entries)
    notes = [note] if note else []
    if found is not None and {text(e) for e in found} == {text(e) for e in entries}:
        return None, notes
    first = before[0].address if before and found is None else ""
    people = [ground.people[name] for name in sorted(names & ground.people.keys())]
    change = Change(
        ground.target.thing(ACL, kind.name, wanted.key),
        *(wanted.key, {"/acl": found}, {"/acl": entries}),
        follows=(*(c.address for c in before if first), *people),
        part_of=first,
        stage=kind.stage,
    )
    return change, notes


def with_my_rights(me: Me, wanted: Wanted, found: Found) -> Wanted:
    """Return what keeps whoever restores an admin who may come in, if they are one now."""
    if wanted.key == me.name and wanted.kind == _KIND_OF[me.field]:
        return replace(wanted, spec={**wanted.spec, "active": True})
    if (wanted.kind, wanted.key) != ("group", "admins"):
        return wanted
    kind = _KIND_OF[me.field]
    mine = {kind: {ASSET: kind, "key": me.name}}
    there = value_at(found.document, "/spec/members") or []
    members = list(wanted.spec.get("members") or ())
    if mine not in there or mine in members:
        return wanted
    spec = {**wanted.spec, "members": sorted([*members, mine], key=text)}
    return replace(wanted, spec=spec)


def _with_me(me: Me, kind: Kind, entries: Entries) -> tuple[Entries, str]:
    """Return permissions by which somebody owns the asset, and whoever restores is let in."""
    others = [e for e in entries if e.get(me.field) != me.name]
    if kind.name in _OWNED and not any(e["permission_level"] == _OWNER for e in entries):
        mine = {me.field: me.name, "permission_level": _OWNER}
        return sorted([*others, mine], key=text), "it has no owner in the backup: you own it"
    levels = {e["permission_level"] for e in entries if e.get(me.field) == me.name}
    if me.admin or levels & {_OWNER, "CAN_MANAGE"}:
        return entries, ""
    level = "CAN_USE" if kind.name == "authorization" else "CAN_MANAGE"
    mine = {me.field: me.name, "permission_level": level}
    return sorted([*others, mine], key=text), "you are no admin, so your own permission stays"

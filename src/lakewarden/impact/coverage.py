"""What is known of each change of a plan: judged by events, of no harm to anybody, or not known."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from lakewarden.estate.kind import Need
from lakewarden.impact.rule import families
from lakewarden.plan.change import Change


@dataclass(frozen=True, slots=True)
class Cover:
    """What is known of one change.

    Attributes:
        address: the change.
        judged: whether a rule looks for what it would have refused.
        harmless: it refuses nobody anything.
        hidden: what events do not show of it; empty where they show all.
    """

    address: str
    judged: bool
    harmless: bool
    hidden: str


def covers(changes: Iterable[Change]) -> tuple[Cover, ...]:
    """Return what is known of each change."""
    return tuple(_cover(change) for change in changes)


def needs_of(changes: Iterable[Change]) -> set[Need]:
    """Return what a snapshot must have for the rules that changes wake."""
    made = tuple(changes)
    needed = {n for f in families() if any(map(f.judges, made)) for n in f.needs}
    for change in made:
        kind, _, key = change.target.key.partition("/")
        if change.target.kind == "permissions" and kind == "authorization":
            needed.add(Need(kind, key))
        elif change.target.kind == "permissions" and kind in _ACLS:
            needed.add(_ACLS[kind])
    return needed


_ACLS: Mapping[str, Need] = {
    "clusters": Need("cluster_permissions"),
    "cluster-policies": Need("policy_permissions"),
    "instance-pools": Need("pool_permissions"),
    "jobs": Need("job_permissions"),
    "warehouses": Need("warehouse_permissions"),
}


def _cover(change: Change) -> Cover:
    judging = [family for family in families() if family.judges(change)]
    if judging:
        hidden = dict.fromkeys(filter(None, (family.hides(change) for family in judging)))
        return Cover(change.address, judged=True, harmless=False, hidden="; ".join(hidden))
    if _is_harmless(change):
        return Cover(change.address, judged=False, harmless=True, hidden="")
    unseen = _table()["unseen"]
    kind, key = change.target.kind, change.target.key
    sort, _, _ = kind.partition(".")
    why = unseen["keys"].get(key) or unseen.get(kind) or unseen.get(sort) or unseen["other"]
    return Cover(change.address, judged=False, harmless=False, hidden=why)


def _is_harmless(change: Change) -> bool:
    known = _table()["harmless"]
    kind, key = change.target.kind, change.target.key
    return kind in known["kinds"] or key in known["keys"].get(kind, ())


@functools.cache
def _table() -> dict[str, Any]:
    text = files(__package__).joinpath("data", "coverage.toml").read_text("utf-8")
    return tomllib.loads(text)

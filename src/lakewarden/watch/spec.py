"""The keys of a rule's file: those of every rule, and those of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that must be there, and keys that may."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()


def _keys(required: str, optional: str = "") -> Keys:
    return Keys(frozenset(required.split()), frozenset(optional.split()))


COMMON: Final = _keys(
    "title kind source severity threats paper attack why false_positives response",
    "select condition entity suppress worse needs requires unconfirmed",
)

KINDS: Final[Mapping[str, Keys]] = {
    "match": _keys("select condition"),
    "threshold": _keys("select condition by window at_least", "sum"),
    "distinct": _keys("select condition by value window at_least"),
    "sequence": _keys("select by steps within", "differs same"),
    "first_seen": _keys("select condition by history", "value warmup only"),
    "baseline": _keys("select condition by per measure history times", "floor least_periods flat"),
    "travel": _keys("select condition by max_kmh min_km window"),
    "silence": _keys("select condition by longest at_least history"),
    "sql": _keys("query reach", "ahead waits"),
}

LISTS: Final = (
    *("threats", "paper", "attack", "false_positives", "needs", "requires"),
    *("by", "entity", "value", "differs", "same"),
)
"""The keys that are lists of texts."""
THREATS: Final = frozenset({"AT", "EX", "IN", "RA", "VC", "SC", "DS"})
NEEDS: Final = frozenset(
    {
        *("verbose_audit_logs", "unity_catalog", "system_tables", "data_events", "flow_logs"),
        *("geo", "snapshot", "private_link", "resolver_logs", "directory"),
    }
)

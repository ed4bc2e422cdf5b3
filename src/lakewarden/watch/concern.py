"""Which rules some actions may concern, told without asking an engine: most rules name theirs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakewarden.watch.rule import Rule
from lakewarden.watch.selection import listed
from lakewarden.watch.site import Site

Did = tuple[str, str, str]
"""Source, service and action of events."""


@dataclass(frozen=True, slots=True)
class _Doing:
    """The actions that a map of conditions names.

    Attributes:
        names: `accounts.login`, `kms.*`.
        alone: whether it asks nothing else.
    """

    names: frozenset[str]
    alone: bool

    def holds(self, did: Did) -> bool | None:
        """Return whether the map holds of an event; None where that is told by other fields."""
        if self.names and not {f"{did[1]}.{did[2]}", f"{did[1]}.*"} & self.names:
            return False
        return True if self.names and self.alone else None


def concerned(rules: Iterable[Rule], site: Site, done: Collection[Did]) -> list[Rule]:
    """Return the rules that may look at some of the actions that were done.

    Raises:
        ValueError: there is no such site value or set.
    """
    return [rule for rule in rules if _may_look(rule, site, done)]


def _may_look(rule: Rule, site: Site, done: Collection[Did]) -> bool:
    recorded = [did for did in done if did[0] in rule.sources]
    conditions = rule.conditions()
    if not conditions:
        return bool(recorded)
    doing = {name: _doings(each, site) for name, each in rule.select.items()}
    return any(
        each.holds(_known(doing, did)) is not False for did in recorded for each in conditions
    )


def _known(doing: Mapping[str, list[_Doing]], did: Did) -> Callable[[str], bool | None]:
    def known(name: str) -> bool | None:
        held = [each.holds(did) for each in doing[name]]
        return True if True in held else None if None in held else False

    return known


def _doings(selection: Any, site: Site) -> list[_Doing]:
    return [
        _Doing(
            frozenset(str(name) for name in listed(site.resolve(one.get("do", [])))),
            one.keys() == {"do"},
        )
        for one in listed(selection)
    ]

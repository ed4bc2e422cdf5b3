"""What a rule asks: which fields, of which actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.watch.rule import Rule
from lakewarden.watch.selection import listed, parts
from lakewarden.watch.site import Site

_IN_QUERY: Final = re.compile(r"params\['([^']+)'\]")
_LISTS: Final = ("by", "entity", "value", "differs", "same")


@dataclass(frozen=True, slots=True)
class Asked:
    """One field that a rule asks for.

    Attributes:
        field: `param.user`, `actor`.
        modifiers: what follows it.
        values: what it is compared with, references replaced.
        actions: those that it is asked of, `accounts.login`; none where it may be any.
        place: where in the file, `select.failed`.
    """

    field: str
    modifiers: tuple[str, ...]
    values: tuple[Any, ...]
    actions: tuple[str, ...]
    place: str


def asked(rule: Rule, site: Site) -> Iterator[Asked]:
    """Yield every field that a rule asks for.

    Raises:
        ValueError: a modifier is none, or there is no such site value or set.
    """
    every = tuple(sorted(actions(rule, site)))
    for name, one in _maps(rule):
        yield from _of_map(f"select.{name}", one, every, site)
    for place, field in _named(rule):
        yield Asked(field, (), (), every, place)


def actions(rule: Rule, site: Site) -> frozenset[str]:
    """Return all actions that a rule names."""
    return frozenset(action for _, one in _maps(rule) for action in _actions(one, site))


def _actions(one: Mapping[str, Any], site: Site) -> Iterator[str]:
    """Yield the actions that a map names: by `do`, or by the columns of service and action."""
    if "do" in one:
        yield from (str(action) for action in listed(site.resolve(one["do"])))
        return
    for service in listed(site.resolve(one.get("service", []))):
        for action in listed(site.resolve(one.get("action", "*"))):
            yield f"{service}.{action}"


def _maps(rule: Rule) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, selection in rule.select.items():
        for one in listed(selection):
            yield name, one


def _of_map(
    place: str, one: Mapping[str, Any], every: tuple[str, ...], site: Site
) -> Iterator[Asked]:
    mine = tuple(_actions(one, site))
    for key, value in one.items():
        field, modifiers = parts(str(key))
        values = tuple(listed(site.resolve(value)))
        yield Asked(field, modifiers, values, mine or every, place)
        if "field" in modifiers:
            for other in values:
                yield Asked(str(other), (), (), mine or every, place)


def _named(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield the fields that stand outside of selections, each with its key."""
    for key in _LISTS:
        for field in rule.spec.get(key, ()):
            yield key, str(field)
    if "sum" in rule.spec:
        yield "sum", str(rule.spec["sum"])
    for field in str(rule.spec.get("measure", "")).split()[1:]:
        yield "measure", field
    for name in _IN_QUERY.findall(str(rule.spec.get("query", ""))):
        yield "query", f"param.{name}"

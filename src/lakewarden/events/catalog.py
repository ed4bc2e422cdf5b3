"""What the platforms record: actions with their parameters, spellings of these, and named sets."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lakewarden.events.columns import PROMOTED

_WEAK: Final = "recalled"


@dataclass(frozen=True, slots=True)
class Action:
    """One action of one service.

    Attributes:
        service: `accounts`.
        name: `samlLogin`.
        params: the keys that its parameters may have, by their canonical spelling.
        evidence: `live`, `seen`, `documented`, `queried` or `recalled`: how sure it is.
        recalled: keys that are less sure than the action.
        verbose: recorded only while verbose audit logs are on.
        silent: no answer is documented, so that no status does not mean a failure.
    """

    service: str
    name: str
    params: frozenset[str]
    evidence: str
    recalled: frozenset[str] = frozenset()
    verbose: bool = False
    silent: bool = False

    def unsure(self, param: str | None = None) -> bool:
        """Return whether the action, or one of its parameters, is only recalled."""
        return self.evidence == _WEAK or param in self.recalled


@cache
def load(name: str) -> Mapping[str, Any]:
    """Return one of the data files of this room."""
    text = files("lakewarden.events").joinpath("data", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def actions(name: str = "databricks") -> Mapping[tuple[str, str], Action]:
    """Return all actions of a catalogue, by service and name."""
    found: dict[tuple[str, str], Action] = {}
    for entry in load(name)["actions"]:
        for action in entry["names"]:
            known = found.get((entry["service"], action))
            more = known.params if known else frozenset()
            found[entry["service"], action] = Action(
                entry["service"],
                action,
                more | frozenset(entry.get("params", ())),
                entry["evidence"],
                frozenset(entry.get("recalled", ())),
                bool(entry.get("verbose")),
                bool(entry.get("silent")),
            )
    return found


@cache
def spellings() -> Mapping[str, tuple[str, ...]]:
    """Return every spelling of a parameter, the canonical one first, by each of them."""
    table: dict[str, tuple[str, ...]] = {}
    for canonical, others in load("aliases")["aliases"].items():
        every = (canonical, *others)
        table.update(dict.fromkeys(every, every))
    return table


def spelt(param: str) -> tuple[str, ...]:
    """Return the spellings of a parameter, the canonical one first."""
    return spellings().get(param, (param,))


@cache
def promoted() -> Mapping[str, str]:
    """Return the columns that hold a parameter, by each of its spellings."""
    return {name: column for column, key in PROMOTED.items() for name in spelt(key)}


@cache
def sets() -> Mapping[str, tuple[str, ...]]:
    """Return the named sets of actions and of texts."""
    return {name: tuple(values) for name, values in load("sets").items()}

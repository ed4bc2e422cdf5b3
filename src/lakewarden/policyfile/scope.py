"""`Scope`: workspaces, by name or by tag, of which something else is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakewarden.policyfile.limits import DEFAULTS, Posture, looser


@dataclass(frozen=True, slots=True)
class Place:
    """What decides which scopes cover a workspace.

    Attributes:
        id: the workspace's id.
        name: its name, empty when that was not read.
        tags: its custom tags; None when they were not read.
    """

    id: str
    name: str = ""
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Workspaces of which something else is asked.

    A workspace that a scope names is covered, and so is one with all of the scope's tags. One
    whose tags were not read, or that lacks the key altogether, may be anything: a scope that asks
    for more covers it, so that nobody escapes by leaving the label off.

    Attributes:
        name: what people call the scope.
        workspaces: ids or names.
        tags: custom tags, all of which a workspace must have.
        posture: the posture that is asked for; None leaves it.
        thresholds: limits that differ, by the names of `Limits`.
        exclude: ids of controls that are not asked for here.
    """

    name: str
    workspaces: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    posture: Posture | None = None
    thresholds: Mapping[str, int] = field(default_factory=dict)
    exclude: frozenset[str] = frozenset()

    def covers(self, place: Place) -> bool:
        """Return whether a workspace is covered."""
        if {place.id, place.name} & self.workspaces:
            return True
        if not self.tags:
            return False
        tags = place.tags or {}
        return all(
            tags[key] == value if key in tags else self.strict for key, value in self.tags.items()
        )

    @property
    def strict(self) -> bool:
        """Return whether the scope asks for nothing less than the strictest defaults do."""
        usual = DEFAULTS[Posture.HIGH]
        loose = any(
            looser(name, mine, getattr(usual, name)) for name, mine in self.thresholds.items()
        )
        return self.posture is not Posture.STANDARD and not loose and not self.exclude

"""What every family of a drawn workspace is drawn with."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from lakewarden.simulate.state import DAY_MS, Json
from lakewarden.simulate.web import Seed

_WORDS = (
    *("orders", "sales", "stock", "churn", "Margins", "finance", "daily", "weekly", "raw", "clean"),
    *("zürich", "größe", "données", "数据", "50%", "a+b", "it's", "x&y", "q1 2027", "β", "#7"),
)
_BY_LEVEL = {
    "alertsv2": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "cluster-policies": ("CAN_USE",),
    "clusters": ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"),
    "experiments": ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
    "instance-pools": ("CAN_ATTACH_TO", "CAN_MANAGE"),
    "jobs": ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE"),
    "pipelines": ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE"),
    "registered-models": ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
    "serving-endpoints": ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"),
    "warehouses": ("CAN_USE", "CAN_MONITOR", "CAN_MANAGE"),
}
_OF_FILES = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
_OWNED = frozenset({"jobs", "pipelines", "warehouses"})
_STEP_MS = 1_000


class Draw:
    """Choices that follow from a seed, what was made so far, and how to make more.

    Each call happens a second after the one before it, so that times tell objects apart.
    """

    def __init__(self, seed: Seed, number: int) -> None:
        self.rng = random.Random(number)  # noqa: S311 - the same in every run
        self.made: defaultdict[str, list[str]] = defaultdict(list)
        self.holders: list[Json] = []
        self._seed = seed
        self._at = seed.now - 300 * DAY_MS
        self._count = 0

    def call(self, method: str, path: str, body: Any = None, *, days_ago: int = 0) -> Any:
        """Make a call as the owner of the world, some days ago or at its turn."""
        self._at += _STEP_MS
        at = self._seed.now - days_ago * DAY_MS if days_ago else self._at
        return self._seed.call(method, path, body, at=at)

    @property
    def workspace(self) -> Any:
        """The workspace that is filled."""
        return self._seed.workspace

    @property
    def enterprise(self) -> bool:
        """Whether the account has what only the highest tier has."""
        return self._seed.account.tier == "ENTERPRISE"

    def maybe(self, chance: float) -> bool:
        """True as often as the chance says."""
        return self.rng.random() < chance

    def gone(self, place: int) -> bool:
        """Whether the object that is the n-th of its kind is thrown away again: one in five."""
        return place % 5 == 3  # noqa: PLR2004 - the fourth of each five

    def pick(self, kind: str, chance: float = 1.0) -> str | None:
        """One of the objects of a kind that were made so far, if luck has it and there are any."""
        made = self.made[kind]
        return self.rng.choice(made) if made and self.maybe(chance) else None

    def plain(self, prefix: str) -> str:
        """A name of letters, digits and dashes that nothing else has."""
        self._count += 1
        return f"{prefix}-{self._count}"

    def name(self) -> str:
        """A name as people give them, that nothing else has."""
        self._count += 1
        words = self.rng.choices(_WORDS, k=self.rng.randint(1, 3))
        return f"{' '.join(words)} {self._count}"

    def path(self) -> str:
        """A new path in one of the folders; now and then a twin but for the case of its name."""
        folder = self.pick("folder") or "/Shared"
        before = self.pick("path", 0.05)
        if before and before.swapcase() != before:
            above, _, name = before.rpartition("/")
            twin = f"{above}/{name.swapcase()}"
            if twin not in self.made["path"]:
                return self.keep("path", twin)
        return self.keep("path", f"{folder}/{self.name()}")

    def keep(self, kind: str, value: str) -> str:
        """Remember that something was made, for what refers to it."""
        self.made[kind].append(value)
        return value

    def text(self, least: int = 1, most: int = 40) -> str:
        """A few lines of text."""
        count = self.rng.randint(least, most)
        return "\n".join(f"{self.rng.choice(_WORDS)} = {self.rng.random()}" for _ in range(count))

    def entries(self, kind: str) -> list[Json]:
        """Entries for the access list of an object of a type."""
        levels = _BY_LEVEL.get(kind, _OF_FILES)
        count = min(self.rng.randint(1, 3), len(self.holders))
        found = [
            holder | {"permission_level": self.rng.choice(levels)}
            for holder in self.rng.sample(self.holders, count)
        ]
        people = [holder for holder in self.holders if "group_name" not in holder]
        if kind in _OWNED and people and self.maybe(0.5):
            owner = self.rng.choice(people)
            found = [e for e in found if e.items().isdisjoint(owner.items())]
            found.append(owner | {"permission_level": "IS_OWNER"})
        return found

    def permit(self, kind: str, object_id: object, chance: float = 0.4) -> None:
        """Give an object some entries of its own, if luck has it."""
        if self.maybe(chance):
            path = f"/api/2.0/permissions/{kind}/{object_id}"
            self.call("PATCH", path, {"access_control_list": self.entries(kind)})

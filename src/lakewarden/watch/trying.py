"""Trying a rule on its examples: what was found, and which of them end otherwise than they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.store.lake.engine import DuckEngine, no_events
from lakewarden.store.lake.given import put_events
from lakewarden.watch.compiler import compiled
from lakewarden.watch.examples import Example
from lakewarden.watch.fields import Setting
from lakewarden.watch.found import Found, gathered
from lakewarden.watch.rule import Rule
from lakewarden.watch.site import Site
from lakewarden.watch.sql import Dialect

_PLACE: Final = ("country", "lat", "lon", "radius_km")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one example.

    Attributes:
        example: the example.
        found: the alerts that it ended in.
        wrong: what is not as it says; empty where all is.
    """

    example: Example
    found: tuple[Found, ...]
    wrong: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples that are tried at once, and what they are tried with.

    Attributes:
        table: the table of their events.
        examples: by the account that their events happen in.
        whole: whether everything that is found belongs to the one example.
    """

    table: str
    examples: Mapping[str, Example]
    whole: bool


class Trial:
    """The examples of one rule, ready to be tried again and again."""

    def __init__(
        self, engine: DuckEngine, rule: Rule, examples: Sequence[Example], values: Mapping[str, Any]
    ) -> None:
        """Read the events of all examples.

        Args:
            engine: where they go.
            rule: the rule that they are about.
            examples: its examples.
            values: the site values that they assume.
        """
        self._engine = engine
        self._values = values
        self._batches = list(_batches(rule, examples))
        for batch in self._batches:
            no_events(engine.connection, batch.table)
            records = [record for each in batch.examples.values() for record in each.records]
            put_events(engine.connection, batch.table, records)

    def outcomes(self, rule: Rule) -> Iterator[Outcome]:
        """Try a rule on all examples.

        Raises:
            ValueError: the rule says something that its kind does not understand.
            LakewardenError: its query cannot be run.
        """
        for batch in self._batches:
            yield from self._tried(rule, batch)

    def _tried(self, rule: Rule, batch: Batch) -> Iterator[Outcome]:
        examples = list(batch.examples.values())
        site = {**self._values, **(examples[0].site if batch.whole else {})}
        place = Site(site, str(site.get("timezone", "UTC")))
        now = max(example.now for example in examples)
        setting = Setting(place, Dialect(self._engine.dialect), rule.sources, now)
        self._engine.look_at("all_events", batch.table)
        self._engine.put("places", [row for each in examples for row in _places(each)])
        for view in ("files", "ip_lists"):
            self._engine.put(view, [row for each in examples for row in each.tables[view]])
        found = list(gathered(rule.id, self._engine.rows(compiled(rule, setting))))
        for account, example in batch.examples.items():
            mine = tuple(f for f in found if batch.whole or f.account == account)
            yield Outcome(example, mine, _difference(example, mine))


def _batches(rule: Rule, examples: Sequence[Example]) -> Iterator[Batch]:
    """Yield examples that cannot meet each other's events together, and the others alone."""
    alone = rule.kind == "sql" or len(rule.sources) > 1 or "account_id" in str(rule.spec)
    together: dict[str, Example] = {}
    for number, example in enumerate(examples):
        if alone or example.apart:
            yield Batch(f"example_{number}", {"": example}, whole=True)
        else:
            together[example.account(rule.sources[0])] = example
    if together:
        yield Batch("examples", together, whole=False)


def _places(example: Example) -> Iterator[dict[str, Any]]:
    for ip, values in example.places.items():
        yield {"ip": ip, **dict(zip(_PLACE, values, strict=True))}


def _difference(example: Example, found: Sequence[Found]) -> str:
    if len(found) != example.expected:
        return f"{len(found)} alerts, not {example.expected}"
    wanted = example.alerts if isinstance(example.alerts, list) else []
    for want, got in zip(wanted, found, strict=False):
        for key, value in want.items():
            mine = getattr(got, key)
            if str(mine) != str(value):
                return f"{key} is {mine!s}, not {value}"
    return ""

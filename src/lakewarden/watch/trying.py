"""Trying a rule on its examples: what was found, and which of them end otherwise than they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import DuckEngine, no_events
from lakewarden.store.lake.given import put_events
from lakewarden.watch.compiler import compiled
from lakewarden.watch.engine import Engine
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

    @property
    def tables(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """Return the rows of the small views."""
        examples = self.examples.values()
        return {
            "places": [row for each in examples for row in _places(each)],
            **{v: [row for e in examples for row in e.tables[v]] for v in ("files", "ip_lists")},
        }


class Trial:
    """The examples of one rule, ready to be tried again and again.

    Attributes:
        batches: those that are tried at once.
    """

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
        self.batches = list(_batches(rule, examples))
        for batch in self.batches:
            no_events(engine.connection, batch.table)
            records = [record for each in batch.examples.values() for record in each.records]
            put_events(engine.connection, batch.table, records)

    def outcomes(self, rule: Rule) -> Iterator[Outcome]:
        """Try a rule on all examples.

        Raises:
            ValueError: the rule says something that its kind does not understand.
            LakewardenError: its query cannot be run.
        """
        for batch in self.batches:
            found = self.found(rule, batch)
            for account, example in batch.examples.items():
                mine = tuple(f for f in found if batch.whole or f.account == account)
                yield Outcome(example, mine, _difference(example, mine))

    def write(self, batch: Batch, file: Path) -> None:
        """Write the events of a batch to a Parquet file, for another engine."""
        self._engine.connection.execute(
            f"COPY {batch.table} TO {duck.text(str(file))} (FORMAT parquet)"
        )

    def found(self, rule: Rule, batch: Batch, by: Engine | None = None) -> list[Found]:
        """Return what a rule finds in a batch.

        Args:
            rule: the rule.
            batch: one of `batches`.
            by: another engine, whose `all_events` are those of the batch.

        Raises:
            ValueError: the rule says something that its kind does not understand.
            LakewardenError: its query cannot be run.
        """
        engine: Engine = by or self._engine
        if by is None:
            self._engine.look_at("all_events", batch.table)
        for view, rows in batch.tables.items():
            engine.put(view, rows)
        examples = list(batch.examples.values())
        site = {**self._values, **(examples[0].site if batch.whole else {})}
        place = Site(site, str(site.get("timezone", "UTC")))
        now = max(example.now for example in examples)
        setting = Setting(place, Dialect(engine.dialect), rule.sources, now)
        return list(gathered(rule.id, engine.rows(compiled(rule, setting))))


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

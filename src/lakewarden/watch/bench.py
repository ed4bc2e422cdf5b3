"""A bench for rules: each with its examples, ready to be tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakewarden.policyfile.watching import example_values
from lakewarden.store.lake.engine import opened
from lakewarden.watch import examples, library
from lakewarden.watch.compiler import compiled
from lakewarden.watch.fields import Setting
from lakewarden.watch.rule import Rule
from lakewarden.watch.site import Site
from lakewarden.watch.sql import Dialect
from lakewarden.watch.trying import Outcome, Trial


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule on the bench.

    Attributes:
        rule: the rule.
        file: where it is.
        trial: its examples.
    """

    rule: Rule
    file: Path
    trial: Trial
    _values: Mapping[str, Any]

    def outcomes(self, changed: Rule | None = None) -> Iterator[Outcome]:
        """Try the rule, or a changed one in its place, on the examples.

        Raises:
            UsageError: the rule says something that its kind does not understand.
        """
        try:
            yield from self.trial.outcomes(changed or self.rule)
        except ValueError as error:
            raise library.mistake(self.file, str(error), "See docs/rules.md") from None

    def query(self) -> str:
        """Return the query of the rule, for the site of the examples."""
        site = Site(self._values, str(self._values["timezone"]))
        return compiled(self.rule, Setting(site, Dialect.DUCKDB, self.rule.sources))


def bench(names: tuple[str, ...], folders: tuple[Path, ...] = ()) -> Iterator[Tried]:
    """Yield rules with their examples, one after the other.

    Args:
        names: rules or areas; none for all.
        folders: folders of rules beside those that come along.

    Raises:
        UsageError: a file is no rule or has no examples, or a name is none.
    """
    values = example_values()
    for file in library.chosen(library.places(*folders), names):
        rule = library.read(file)
        shown = examples.read(file.with_suffix(".jsonl"), rule.sources)
        with opened(threads=1) as engine:
            yield Tried(rule, file, Trial(engine, rule, shown, values), values)

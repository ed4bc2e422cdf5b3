"""Run detection rules on Spark too: over their examples they must find what they find on DuckDB.

`python -m benchmarks.parity [AREA | AREA.RULE]...`. Needs Java 17 or later.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.small_spark import small_spark
from lakewarden.clients.spark import SparkEngine
from lakewarden.clients.tables import TYPES
from lakewarden.errors import LakewardenError
from lakewarden.events.columns import COLUMNS
from lakewarden.watch import library
from lakewarden.watch.bench import Tried, bench

_COLUMNS = {column.name: TYPES[column.kind] for column in COLUMNS}


def differences(
    tried: Tried, engine: SparkEngine, folder: Path, most: int | None = None
) -> Iterator[str]:
    """Yield what a rule finds otherwise on another engine.

    Args:
        tried: the rule, with its examples.
        engine: the other engine.
        folder: where the events of the examples may be put.
        most: how many batches of examples to try; None for all.
    """
    for number, batch in enumerate(tried.trial.batches[:most]):
        name = (
            f"{tried.rule.id}, examples {', '.join(str(e.number) for e in batch.examples.values())}"
        )
        file = folder / f"{tried.rule.id}-{number}.parquet"
        tried.trial.write(batch, file)
        engine.read("all_events", str(folder), [str(file)], _COLUMNS)
        here = tried.trial.found(tried.rule, batch)
        try:
            there = tried.trial.found(tried.rule, batch, engine)
        except LakewardenError as error:
            yield f"{name}: {error}"
            continue
        if there != here:
            pairs = [pair for pair in zip(here, there, strict=False) if pair[0] != pair[1]]
            first = f"{pairs[0][0]} is {pairs[0][1]}" if pairs else "the first are equal"
            yield f"{name}: {len(there)} alerts, not {len(here)}: {first}"


def main(names: list[str]) -> int:
    """Print every difference; return 1 when there is one."""
    wrong = 0
    begun = time.monotonic()
    rules = [library.id_of(file) for file in library.chosen(library.places(), names)]
    hands = min(os.cpu_count() or 1, len(rules))
    with ProcessPoolExecutor(hands) as pool:
        for found in pool.map(_told, (rules[n::hands] for n in range(hands))):
            wrong += len(found)
            for difference in found:
                print(difference)
    print(f"{len(rules)} rules, {wrong} differences, {time.monotonic() - begun:.0f} s")
    return int(wrong > 0)


def _told(rules: list[str]) -> list[str]:
    """Return what some rules find otherwise on a Spark of their own."""
    with small_spark() as engine, tempfile.TemporaryDirectory() as folder:
        return [
            difference
            for tried in bench(tuple(rules))
            for difference in differences(tried, engine, Path(folder))
        ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

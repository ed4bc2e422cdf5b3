"""What the rules find in a corpus, against what was planted there.

An attack says how many alerts it ends in, of whom, how severe; a near miss ends in none. Everything
that a rule tells of ordinary life is wrong. What other rules say of an attack is counted, and is
neither right nor wrong: the examples do not say it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.log_corpus import ACCOUNT, AWS_ACCOUNT, Corpus, write
from benchmarks.planted import Plant
from lakewarden.clients import spark
from lakewarden.events.columns import Source
from lakewarden.ledger.alert import Alert
from lakewarden.policyfile.watching import example_values
from lakewarden.store.alerts import Alerts
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.watched import LakeEvents
from lakewarden.store.raw.folder import Folder
from lakewarden.watch import library
from lakewarden.watch.detect import Detected, Events, Watch, detect
from lakewarden.watch.ingest import Ingested, ingest
from lakewarden.watch.on_spark import LakeOnSpark
from lakewarden.watch.site import Site

EVENTS: Final = 1_000_000
_OURS: Final = ("BE", 50.8, 4.4, 20)
"""Where ordinary life happens."""


@dataclass(slots=True)
class Score:
    """How one rule did.

    Attributes:
        planted: alerts that attacks should end in.
        right: those of them that were found, as they should be.
        wrong: alerts that nothing planted explains, each in words.
        near: near misses.
    """

    planted: int = 0
    right: int = 0
    near: int = 0
    wrong: list[str] = field(default_factory=list)


class Atlas:
    """Knows where the addresses of attacks are; all others are at home."""

    def __init__(self, planted: Iterable[Plant]) -> None:
        """Take what was planted."""
        self._known = {ip: place for plant in planted for ip, place in plant.places.items()}

    def places(self, addresses: Iterable[str]) -> Sequence[Mapping[str, Any]]:
        """Return the place of each address."""
        names = ("country", "lat", "lon", "radius_km")
        return [
            {"ip": ip, **dict(zip(names, self._known.get(ip, _OURS), strict=True))}
            for ip in addresses
        ]


def watch_of(corpus: Corpus) -> Watch:
    """Return all rules, for the site that the examples assume."""
    values = example_values()
    site = Site(values, str(values["timezone"]))
    return Watch(list(library.rules().values()), site, corpus.now, Atlas(corpus.plants), "planted")


def read(corpus: Corpus, lake: Lake) -> Iterator[Ingested]:
    """Read the logs of a corpus into a lake."""
    for source, folder in corpus.origins.items():
        yield ingest(lake, Folder(folder), Source(source))


def lists_of(corpus: Corpus) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return what IP access lists held."""
    return {"ip_lists": [row for plant in corpus.plants for row in plant.ip_lists]}


def found_in(events: Events, watch: Watch, folder: Path) -> tuple[Detected, list[Alert]]:
    """Run the rules, and return what they found."""
    alerts = Alerts.open(f"sqlite:///{folder / 'alerts.db'}")
    try:
        done = detect(events, alerts, watch)
        return done, [alert for alert in alerts.alerts() if alert.waits]
    finally:
        alerts.close()


def scores(corpus: Corpus, alerts: Iterable[Alert]) -> tuple[Mapping[str, Score], int]:
    """Return how each rule did, and how many alerts other rules gave of what was planted."""
    found: dict[int, list[Alert]] = {}
    owners = {(p.rule, account): p for p in corpus.plants for account in p.accounts}
    spaces = {(p.rule, p.workspace): p for p in corpus.plants if p.delivered}
    result = {rule: Score() for rule in library.rules()}
    others = 0
    for alert in sorted(alerts, key=lambda each: (each.bucket, each.account, each.entity)):
        owner = owners.get((alert.rule, alert.account))
        if owner is None and not alert.account:
            owner = spaces.get((alert.rule, alert.entity.rpartition(" | ")[2]))
        if owner:
            found.setdefault(owner.number, []).append(alert)
        elif _ordinary(alert):
            result[alert.rule].wrong.append(f"ordinary life: {alert.entity}")
        else:
            others += 1
    for plant in corpus.plants:
        _judge(plant, found.get(plant.number, []), result[plant.rule])
    return result, others


def _ordinary(alert: Alert) -> bool:
    return alert.account in {ACCOUNT, AWS_ACCOUNT} or (
        not alert.account and alert.entity.rpartition(" | ")[2].startswith("20")
    )


def _judge(plant: Plant, found: Sequence[Alert], score: Score) -> None:
    """Hold what was found of one example against what it says."""
    score.planted += len(plant.expected)
    score.near += not plant.expected
    for want, alert in zip(plant.expected, found, strict=False):
        wrong = [k for k, value in want.items() if str(getattr(alert, k)) != str(value)]
        score.right += not wrong
        score.wrong += [f"{plant.name}: {k} is {getattr(alert, k)}" for k in wrong]
    for alert in found[len(plant.expected) :]:
        score.wrong.append(f"{plant.name}: {alert.entity}")


def whole(result: Mapping[str, Score]) -> Score:
    """Return the scores of all rules together."""
    total = Score()
    for score in result.values():
        total.planted += score.planted
        total.right += score.right
        total.near += score.near
        total.wrong += score.wrong
    return total


def _print(name: str, result: Mapping[str, Score], others: int) -> bool:
    """Print how the rules did; return whether all was found, and nothing else."""
    for rule, score in result.items():
        if score.right < score.planted or score.wrong:
            print(f"  {rule}: {score.right} of {score.planted} found, {len(score.wrong)} wrong")
            for why, times in Counter(score.wrong).most_common(3):
                print(f"      {why}" + (f" ({times} times)" if times > 1 else ""))
    total = whole(result)
    print(
        f"{name}: precision {total.right / max(1, total.right + len(total.wrong)):.4f}, "
        f"recall {total.right / total.planted:.4f}: {total.right} of {total.planted} planted "
        f"alerts of {len(result)} rules found, {len(total.wrong)} wrong ones, {total.near} "
        f"near misses ({others} alerts of other rules on what was planted)",
        flush=True,
    )
    return total.right == total.planted and not total.wrong


def main() -> int:
    """Print precision and recall of each rule that has not 1, and of all; 1 when one is below."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        corpus = write(folder / "logs", EVENTS)
        lake = Lake.create(str(folder / "lake"))
        done = list(read(corpus, lake))
        new, lines = sum(d.new for d in done), sum(d.records for d in done)
        print(
            f"truth: {corpus.lines:,} records, {lines:,} read; {corpus.events:,} events, {new:,} "
            "in the lake",
            flush=True,
        )
        mine = LakeEvents(lake, lists_of(corpus))
        here, found = _looked("DuckDB", corpus, mine, folder / "duckdb")
        with spark.opened() as engine:
            events = LakeOnSpark(lake, engine, lists_of(corpus))
            there, found_there = _looked("Spark", corpus, events, folder / "spark")
        print(f"alerts that are the same on both: {len(here & there):,} of {len(here | there):,}")
        for alert in sorted(here ^ there):
            print(f"  only on {'DuckDB' if alert in here else 'Spark'}: {alert}")
    whole_lake = (lines, new) == (corpus.lines, corpus.events)
    return int(not (whole_lake and found and found_there and here == there))


def _looked(name: str, corpus: Corpus, events: Events, folder: Path) -> tuple[frozenset[str], bool]:
    """Run the rules on one engine; return all that their alerts say, and whether all is right."""
    folder.mkdir()
    began = time.monotonic()
    _, alerts = found_in(events, watch_of(corpus), folder)
    right = _print(f"{name} ({time.monotonic() - began:.0f} s)", *scores(corpus, alerts))
    return frozenset(repr(replace(alert, raised=0)) for alert in alerts), right


if __name__ == "__main__":
    sys.exit(main())

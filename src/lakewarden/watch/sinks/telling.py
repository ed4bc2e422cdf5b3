"""Telling sinks of alerts: each alert once, and again when it got worse.

What a sink took is remembered right after it took it. Who stops in between tells it again with the
next run, and never less than once. One sink that takes nothing keeps no other from being told.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lakewarden.errors import ConnectionFailedError, LakewardenError
from lakewarden.ledger.alert import Alert
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.sinks import SinkTable
from lakewarden.store.deliveries import Deliveries, Told
from lakewarden.watch.rule import Rule
from lakewarden.watch.sinks.notice import Notice
from lakewarden.watch.sinks.sink import Means, Sink


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of telling one sink.

    Attributes:
        sink: its name.
        told: how many alerts it took.
        left: how many it did not take; they wait for the next run.
        why: the first reason for that; empty where there is none.
    """

    sink: str
    told: int
    left: int
    why: str = ""


def tell(
    tables: Sequence[SinkTable],
    deliveries: Deliveries,
    rules: Mapping[str, Rule],
    means: Means,
    now: int,
) -> list[Outcome]:
    """Tell sinks of all that waits for them.

    Args:
        tables: the sinks, as the policy file describes them.
        deliveries: what they were told before.
        rules: all rules, by id.
        means: what the sinks may use.
        now: the present, Unix time in ms.
    """
    outcomes = []
    for table in tables:
        notices = list(waiting(table, deliveries, rules))
        if notices:
            outcomes.append(_tell_one(table, notices, deliveries, means, now))
    return outcomes


def waiting(
    table: SinkTable, deliveries: Deliveries, rules: Mapping[str, Rule]
) -> Iterator[Notice]:
    """Yield what a sink is to be told, the worst first."""
    least = Severity(table.severity).rank
    found = [
        (alert, told)
        for alert, told in deliveries.waiting(table.name)
        if alert.severity.rank >= least
        and any(fnmatchcase(alert.rule, pattern) for pattern in table.rules)
        and _is_news(alert, told, grown=table.grown)
    ]
    for alert, told in sorted(found, key=lambda pair: -pair[0].severity.rank):
        yield Notice.of(alert, rules, told.severity if told else None)


def _is_news(alert: Alert, told: Told | None, *, grown: bool) -> bool:
    if told is None or alert.severity.rank > told.severity.rank:
        return True
    return grown and alert.count > told.count


def _tell_one(
    table: SinkTable, notices: list[Notice], deliveries: Deliveries, means: Means, now: int
) -> Outcome:
    told, why = 0, ""
    try:
        sink = sink_of(table, means)
    except Exception as error:  # noqa: BLE001  # whatever fails in one sink is its own
        return Outcome(table.name, 0, len(notices), _said(error))
    for notice in notices:
        try:
            sink.tell(notice)
        except Exception as error:  # noqa: BLE001  # likewise
            why = why or _said(error)
            if isinstance(error, LakewardenError) and not isinstance(error, ConnectionFailedError):
                continue
            break
        deliveries.remember(table.name, [notice.alert], now)
        told += 1
    return Outcome(table.name, told, len(notices) - told, why)


def _said(error: Exception) -> str:
    """Return what is wrong; of an error that is not ours, only its type."""
    return str(error) if isinstance(error, LakewardenError) else f"fails ({type(error).__name__})"


def sink_of(table: SinkTable, means: Means) -> Sink:
    """Return the sink that the policy file describes.

    Raises:
        LakewardenError: it cannot be made: a secret is not set, or there are no credentials.
    """
    module = importlib.import_module(f"lakewarden.watch.sinks.{table.type}")
    make: Callable[[Mapping[str, object], Means], Sink] = module.sink
    return make(table.options, means)

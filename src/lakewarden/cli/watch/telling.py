"""Telling the sinks of the policy file, from the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from lakewarden.clock import now_ms
from lakewarden.policyfile.sinks import SinkTable
from lakewarden.store.deliveries import Deliveries

if TYPE_CHECKING:
    from lakewarden.watch.rule import Rule


def tell_sinks(
    tables: Sequence[SinkTable], deliveries: Deliveries, rules: Mapping[str, Rule]
) -> bool:
    """Tell sinks of all that waits for them; say on standard error what became of it.

    Returns:
        Whether each took all of it.
    """
    if not tables:
        return True
    from lakewarden.watch.sinks.sink import Means  # noqa: PLC0415  # only where there are sinks
    from lakewarden.watch.sinks.telling import tell  # noqa: PLC0415  # likewise

    for table in tables:
        for pattern in table.rules:
            if not any(fnmatchcase(rule, pattern) for rule in rules):
                click.echo(f"warning: sink {table.name}: no rule is like {pattern!r}", err=True)
    means = Means(os.environ, sys.stdout, sys.stderr)
    outcomes = tell(tables, deliveries, rules, means, now_ms())
    for outcome in outcomes:
        if outcome.told:
            click.echo(f"sink {outcome.sink}: told of {outcome.told} alerts", err=True)
        if outcome.left:
            missed = f"{outcome.left} alerts wait for the next run"
            click.echo(f"error: sink {outcome.sink}: {outcome.why} ({missed})", err=True)
    return not any(outcome.left for outcome in outcomes)

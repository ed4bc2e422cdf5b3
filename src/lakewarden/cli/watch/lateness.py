"""Saying that events came too late to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lakewarden.store.alerts import Alerts
    from lakewarden.watch.detect import Events


@contextmanager
def tell_of_late(events: Events, alerts: Alerts, *, again: bool, now: int) -> Iterator[None]:
    """Say on standard error how many events of a table came later than `--late`, if any did.

    Args:
        events: what rules are run over in this block; only a table has such events.
        alerts: where it is kept how far rules have looked.
        again: whether all rules look at all events, so that nothing is missed.
        now: the time that counts as the present, Unix time in ms.

    Raises:
        LakewardenError: the table cannot be read.
    """
    from lakewarden.watch.in_place import TableInPlace  # noqa: PLC0415  # slow to load
    from lakewarden.watch.latecomers import came_late  # noqa: PLC0415  # likewise

    if not isinstance(events, TableInPlace):
        yield
        return
    with came_late(events, alerts, again=again, now=now) as late:
        if late:
            click.echo(
                f"{late:,} events of {events.name} came later than --late says, and no rule saw "
                "them: run once with --again, or give a longer --late",
                err=True,
            )
        yield

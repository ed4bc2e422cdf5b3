"""Events of a table that came so late that no run looked at them: how many since the run before.

A run counts the events that are older than all that the next one looks at. When there are more of
them by then, these came in between, and nobody saw them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lakewarden.ledger.alert import Looked
from lakewarden.store.alerts import Alerts
from lakewarden.watch.in_place import TableInPlace

COUNTED: Final = "(late events)"
"""What stands in place of a rule: its digest is a time, its version how many came before that."""


@contextmanager
def came_late(table: TableInPlace, alerts: Alerts, *, again: bool, now: int) -> Iterator[int]:
    """Say how many came too late since the run before; a run that ends well counts for the next.

    Args:
        table: the table, before rules look at it.
        alerts: where it is kept how far rules have looked.
        again: whether all rules look at all events in this block, so that they see those as well.
        now: the time that counts as the present, Unix time in ms.

    Raises:
        LakewardenError: the table cannot be read.
    """
    before = None if again else alerts.looked(table.name).get(COUNTED)
    came = table.older(int(before.digest)) - before.version if before else 0
    edge = table.version() - table.lateness
    counted = Looked(str(edge), table.older(edge), now)
    yield max(0, came)
    alerts.note((), events=table.name, looked={COUNTED: counted}, now=now)

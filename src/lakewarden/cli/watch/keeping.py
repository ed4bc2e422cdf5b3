"""The options that say where alerts are kept: in a database, or in tables beside the events."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lakewarden.cli.watch.engines import By, warehouse_of
from lakewarden.cli.watch.stored import opened
from lakewarden.cli.watch.telling import tell_sinks
from lakewarden.errors import UsageError
from lakewarden.policyfile.policy import Policy
from lakewarden.policyfile.sinks import SinkTable
from lakewarden.store.alerts import Alerts
from lakewarden.store.database import default_url
from lakewarden.store.deliveries import Deliveries

if TYPE_CHECKING:
    from lakewarden.watch.alert_table import AlertTable, Run
    from lakewarden.watch.engine import Engine
    from lakewarden.watch.rule import Rule


@dataclass(frozen=True, slots=True)
class Kept:
    """Where alerts are kept.

    Attributes:
        store: the address of a database; None for that of this user.
        schema: the schema of tables that are kept instead, `catalog.schema`.
    """

    store: str | None
    schema: str | None


KEPT: Final = (
    click.option(
        "--store",
        envvar="LAKEWARDEN_STORE",
        metavar="URL",
        help="The database of alerts; a file of this user unless given.",
    ),
    click.option(
        "--alerts-in",
        "schema",
        metavar="SCHEMA",
        help="Keep alerts in tables of this schema, catalog.schema, by Spark or the warehouse.",
    ),
)
"""The options, in the order of `--help`."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Alerts for the length of a run.

    Attributes:
        alerts: the store that the run works with.
        store: its address.
        table: the tables that it was filled from; None where the store is all there is.
    """

    alerts: Alerts
    store: str
    table: AlertTable | None = None

    def keep(self, run: Run) -> None:
        """Write what the run came to where it is kept."""
        if self.table is not None:
            self.table.keep(self.alerts, run)

    def tell(self, tables: Sequence[SinkTable], rules: Mapping[str, Rule]) -> bool:
        """Tell sinks of what waits for them, and keep what they took.

        Returns:
            Whether each took all of it.
        """
        with closing(Deliveries.open(self.store)) as deliveries:
            whole = tell_sinks(tables, deliveries, rules)
            if self.table is not None:
                self.table.keep_told(deliveries)
        return whole


@contextmanager
def alerts_of(kept: Kept, by: By, policy: Policy) -> Iterator[Keeping]:
    """Open the alerts for the length of a block.

    Args:
        kept: where they are.
        by: by what the events are looked at; it writes the tables as well.
        policy: the policy file, which may say where workspaces are.

    Raises:
        UsageError: tables are asked for, and nothing can write them.
        StoreError: the database cannot be opened.
        LakewardenError: the tables can neither be read nor made.
    """
    if kept.schema is None:
        store = kept.store or default_url()
        with opened(store) as alerts:
            yield Keeping(alerts, store)
        return
    from lakewarden.watch.alert_table import AlertTable  # noqa: PLC0415  # only when asked

    with (
        _engine(by, policy) as engine,
        _scratch() as store,
        opened(store) as alerts,
        closing(Deliveries.open(store)) as deliveries,
    ):
        table = AlertTable(engine, kept.schema)
        table.fill(alerts)
        table.fill_told(deliveries)
        yield Keeping(alerts, store, table)


@contextmanager
def _scratch() -> Iterator[str]:
    """Yield the address of a store of this run."""
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as folder:
        yield f"sqlite:///{Path(folder) / 'alerts.db'}"


@contextmanager
def _engine(by: By, policy: Policy) -> Iterator[Engine]:
    if by.engine == "spark":
        from lakewarden.clients import spark  # noqa: PLC0415  # only when asked

        with spark.opened(by.remote) as engine:
            yield engine
    elif by.engine == "warehouse":
        yield warehouse_of(by, policy)
    else:
        raise UsageError(
            f"--alerts-in does not go with --engine {by.engine}",
            next_step="Use --engine spark or warehouse, or keep alerts in a --store",
        )

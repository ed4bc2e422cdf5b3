"""The options that say by which engine events are looked at, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from lakewarden.cli.options import Deployment
from lakewarden.cli.settings import reach_of
from lakewarden.cli.watch.lakes import LAKE, open_lake
from lakewarden.errors import UsageError
from lakewarden.policyfile.policy import Policy

if TYPE_CHECKING:
    from lakewarden.clients.warehouse import WarehouseEngine
    from lakewarden.watch.detect import Events
    from lakewarden.watch.in_place import Views

Tables = Mapping[str, Sequence[Mapping[str, Any]]]
ENGINES: Final = ("duckdb", "spark", "warehouse")


@dataclass(frozen=True, slots=True)
class By:
    """By what events are looked at, and where they are.

    Attributes:
        url: the folder or the prefix of a lake; None for that of this user.
        aws_profile: an AWS profile, for a lake in a bucket.
        threads: how many DuckDB uses; None for one a core.
        engine: one of `ENGINES`.
        remote: where Spark is; None for this machine.
        warehouse: the id of a SQL warehouse.
        table: the table of audit logs to look at in place; None for a lake.
        late: how late its events may come, as a duration.
        profile: a profile of `~/.databrickscfg`, for the warehouse.
    """

    url: str | None
    aws_profile: str | None
    threads: int | None
    engine: str
    remote: str | None
    warehouse: str | None
    table: str | None
    late: str
    profile: str | None


def _elsewhere(url: str | None) -> str | None:
    """Return where Spark is; a socket is that of serverless compute, whose session is there."""
    return None if url is None or url.startswith("unix:") else url


BY: Final = (
    *LAKE,
    click.option("--threads", type=click.IntRange(min=1), help="Threads to use; all cores if not."),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default=ENGINES[0],
        show_default=True,
        help="What the rules run on. A warehouse looks at a table; Spark at a table or a lake.",
    ),
    click.option(
        "--remote",
        envvar="SPARK_REMOTE",
        callback=lambda _context, _option, url: _elsewhere(url),
        metavar="URL",
        help="Spark elsewhere: sc://host:port, or `databricks` by Databricks Connect.",
    ),
    click.option("--warehouse", metavar="ID", help="The SQL warehouse to run the rules on."),
    click.option(
        "--table",
        metavar="NAME",
        help="A table like system.access.audit, which is the default of a warehouse.",
    ),
    click.option(
        "--late", default="72h", show_default=True, help="How late events of the table may come."
    ),
    click.option("--profile", help="Profile of ~/.databrickscfg to use, for the warehouse."),
)
"""The options, in the order of `--help`."""


@contextmanager
def events_of(by: By, tables: Tables, policy: Policy) -> Iterator[Events]:
    """Open the events that the rules are to be run over, for the length of a block.

    Args:
        by: by what, and where they are.
        tables: rows of the small views that are not among the events.
        policy: the policy file, which may say where workspaces are.

    Raises:
        UsageError: the options do not go together, or what they ask for is not installed.
        StoreError: there is no lake.
        ConnectionFailedError: the engine cannot be reached.
    """
    _check(by)
    if by.engine == "duckdb":
        from lakewarden.store.lake.watched import LakeEvents  # noqa: PLC0415  # slow to load

        yield LakeEvents(open_lake(by.url, by.aws_profile), tables, by.threads or 0)
    elif by.engine == "warehouse":
        engine = warehouse_of(by, policy)
        yield _in_place(engine, engine.place, by, tables)
    else:
        with _on_spark(by, tables) as events:
            yield events


def _check(by: By) -> None:
    """Insist that the options go together; what only the environment says is for others."""
    engine = f"--engine {by.engine}"
    in_place = by.engine == "warehouse" or by.table is not None
    wrong = {
        "warehouse": (by.engine != "warehouse", f"--warehouse does not go with {engine}"),
        "profile": (by.engine != "warehouse", f"--profile does not go with {engine}"),
        "remote": (by.engine != "spark", f"--remote does not go with {engine}"),
        "threads": (by.engine != "duckdb", f"--threads does not go with {engine}"),
        "table": (by.engine == "duckdb", f"--table does not go with {engine}"),
        "late": (not in_place, "--late goes with a table only"),
        "url": (in_place, "--lake does not go with a table"),
    }
    for option, (is_wrong, what) in wrong.items():
        if is_wrong and _is_given(option):
            raise UsageError(
                what, next_step="`lakewarden watch detect --help` says what goes with what"
            )
    if by.engine == "warehouse" and not by.warehouse:
        raise UsageError(
            "which warehouse is to be used is not said",
            next_step="Give --warehouse; the workspace lists them under SQL warehouses",
        )
    _lateness(by)


def _is_given(option: str) -> bool:
    """Return whether an option stands on the command line."""
    context = click.get_current_context(silent=True)
    source = context and context.get_parameter_source(option)
    return source is ParameterSource.COMMANDLINE


@contextmanager
def _on_spark(by: By, tables: Tables) -> Iterator[Events]:
    from lakewarden.clients.spark import opened  # noqa: PLC0415  # only when asked

    lake = None if by.table else open_lake(by.url, by.aws_profile)
    with opened(by.remote) as engine:
        if lake is None:
            place = engine.metastore() or (by.remote or "spark").partition(";")[0]
            yield _in_place(engine, place, by, tables)
        else:
            from lakewarden.watch.on_spark import LakeOnSpark  # noqa: PLC0415  # likewise

            yield LakeOnSpark(lake, engine, tables, here=by.remote is None)


def _in_place(engine: Views, place: str, by: By, tables: Tables) -> Events:
    from lakewarden.watch.audit_table import TABLE  # noqa: PLC0415  # only when asked
    from lakewarden.watch.in_place import TableInPlace  # noqa: PLC0415  # likewise

    return TableInPlace(engine, place, by.table or TABLE, tables, lateness=_lateness(by))


def _lateness(by: By) -> int:
    from lakewarden.watch.rule import duration  # noqa: PLC0415  # only when asked

    try:
        return duration(by.late)
    except ValueError as error:
        raise UsageError(f"--late: {error}", next_step="Write it like 72h") from None


def warehouse_of(by: By, policy: Policy) -> WarehouseEngine:
    """Return the warehouse that is to be used.

    Raises:
        UsageError: the workspace that it is in is not said.
    """
    from lakewarden.clients.databricks import DatabricksHost  # noqa: PLC0415  # only when asked
    from lakewarden.clients.warehouse import WarehouseEngine  # noqa: PLC0415  # likewise

    reach = reach_of(replace(Deployment.from_environment(), profile=by.profile), policy)
    if not reach.workspace_host:
        raise UsageError(
            "no workspace was given",
            next_step="Set DATABRICKS_HOST to the workspace of the warehouse, or give --profile",
        )
    host = DatabricksHost(reach.workspace_host, profile=by.profile, patience=reach.patience)
    return WarehouseEngine(host, str(by.warehouse))

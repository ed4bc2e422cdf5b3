"""Spark as the engine of detection rules: on this machine, by Spark Connect, or on Databricks."""

from __future__ import annotations

import importlib
import socket
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit
from urllib.request import getproxies

from lakewarden.clients.failure import scrub
from lakewarden.clients.patience import Patience
from lakewarden.clients.tables import SMALL, inlined
from lakewarden.errors import ConnectionFailedError, LakewardenError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DATABRICKS: Final = "databricks"
"""The remote that is a cluster of Databricks, by Databricks Connect."""
PANDAS: Final = "PySpark does not yet fully support pandas"
"""What PySpark warns of when it looks for pandas, which nothing here uses."""
_PORT: Final = 15002
"""Where Spark Connect answers unless it is told otherwise."""
_QUIET: Final = Path(__file__).with_name("log4j2.properties")
LOCAL: Final[dict[str, bool | float | int | str | None]] = {
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_QUIET.as_uri()}",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
}
"""How Spark is set up on this machine."""


class SparkEngine:
    """Runs rules over the views of one session."""

    dialect = "spark"

    def __init__(self, session: SparkSession) -> None:
        """Take a session, and give it the small views, empty."""
        self.session = session
        for view in SMALL:
            self.put(view, ())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises:
            LakewardenError: it cannot be run.
        """
        with _told():
            return [tuple(row) for row in self.session.sql(query).collect()]

    def metastore(self) -> str:
        """Return the metastore of Unity Catalog that is looked at; empty where there is none."""
        with suppress(LakewardenError):
            return str(self.rows("SELECT current_metastore()")[0][0] or "")
        return ""

    def put(self, view: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make one of the small views of rows; a column that a row lacks is null."""
        with _told():
            self.session.sql(inlined(view, rows)).createOrReplaceTempView(view)

    def look_at(self, view: str, query: str) -> None:
        """Make one of the views of events that of a query."""
        with _told():
            self.session.sql(query).createOrReplaceTempView(view)

    def read(self, view: str, root: str, paths: Sequence[str], columns: Mapping[str, str]) -> None:
        """Make a view of Parquet files.

        Args:
            view: its name.
            root: the folder that they are in; the folders below it may be columns.
            paths: the files.
            columns: the names and types to read.
        """
        if not paths:
            nulls = (f"CAST(NULL AS {kind}) AS `{name}`" for name, kind in columns.items())
            self.look_at(view, f"SELECT {', '.join(nulls)} LIMIT 0")
            return
        shape = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
        with _told():
            reader = self.session.read.schema(shape).option("basePath", root)
            reader.parquet(*paths).select(*columns).createOrReplaceTempView(view)


@contextmanager
def opened(remote: str | None = None) -> Iterator[SparkEngine]:
    """Open an engine for the length of a block.

    Args:
        remote: `sc://host:port`, or `databricks` for what Databricks Connect is configured for;
            None for the session that is there already, as in a notebook, else for this machine.

    Raises:
        UsageError: Spark, Java or Databricks Connect is not installed.
        ConnectionFailedError: the remote does not answer.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", PANDAS, FutureWarning)
        session = _active() if remote is None else None
        if session is not None:
            yield SparkEngine(session)
            return
        session = _local() if remote is None else _remote(remote)
        try:
            yield SparkEngine(session)
        finally:
            session.stop()


def _active() -> SparkSession | None:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  # optional, and slow to load
    except ImportError:
        raise _not_installed("lakewarden[spark]") from None
    return SparkSession.getActiveSession()


def _local() -> SparkSession:
    from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415  # optional, and slow to load
    from pyspark.sql import SparkSession  # noqa: PLC0415  # likewise

    builder = SparkSession.builder.master("local[*]").appName("lakewarden")
    try:
        return builder.config(map=LOCAL).getOrCreate()
    except (PySparkRuntimeError, FileNotFoundError):
        raise UsageError(
            "Spark does not start on this machine",
            next_step="Install Java 17 or later and put `java` on the PATH, or give --remote",
        ) from None


def _remote(remote: str) -> SparkSession:
    where = remote.partition(";")[0]
    if remote != DATABRICKS and not remote.startswith("sc://"):
        raise UsageError(
            "is no address of Spark Connect",
            where=where,
            next_step="Write it like sc://host:15002, or `databricks` for Databricks Connect",
        )
    try:
        if remote == DATABRICKS:
            connect: Any = importlib.import_module("databricks.connect")
            return cast("SparkSession", connect.DatabricksSession.builder.getOrCreate())
        spark: Any = importlib.import_module("pyspark.sql.connect.session")
        _knock(remote)
        session = spark.SparkSession.builder.remote(remote).getOrCreate()
        _ = session.version
    except ImportError:
        needed = "databricks-connect" if remote == DATABRICKS else "lakewarden[spark]"
        raise _not_installed(needed) from None
    except Exception as error:  # noqa: BLE001  # the edge: gRPC, OAuth and configuration all fail here
        raise ConnectionFailedError(
            f"cannot be reached ({_first(error)})",
            where=where,
            next_step="Check the host, the port and the credentials of the remote",
        ) from None
    return cast("SparkSession", session)


def _knock(remote: str) -> None:
    """Insist that somebody answers: Spark would go on asking for minutes."""
    place = urlsplit(remote.partition("/;")[0])
    if not getproxies():
        with socket.create_connection((place.hostname, place.port or _PORT), Patience().connect):
            return


def _not_installed(what: str) -> UsageError:
    return UsageError(
        f"{what} is not installed",
        next_step=f"Install it, `pip install '{what}'`, or use another --engine",
    )


@contextmanager
def _told() -> Iterator[None]:
    """Say in one line what Spark does not do, and let nobody else say it."""
    from pyspark.logger import PySparkLogger  # noqa: PLC0415  # there is a session, so it is there

    logger = PySparkLogger.getLogger("SQLQueryContextLogger")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    except Exception as error:  # noqa: BLE001  # the edge: Spark, its JVM and gRPC all fail here
        raise LakewardenError(
            f"a query failed: {_first(error)}",
            next_step="Check the rule, and what the session may read",
        ) from None
    finally:
        logger.disabled = before


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return scrub(lines[0]) if lines else type(error).__name__

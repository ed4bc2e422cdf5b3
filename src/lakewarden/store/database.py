"""The database of the store: SQLite in a file of one's own, or PostgreSQL that machines share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from lakewarden.errors import StoreError

VERSION: Final = 2
SCHEMA: Final = MetaData()

STORE: Final = Table("store", SCHEMA, Column("version", Integer, nullable=False))
RUNS: Final = Table(
    "runs",
    SCHEMA,
    Column("id", Text, primary_key=True),
    Column("verb", Text, nullable=False),
    Column("of", Text, nullable=False, default=""),
    Column("account_id", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("plan", Text, nullable=False),
)
STEPS: Final = Table(
    "steps",
    SCHEMA,
    Column("run_id", Text, ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("address", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("done", Integer, nullable=False, default=0),
)
LOCKS: Final = Table(
    "locks",
    SCHEMA,
    Column("account_id", Text, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("since", Text, nullable=False),
)

ALERTS: Final = Table(
    "alerts",
    SCHEMA,
    Column("id", Text, primary_key=True),
    *(
        Column(name, Text, nullable=False)
        for name in ("rule", "title", "severity", "account", "key", "entity")
    ),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("bucket", "first", "last", "count", "raised")
    ),
    *(
        Column(name, Text, nullable=False)
        for name in ("evidence", "unconfirmed", "state", "reason", "by", "events")
    ),
    Index("alerts_of_rule", "rule", "bucket"),
    Index("alerts_in_state", "state", "last"),
)
SUPPRESSIONS: Final = Table(
    "suppressions",
    SCHEMA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("rule", "entity", "reason", "by")),
    Column("until", BigInteger, nullable=False),
)
DELIVERIES: Final = Table(
    "deliveries",
    SCHEMA,
    Column("alert", Text, primary_key=True),
    Column("sink", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
LOOKED: Final = Table(
    "looked",
    SCHEMA,
    Column("events", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

PAIRED: Final = Table(
    "paired",
    SCHEMA,
    Column("source", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("id", "wanted", "left", "run", "mark")),
)
"""What a sync left in a standby: by source and target workspace, what was wanted and what came."""
ROLES: Final = Table(
    "roles",
    SCHEMA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    *(
        Column(name, Text, nullable=False)
        for name in ("source", "target", "verb", "backup", "taken", "at", "kinds")
    ),
    Index("roles_of_pair", "source", "target"),
)
"""What was done with a pair of workspaces, and for which kinds as a whole."""


def default_url() -> str:
    """Return the store of this user on this machine: a SQLite file in the state folder."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return f"sqlite:///{Path(state).expanduser() / 'lakewarden' / 'lakewarden.db'}"


def open_database(url: str) -> Engine:
    """Open a store, and make its tables when it is new.

    Raises:
        StoreError: the address is none, the database cannot be reached, or it was made by a later
            version.
    """
    try:
        engine = _engine(url)
        with engine.begin() as connection:
            SCHEMA.create_all(connection)
            version = connection.execute(select(STORE.c.version)).scalar()
            if version is None:
                connection.execute(insert(STORE).values(version=VERSION))
            elif version < VERSION:
                connection.execute(update(STORE).values(version=VERSION))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(
            f"is no address of a store ({str(error).splitlines()[0]})",
            where=_shown(url),
            next_step="Give sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME",
        ) from None
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(
            f"cannot be opened ({type(error).__name__})",
            where=_shown(url),
            next_step="Check the file's rights, or that the database is up and lets you in",
        ) from None
    if version is not None and version > VERSION:
        raise StoreError(
            f"was made by a later version (its schema is {version}, this one knows {VERSION})",
            where=_shown(url),
            next_step="Update lakewarden",
        )
    return engine


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            file = Path(engine.url.database)
            file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _durable(connection: object, _record: object) -> None:
    """Make SQLite hold what it said that it wrote, whatever happens to the machine."""
    connection.isolation_level = None  # type: ignore[attr-defined]  # we begin transactions
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a connection of the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _shown(url: str) -> str:
    """Return an address without the password in it."""
    head, sign, tail = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}@{tail}" if sign else url

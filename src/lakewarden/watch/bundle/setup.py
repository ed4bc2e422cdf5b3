"""What is made once, by SQL: schema, tables, volume, and who may do what with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lakewarden.watch.alert_table import (
    ALERTS,
    DELIVERIES,
    RULES,
    SUPPRESSIONS,
    TABLES,
    declared,
    name,
    placed,
)
from lakewarden.watch.audit_table import TABLE
from lakewarden.watch.bundle.jobs import REPORTS
from lakewarden.watch.bundle.options import BundleOptions
from lakewarden.watch.sql import Dialect

_PLACES: Final = re.compile(rf" ON (CATALOG|SCHEMA) | ON TABLE {re.escape(TABLE)}$")
"""Grants on what stays when the tables are gone."""
_SYSTEM: Final = ("USE CATALOG ON CATALOG system", "USE SCHEMA ON SCHEMA system.access")

_WRITTEN: Final = (ALERTS, RULES, DELIVERIES)
"""The tables that runs write."""


def setup(options: BundleOptions) -> str:
    """Return the statements that make everything, and grant the least that is needed."""
    schema = _schema(options)
    statements = [
        f"CREATE SCHEMA IF NOT EXISTS {_place(options)}",
        *(declared(schema, table) for table in TABLES),
        f"CREATE VOLUME IF NOT EXISTS {placed(schema, REPORTS)}",
        *(f"GRANT {what} TO {who}" for what, who in _grants(options)),
    ]
    return _script("Run once, by somebody who may make the schema and grant on system.", statements)


def remove(options: BundleOptions) -> str:
    """Return the statements that take it back, with the alerts and the reports.

    What may serve others too is named, and stays: the schema, and what viewers use.
    """
    schema, mine = _schema(options), _quoted(options.service_principal)
    used = {(what, who) for what, who in _grants(options) if _PLACES.search(what)}
    statements = [
        *(f"DROP TABLE IF EXISTS {placed(schema, table)}" for table in TABLES),
        f"DROP VOLUME IF EXISTS {placed(schema, REPORTS)}",
        *(f"REVOKE {what} FROM {who}" for what, who in sorted(used) if who == mine),
    ]
    others = [
        *(f"REVOKE {what} FROM {who}" for what, who in sorted(used) if who != mine),
        f"DROP SCHEMA IF EXISTS {_place(options)}",
    ]
    script = _script("Takes away every alert and report, and what was granted.", statements)
    return f"{script}-- What may serve others too stays:\n" + "".join(
        f"-- {statement};\n" for statement in others
    )


def _grants(options: BundleOptions) -> Iterator[tuple[str, str]]:
    schema, place = _schema(options), _place(options)
    uses = (f"USE CATALOG ON CATALOG {_quoted(options.catalog)}", f"USE SCHEMA ON SCHEMA {place}")
    volume = placed(schema, REPORTS)
    principal = (
        *_SYSTEM,
        f"SELECT ON TABLE {TABLE}",
        *uses,
        *(f"SELECT, MODIFY ON TABLE {placed(schema, table)}" for table in _WRITTEN),
        f"SELECT ON TABLE {placed(schema, SUPPRESSIONS)}",
        f"READ VOLUME, WRITE VOLUME ON VOLUME {volume}",
    )
    viewers = (
        *uses,
        *(f"SELECT ON TABLE {placed(schema, table)}" for table in (ALERTS, RULES)),
        f"READ VOLUME ON VOLUME {volume}",
    )
    yield from ((what, _quoted(options.service_principal)) for what in principal)
    if options.viewers:
        yield from ((what, _quoted(options.viewers)) for what in viewers)


def _script(about: str, statements: list[str]) -> str:
    return "\n".join([f"-- {about}", *(f"{statement};" for statement in statements), ""])


def _schema(options: BundleOptions) -> str:
    return f"{options.catalog}.{options.schema}"


def _place(options: BundleOptions) -> str:
    return f"{_quoted(options.catalog)}.{_quoted(options.schema)}"


def _quoted(text: str) -> str:
    return name(text, Dialect.SPARK)

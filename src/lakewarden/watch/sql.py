"""The few pieces of SQL that a rule is made of, in the subset that every engine reads alike.

Only how a text is quoted differs between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

_DAY = 86_400_000
_HOUR = 3_600_000


class Dialect(StrEnum):
    """How an engine reads quoted text."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def literal(text: str, dialect: Dialect) -> str:
    """Return a text as it is written in SQL.

    Spark puts values for `${…}` into a query before it reads it, and within quotes as well.
    """
    if dialect is Dialect.DUCKDB:
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return "'" + escaped.replace("${", "\\u0024{") + "'"


def pattern(text: str, dialect: Dialect, *, cased: bool) -> str:
    """Return a regular expression with the flags by which RE2 and Java take it for the same.

    Java ignores the case of English letters only, and takes more than a newline for the end of a
    line, unless it is told.
    """
    if dialect is Dialect.DUCKDB:
        return text if cased else f"(?i){text}"
    return f"(?d){text}" if cased else f"(?diu){text}"


def any_of(conditions: Iterable[str]) -> str:
    """Return what holds when one of several does; of none, what never holds."""
    return _joined(conditions, " OR ", "FALSE")


def all_of(conditions: Iterable[str]) -> str:
    """Return what holds when all of several do; of none, what always holds."""
    return _joined(conditions, " AND ", "TRUE")


def none_of(condition: str) -> str:
    """Return what holds when a condition does not, or cannot be told for want of a value."""
    return f"NOT COALESCE({condition}, FALSE)"


def joined_text(expressions: Iterable[str]) -> str:
    """Return several texts as one that no others give; what is missing is empty.

    An address of mail is the same whatever its case.
    """
    plain = [f"CASE WHEN instr({e}, '@') > 0 THEN lower({e}) ELSE {e} END" for e in expressions]
    parts = [f"replace(COALESCE({each}, ''), '|', '||')" for each in plain]
    return " || ' | ' || ".join(parts) or "''"


def floored(expression: str, span: int) -> str:
    """Return a time cut down to the start of its span, counted from 1970."""
    return f"({expression} - {expression} % {span})"


def hour(local: str) -> str:
    """Return the hour of the day of a local time in ms."""
    return f"CAST(({local} % {_DAY} - {local} % {_HOUR}) / {_HOUR} AS BIGINT)"


def weekday(local: str) -> str:
    """Return the day of the week of a local time in ms, 1 for Monday; 1970 began on a Thursday."""
    return f"((CAST(({local} - {local} % {_DAY}) / {_DAY} AS BIGINT) + 3) % 7 + 1)"


def _joined(conditions: Iterable[str], word: str, nothing: str) -> str:
    given = list(conditions)
    if not given:
        return nothing
    return given[0] if len(given) == 1 else "(" + word.join(given) + ")"

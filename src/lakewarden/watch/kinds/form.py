"""What a kind is made of: columns that it adds to `m`, what follows, and how far it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lakewarden.watch.fields import Setting, expression
from lakewarden.watch.rule import Rule
from lakewarden.watch.sql import joined_text

EVER: Final = 3_660 * 86_400_000
"""Ten years in ms: as far as anybody looks."""
WINDOW: Final = "PARTITION BY account_id, k ORDER BY ts"


@dataclass(frozen=True, slots=True)
class Past:
    """What of the past a rule has to know, told without reading all that events say.

    Attributes:
        queries: by name. Each selects from those before it, and from `spans`: for every key and
            span, and whatever else tells events apart, `account_id`, `k`, `span` (its start),
            `first_of`, `last_of`, `n` (how many events) and `total`; there may be several rows of
            one key.
        span: the length of the spans, in ms.
        apart: what else tells events apart, SQL by name.
        amount: SQL of the number of an event that `total` is the sum of.
        single: whether queries select from `past` as well: `account_id`, `k`, `ts` of each event.
    """

    queries: Mapping[str, str]
    span: int
    apart: Mapping[str, str] = field(default_factory=dict)
    amount: str = "1"
    single: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The SQL of one rule's hits.

    Attributes:
        hits: selects from `m` the columns `m.*` and `hit_at`.
        past: what hits are held against. Where there is any, `m` begins at the first hit that is
            wanted.
        extra: columns to add to `m`, SQL by name.
        where: what else holds of the events of `m`.
        back: how far before a hit the events reach that it depends on or takes along, in ms.
        before: how long before an event it may change the hits of others, in ms.
        ahead: how long after an event it may do so, in ms.
        places: whether it needs to know where addresses are.
        fades: whether an event that arrives late may take a hit away.
        waits: how long something has to be missing for a hit, in ms; 0 where nothing has to be.
    """

    hits: str
    past: Past | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    where: str = "TRUE"
    back: int = 0
    before: int = 0
    ahead: int = 0
    places: bool = False
    fades: bool = False
    waits: int = 0


def preceding(span: int) -> str:
    """Return a window over the events of one key, from a span ago up to now."""
    return f"OVER ({WINDOW} RANGE BETWEEN {span} PRECEDING AND CURRENT ROW)"


def following(span: int) -> str:
    """Return a window over the events of one key, from now until a span later."""
    return f"OVER ({WINDOW} RANGE BETWEEN CURRENT ROW AND {span} FOLLOWING)"


def of_keys(condition: str) -> str:
    """Return the rows of `m` whose key meets a condition on all of its events.

    Most keys have nothing to tell, and windows over their events need not be made.
    """
    keys = f"SELECT account_id, k FROM m GROUP BY account_id, k HAVING {condition}"
    return (
        f"(SELECT m.* FROM m JOIN ({keys}) AS kept "
        "ON m.account_id = kept.account_id AND m.k = kept.k)"
    )


def around_hits(inner: str, span: int) -> str:
    """Return every event within a span before a hit, each with the first hit that it is part of.

    Args:
        inner: selects from `m`, with the column `hit`: the time of a hit at it, or null.
        span: in ms.
    """
    reached = f"SELECT *, MIN(hit) {following(span)} AS hit_at FROM ({inner}) AS hit_rows"
    return f"SELECT * FROM ({reached}) AS reached WHERE hit_at IS NOT NULL"


def value_of(rule: Rule, setting: Setting) -> tuple[str, str]:
    """Return the SQL of the watched value, and of whether there is one."""
    fields = fields_of_value(rule, setting)
    if not fields:
        return "''", "TRUE"
    return joined_text(fields), f"COALESCE({', '.join(fields)}) IS NOT NULL"


def fields_of_value(rule: Rule, setting: Setting) -> list[str]:
    """Return the SQL of each field of the watched value, as text."""
    return [f"CAST({expression(name, setting)} AS STRING)" for name in rule.spec.get("value", ())]

"""`Found`: what a rule found, put together from the rows of its query."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from lakewarden.ledger.finding import Severity
from lakewarden.watch.compiler import SHOWN

_HEAD: Final = ("account_id", "k", "entity", "bucket", "n", "first_ts", "last_ts", "worst")


@dataclass(frozen=True, slots=True)
class Found:
    """One alert of a rule, as its query found it.

    Attributes:
        rule: the rule's id.
        account: the account.
        key: whose the events are.
        entity: whom it is about.
        bucket: the start of its span, in ms.
        count: how many events take part.
        first: the time of the first.
        last: the time of the last.
        severity: how much it matters.
        evidence: its events, at most `EVIDENCE`.
    """

    rule: str
    account: str
    key: str
    entity: str
    bucket: int
    count: int
    first: int
    last: int
    severity: Severity
    evidence: tuple[dict[str, Any], ...]

    @property
    def id(self) -> str:
        """Return an id that is the same whenever the same is found again."""
        text = "\n".join((self.rule, self.account, self.entity, str(self.bucket)))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def gathered(rule: str, rows: Iterable[Sequence[Any]]) -> Iterator[Found]:
    """Yield what a rule found, from the rows of its query, in the order of time."""
    order = sorted(rows, key=lambda row: (row[3], row[0], row[2], row[9], row[8]))
    for (bucket, account, entity), group in groupby(order, lambda r: (r[3], r[0], r[2])):
        members = list(group)
        head = dict(zip(_HEAD, members[0], strict=False))
        yield Found(
            rule=rule,
            account=account,
            key=head["k"],
            entity=entity,
            bucket=int(bucket),
            count=int(head["n"]),
            first=int(head["first_ts"]),
            last=int(head["last_ts"]),
            severity=list(Severity)[int(head["worst"])],
            evidence=tuple(dict(zip(SHOWN, row[len(_HEAD) :], strict=True)) for row in members),
        )

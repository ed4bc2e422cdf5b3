"""What stands by in another region, as a subject: failover groups, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.controls.kit.subjects import Absence, Subject, SubjectKind
from lakewarden.estate.estate import Estate
from lakewarden.estate.recovery import FAILOVER_GROUPS, FailoverGroup
from lakewarden.ledger.finding import SubjectRef

_NAME: Final = "failover group"


def _groups(estate: Estate) -> Iterator[Subject[FailoverGroup] | Absence]:
    collection = estate.of(FAILOVER_GROUPS)
    for group in collection.seen():
        yield Subject(SubjectRef(_NAME, group.name, group.name.rsplit("/", 1)[-1]), group)
    if collection.gap is not None:
        yield Absence(SubjectRef(_NAME, "*", f"every {_NAME}"), collection.gap)


FAILOVER_GROUP: Final = SubjectKind(_NAME, _groups)

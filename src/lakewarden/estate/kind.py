"""`Kind`: one collection of an estate, and everything that is known about reading it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.record import Record

R = TypeVar("R", bound=Record)


class Scope(StrEnum):
    """What a collection belongs to."""

    ACCOUNT = "account"
    WORKSPACE = "workspace"
    AWS = "aws"
    EVENTS = "events"


class Status(StrEnum):
    """How much of a collection was read.

    `COMPLETE`: every page. `PARTIAL`: what is there is true, and something is missing.
    `FORBIDDEN`: the caller may not look. `DISABLED`: the feature does not exist in this tier.
    """

    COMPLETE = "complete"
    PARTIAL = "partial"
    FORBIDDEN = "forbidden"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """A kind of collection.

    Attributes:
        name: its name in snapshots and in a control's needs.
        record: the type of its records.
        scope: what one collection of it belongs to.
        source: the call that reads it, `GET /api/…` or `s3:GetBucketPolicy`.
        grant: the least permission for that call, in the words of its platform.
        after: names of kinds that say what to ask for.
        keyed: it is read key by key, and a need names the keys, as in `workspace_conf:KEY`.
    """

    name: str
    record: type[R]
    scope: Scope
    source: str
    grant: str
    after: tuple[str, ...] = ()
    keyed: bool = False

    def call(self, key: str = "") -> str:
        """Return the call that reads one key of a keyed kind, or all of another kind."""
        return self.source.replace("{key}", key) if key else self.source

    def gap(self, cause: Cause, detail: str = "", key: str = "") -> Gap:
        """Return the gap that a failure of this kind's call leaves."""
        return Gap(cause, self.call(key), detail, self.grant)

    def unset(self, key: str, detail: str) -> Gap:
        """Return the gap of a setting that nobody ever set; no permission would fill it."""
        return Gap(Cause.UNSET, self.call(key), detail, "")

    def need(self, key: str = "") -> Need:
        """Return the need for this kind, or for one key of it."""
        return Need(self.name, key)


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """What a control wants collected: a kind, or one key of a keyed kind."""

    kind: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else self.kind


def status_of(gap: Gap, count: int = 0) -> Status:
    """Return the status of a collection with a gap, of which `count` records were read."""
    if count == 0 and gap.cause is Cause.DISABLED:
        return Status.DISABLED
    if count == 0 and gap.cause in {Cause.FORBIDDEN, Cause.UNAUTHENTICATED}:
        return Status.FORBIDDEN
    return Status.PARTIAL

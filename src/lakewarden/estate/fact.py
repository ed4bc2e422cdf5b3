"""`Fact[T]`: one value read from an API, or the reason why it could not be read.

A fact is opaque. It has no truth value, no length and no equality with plain values, so that
"could not look" can never be mistaken for "is off". The value comes out of `get()` alone, and
`get()` on a fact that was not read raises `UnreadError`, which the judge turns into UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Cause(StrEnum):
    """Why a fact or a collection could not be read."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    TIMEOUT = "timed out"
    UNREACHABLE = "unreachable"
    MALFORMED = "malformed answer"
    MISSING_FIELD = "missing field"
    DISABLED = "not available in this tier"
    NOT_READ = "not read"
    UNSET = "never set"
    PLANNED = "known after apply"
    UNPLANNED = "not in the plan"


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in what is known.

    Attributes:
        cause: the kind of failure.
        source: the call that failed, `GET /api/2.0/…` or `s3:GetBucketPolicy`.
        detail: what the service said, without secrets.
        grant: the permission that would fill the hole.
    """

    cause: Cause
    source: str
    detail: str
    grant: str

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        grant = f"; needs {self.grant}" if self.grant else ""
        return f"{self.source}: {self.cause}{detail}{grant}"


def most_telling(*gaps: Gap | None) -> Gap | None:
    """Return the first gap, but that a plan does not show everything only when it is the only one.

    A plan never shows everything, so that says nothing about what it does speak of.
    """
    found = [gap for gap in gaps if gap is not None]
    return next((gap for gap in found if gap.cause is not Cause.UNPLANNED), next(iter(found), None))


class UnreadError(Exception):
    """Something that a judgement needs could not be read.

    Attributes:
        gap: what is missing and why.
    """

    def __init__(self, gap: Gap) -> None:
        super().__init__(str(gap))
        self.gap = gap


@dataclass(frozen=True, slots=True, eq=False)
class Fact(Generic[T]):
    """A value with its provenance, or a `Gap`.

    Attributes:
        source: the call that the fact comes from.
        field: the path of the field in that call's answer.
    """

    source: str
    field: str
    _value: T | None
    _gap: Gap | None

    @classmethod
    def of(cls, value: T, source: str, field: str) -> Fact[T]:
        """Return a fact that was read."""
        return cls(source, field, value, None)

    @classmethod
    def unread(cls, gap: Gap, field: str) -> Fact[T]:
        """Return a fact that could not be read."""
        return cls(gap.source, field, None, gap)

    def get(self) -> T:
        """Return the value.

        Raises:
            UnreadError: the fact was not read.
        """
        if self._gap is not None:
            raise UnreadError(self._gap)
        return self._value  # type: ignore[return-value]  # a read fact holds a T, None included

    def parsed(self, read: Callable[[T], U]) -> U:
        """Return what `read` makes of the value.

        Raises:
            UnreadError: the fact was not read, or `read` refuses it with a ValueError.
        """
        value = self.get()
        try:
            return read(value)
        except ValueError as error:
            raise UnreadError(self.odd(error)) from None

    def odd(self, error: ValueError) -> Gap:
        """Return the gap of a value that has the right type and makes no sense."""
        return Gap(Cause.MALFORMED, self.source, f"{self.field}: {error}", "")

    @property
    def gap(self) -> Gap | None:
        """Return why the fact is not known, or None when it is."""
        return self._gap

    if not TYPE_CHECKING:
        # Type checkers refuse these uses by themselves as long as they do not see a definition.

        def __bool__(self) -> NoReturn:
            raise TypeError("a Fact has no truth value; call get()")

        def __len__(self) -> NoReturn:
            raise TypeError("a Fact has no length; call get()")

        def __eq__(self, other: object) -> bool:
            raise TypeError("a Fact is not compared; call get()")

        __hash__ = None

"""A value that was read, or why there is none; a list, and what may lack in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that nobody could read.

    Attributes:
        what: the fact, in words: `routes of rtb-1`.
        grant: the permission that would show it, like `ec2:DescribeRouteTables`; may be empty.
    """

    what: str
    grant: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({self.grant})" if self.grant else self.what


Known: TypeAlias = T | Missing
"""A value, or why there is none."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """All of a kind; or some, and `gap` says what may lack."""

    items: tuple[T, ...] = ()
    gap: Missing | None = None

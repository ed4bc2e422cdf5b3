"""How long to wait for whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer.

    Attributes:
        connect: seconds for the first word from a host.
        answer: seconds for one answer.
        retry: seconds during which 429, 503 and broken connections are tried again.
        errors: how often a read is tried again that the host failed at, or answered in part.
    """

    connect: float = 5.0
    answer: float = 30.0
    retry: float = 45.0
    errors: int = 0

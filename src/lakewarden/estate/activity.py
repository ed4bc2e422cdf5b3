"""What recorded events show of how people work, counted rather than kept."""

from __future__ import annotations

from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class LoginMethod(Record):
    """One way in that was used: how often it worked, and when last (Unix ms)."""

    action: str = key("action")
    method: str = key("method")
    user: str = key("user")
    successes: Fact[int] = fact("successes")
    last: Fact[int] = fact("last")


LOGINS: Final = Kind(
    "logins",
    LoginMethod,
    Scope.EVENTS,
    "audit log, service accounts",
    "read on the delivered audit logs",
)

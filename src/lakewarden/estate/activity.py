"""What recorded events show of how people work, counted rather than kept."""

from __future__ import annotations

from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_GRANT: Final = "read on the delivered audit logs"


@record
class LoginMethod(Record):
    """One way in that was used: how often it worked, and when last (Unix ms)."""

    action: str = key("action")
    method: str = key("method")
    user: str = key("user")
    successes: Fact[int] = fact("successes")
    last: Fact[int] = fact("last")


@record
class UserAction(Record):
    """What somebody did: how often, and when last (Unix ms)."""

    service: str = key("service")
    action: str = key("action")
    user: str = key("user")
    times: Fact[int] = fact("times")
    last: Fact[int] = fact("last")


@record
class DirectoryWrite(Record):
    """A way in which users and groups were changed: how often, and when last (Unix ms).

    `endpoint` is where the change came in, as the event names it; `target` is the user, named
    for changes by hand alone.
    """

    action: str = key("action")
    endpoint: str = key("endpoint")
    agent: str = key("agent")
    target: str = key("target")
    times: Fact[int] = fact("times")
    last: Fact[int] = fact("last")


@record
class MfaKeyChange(Record):
    """A second factor that somebody added or deleted at Databricks, and when (Unix ms)."""

    user: str = key("user")
    action: str = key("action")
    at: int = key("at")
    times: Fact[int] = fact("times")


@record
class JobChange(Record):
    """A way in which somebody changed the jobs of a workspace: how often, and when last (ms)."""

    workspace_id: int = key("workspace_id")
    action: str = key("action")
    user: str = key("user")
    times: Fact[int] = fact("times")
    last: Fact[int] = fact("last")


LOGINS: Final = Kind("logins", LoginMethod, Scope.EVENTS, "audit log, service accounts", _GRANT)
DAILY_WORK: Final = Kind(
    "daily_work",
    UserAction,
    Scope.EVENTS,
    "audit log, services notebook, databrickssql and jobs",
    _GRANT,
)
DIRECTORY_WRITES: Final = Kind(
    "directory_writes", DirectoryWrite, Scope.EVENTS, "audit log, service accounts", _GRANT
)
MFA_KEYS: Final = Kind(
    "mfa_keys", MfaKeyChange, Scope.EVENTS, "audit log, service accounts", _GRANT
)
JOB_CHANGES: Final = Kind("job_changes", JobChange, Scope.EVENTS, "audit log, service jobs", _GRANT)

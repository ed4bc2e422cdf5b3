"""Delivered audit logs in a local folder, counted into what judging asks of them.

One pass over the logs feeds every kind that is asked for. A line that cannot be read makes all of
them partial and names its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.activity import DAILY_WORK, DIRECTORY_WRITES, JOB_CHANGES, LOGINS, MFA_KEYS
from lakewarden.estate.dbfs import MOUNTS
from lakewarden.estate.fact import Cause
from lakewarden.estate.kind import Kind
from lakewarden.estate.record import read
from lakewarden.store.audit_files import lines

Event = Mapping[str, Any]
Keys = Mapping[str, Any]

_OK: Final = range(200, 300)
_CONSOLE: Final = "adminconsole"


def _user(event: Event) -> str:
    parameters = event.get("requestParams") or {}
    user = (event.get("userIdentity") or {}).get("email") or parameters.get("user")
    return str(user or "unknown")


def _login(event: Event) -> Keys:
    parameters = event.get("requestParams") or {}
    method = parameters.get("authentication_method") or parameters.get("authenticationMethod")
    action = str(event["actionName"])
    return {"action": action, "method": str(method or ""), "user": _user(event)}


def _work(event: Event) -> Keys:
    service, action = str(event["serviceName"]), str(event["actionName"])
    return {"service": service, "action": action, "user": _user(event)}


def _directory_write(event: Event) -> Keys:
    parameters = event.get("requestParams") or {}
    endpoint = str(parameters.get("endpoint") or "")
    by_hand = endpoint.lower() == _CONSOLE
    target = parameters.get("targetUserName") or parameters.get("target_user_name")
    return {
        "action": str(event["actionName"]),
        "endpoint": endpoint,
        "agent": str(event.get("userAgent") or ""),
        "target": str(target or "unknown") if by_hand else "",
    }


def _key_change(event: Event) -> Keys:
    moment = int(event["timestamp"])
    return {"user": _user(event), "action": str(event["actionName"]), "at": moment}


def _job_change(event: Event) -> Keys:
    workspace = int(event["workspaceId"])
    return {"workspace_id": workspace, "action": str(event["actionName"]), "user": _user(event)}


def _mount(event: Event) -> Keys:
    parameters = event.get("requestParams") or {}
    point = str(parameters.get("mountPoint") or "unknown")
    return {"workspace_id": int(event["workspaceId"]), "point": point, "user": _user(event)}


@dataclass(frozen=True, slots=True)
class Counting:
    """How one kind is counted.

    Attributes:
        actions: the actions that count, by service.
        keys: what of an event tells it from others.
        times: the field that holds how often.
        failed: whether what was refused counts as well.
    """

    actions: Mapping[str, frozenset[str]]
    keys: Callable[[Event], Keys]
    times: str = "times"
    failed: bool = False

    def wants(self, event: Event) -> bool:
        """Return whether an event counts, whenever it was."""
        if event.get("actionName") not in self.actions.get(str(event.get("serviceName")), ()):
            return False
        status = (event.get("response") or {}).get("statusCode")
        return self.failed or (isinstance(status, int) and status in _OK)


COUNTED: Final[Mapping[Kind[Any], Counting]] = {
    LOGINS: Counting(
        {
            "accounts": frozenset(
                {
                    *("login", "certLogin", "jwtLogin", "mfaLogin", "oidcBrowserLogin"),
                    *("passwordVerifyAuthentication", "samlLogin"),
                }
            )
        },
        _login,
        "successes",
    ),
    DAILY_WORK: Counting(
        {
            "notebook": frozenset({"runCommand"}),
            "databrickssql": frozenset({"commandSubmit", "executeAdhocQuery", "executeSavedQuery"}),
            "jobs": frozenset({"runNow"}),
        },
        _work,
        failed=True,
    ),
    DIRECTORY_WRITES: Counting(
        {
            "accounts": frozenset(
                {
                    *("add", "delete", "activateUser", "deactivateUser", "updateUser"),
                    *("createGroup", "removeGroup", "updateGroup"),
                    *("addPrincipalToGroup", "addPrincipalsToGroup", "removePrincipalFromGroup"),
                }
            )
        },
        _directory_write,
    ),
    JOB_CHANGES: Counting({"jobs": frozenset({"create", "update", "reset"})}, _job_change),
    MOUNTS: Counting({"dbfs": frozenset({"mount", "updateMount"})}, _mount),
    MFA_KEYS: Counting({"accounts": frozenset({"mfaAddKey", "mfaDeleteKey"})}, _key_change),
}
"""What counts for each kind. Tokens of programs are not logins; the status of a command is not
that of a request, so daily work counts whatever came of it."""


@dataclass(slots=True)
class Tally:
    """What was counted for one kind, by the values of its keys."""

    kind: Kind[Any]
    counts: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def add(self, keys: Keys, moment: int) -> None:
        """Count an event that happened at a moment (Unix ms)."""
        self.names = tuple(keys)
        entry = self.counts.setdefault(tuple(keys.values()), [0, 0])
        entry[0] += 1
        entry[1] = max(entry[1], moment)

    def records(self) -> Iterator[Any]:
        """Yield a record for each combination of keys."""
        times = COUNTED[self.kind].times
        for values, (count, last) in self.counts.items():
            item = {**dict(zip(self.names, values, strict=True)), times: count, "last": last}
            yield read(self.kind.record, item, source=self.kind.source)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a pass over the logs gave: a tally for each kind, and why they may be incomplete."""

    tallies: tuple[Tally, ...]
    failure: CallFailedError | None

    def of(self, kind: Kind[Any]) -> Iterator[Any]:
        """Yield the records of a kind.

        Raises:
            CallFailedError: at the end, when there were no logs or a line could not be read.
        """
        for tally in self.tallies:
            if tally.kind is kind:
                yield from tally.records()
        if self.failure is not None:
            raise self.failure


def count(folder: Path, since: int, kinds: Iterable[Kind[Any]]) -> Counted:
    """Count the events of some kinds, in one pass.

    Args:
        folder: where the audit logs were delivered to.
        since: Unix time in ms; older events do not count.
        kinds: what to count, of `COUNTED`.

    Raises:
        UsageError: there is no such folder.
    """
    tallies = tuple(Tally(kind) for kind in kinds)
    broken: str | None = None
    seen = False
    for place, line in lines(folder):
        seen = True
        if line is None:
            broken = broken or f"{place} cannot be read"
            continue
        try:
            _take(json.loads(line), since, tallies)
        except (ValueError, TypeError, AttributeError, KeyError):
            broken = broken or f"{place} is not an event"
    if not seen:
        return Counted(
            tallies, CallFailedError(Cause.NOT_FOUND, f"no audit log files in {folder.name}")
        )
    return Counted(tallies, CallFailedError(Cause.MALFORMED, broken) if broken else None)


def _take(event: Event, since: int, tallies: Iterable[Tally]) -> None:
    for tally in tallies:
        counting = COUNTED[tally.kind]
        if counting.wants(event):
            moment = int(event["timestamp"])
            if moment >= since:
                tally.add(counting.keys(event), moment)

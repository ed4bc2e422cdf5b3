"""Delivered audit logs in a local folder, counted into what judging asks of them.

A line that cannot be read makes the collection partial and names its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.activity import LOGINS, LoginMethod
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import read
from lakewarden.store.audit_files import lines

_LOGINS: Final = frozenset(
    {
        "login",
        "certLogin",
        "jwtLogin",
        "mfaLogin",
        "oidcBrowserLogin",
        "passwordVerifyAuthentication",
        "samlLogin",
    }
)
"""The actions by which a person comes in; tokens of programs are not among them."""
_OK: Final = 200


def logins(folder: Path, since: int) -> Iterator[LoginMethod]:
    """Count successful logins of people by action, method and user.

    Args:
        folder: where the audit logs were delivered to.
        since: Unix time in ms; older events do not count.

    Raises:
        CallFailedError: there are no logs, or a line could not be read.
    """
    counts: dict[tuple[str, str, str], list[int]] = {}
    broken: str | None = None
    seen = False
    for place, line in lines(folder):
        seen = True
        if line is None:
            broken = broken or f"{place} cannot be read"
            continue
        try:
            _count(json.loads(line), since, counts)
        except (ValueError, TypeError, AttributeError, KeyError):
            broken = broken or f"{place} is not an event"
    if not seen:
        raise CallFailedError(Cause.NOT_FOUND, f"no audit log files in {folder.name}")
    for (action, method, user), (successes, last) in counts.items():
        item = {"action": action, "method": method, "user": user}
        yield read(
            LoginMethod, {**item, "successes": successes, "last": last}, source=LOGINS.source
        )
    if broken is not None:
        raise CallFailedError(Cause.MALFORMED, broken)


def _count(
    event: Mapping[str, Any], since: int, counts: dict[tuple[str, str, str], list[int]]
) -> None:
    if event.get("serviceName") != "accounts" or event.get("actionName") not in _LOGINS:
        return
    status = (event.get("response") or {}).get("statusCode")
    moment = int(event["timestamp"])
    if status != _OK or moment < since:
        return
    parameters = event.get("requestParams") or {}
    method = parameters.get("authentication_method") or parameters.get("authenticationMethod")
    user = (event.get("userIdentity") or {}).get("email") or parameters.get("user") or "unknown"
    key = (str(event["actionName"]), str(method or ""), str(user))
    entry = counts.setdefault(key, [0, 0])
    entry[0] += 1
    entry[1] = max(entry[1], moment)

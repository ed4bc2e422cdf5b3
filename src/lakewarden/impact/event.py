"""`Event`: one line of an audit log, as it was delivered or as `system.access.audit` has it."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.clock import parse_time

_PORT: Final = re.compile(r"(\d+\.\d+\.\d+\.\d+):\d+")
_BROWSER: Final = "Mozilla/"
_REFUSED: Final = 400


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One event; what is made of it is kept by its identity.

    Attributes:
        at: when, Unix time in ms.
        account: the Databricks account; empty where the event does not say.
        workspace: the id of the workspace; `0` for the account itself.
        service: `clusters`.
        action: `create`.
        who: a user's name, or a service principal's application id.
        address: where it came from, normalised; empty where that is no address.
        agent: the client that it named itself.
        params: what was asked for; values are texts.
        status: the status of the answer; None where there was none.
        request: the id that all events of one request share; empty where there is none.
    """

    at: int
    account: str
    workspace: str
    service: str
    action: str
    who: str
    address: str
    agent: str
    params: Mapping[str, str]
    status: int | None
    request: str

    @property
    def scope(self) -> str:
        """Return the scope of plans that it happened in."""
        return "account" if self.workspace == "0" else f"workspace/{self.workspace}"

    @property
    def refused(self) -> bool:
        """Return whether it was refused at the time."""
        return self.status is not None and self.status >= _REFUSED

    @property
    def by_browser(self) -> bool:
        """Return whether a browser sent it."""
        return self.agent.startswith(_BROWSER)

    def param(self, *names: str) -> str:
        """Return the first parameter that it has of several spellings; empty for none."""
        return next((self.params[name] for name in names if self.params.get(name)), "")


def parse(line: str) -> Event:
    """Read one line, whichever of the two forms it has.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is no event.
    """
    raw = json.loads(line)
    old = "serviceName" in raw
    identity = _object(raw.get("userIdentity" if old else "user_identity"))
    response = _object(raw.get("response"))
    params = _object(raw.get("requestParams" if old else "request_params"))
    return Event(
        at=int(raw["timestamp"]) if old else _millis(raw["event_time"]),
        account=str(raw.get("accountId" if old else "account_id") or ""),
        workspace=str(raw.get("workspaceId" if old else "workspace_id") or "0"),
        service=str(raw["serviceName" if old else "service_name"]),
        action=str(raw["actionName" if old else "action_name"]),
        who=str(identity.get("email") or ""),
        address=_address(str(raw.get("sourceIPAddress" if old else "source_ip_address") or "")),
        agent=str(raw.get("userAgent" if old else "user_agent") or ""),
        params={name: _text(value) for name, value in params.items() if value is not None},
        status=_status(response.get("statusCode", response.get("status_code"))),
        request=str(raw.get("requestId" if old else "request_id") or ""),
    )


def _object(value: Any) -> Mapping[str, Any]:
    """Return an object that may be written as text, as the SQL API does."""
    if isinstance(value, str) and value:
        value = json.loads(value)
    return value or {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _status(value: Any) -> int | None:
    return None if value in {None, ""} else int(value)


def _millis(value: Any) -> int:
    if isinstance(value, int | float):
        return int(value)
    return int(parse_time(str(value)).timestamp() * 1000)


def _address(text: str) -> str:
    """Return an address without its port, an IPv4 address in IPv6 form as what it is."""
    found = _PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address(found[1] if found else text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return "" if address.is_unspecified or address.is_loopback else str(address)

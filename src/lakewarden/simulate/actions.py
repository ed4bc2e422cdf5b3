"""What happens in a world after it was set up: ``[[actions]]``, audited unlike the seeding.

An action has ``at`` (epoch ms), ``by`` (a principal), ``from`` (an address) and, optionally,
``workspace`` (an id; otherwise the account), ``agent``, ``times`` with ``every_minutes`` and
``${n}`` for the number of the repetition. It is either

* ``call = "POST /api/..."`` with ``body``; it passes every check of the gate. ``token`` names the
  personal access token (by its comment) that is used, ``refused`` the status that is expected
  instead of success; or
* ``event = "service.action"`` with ``params``: something that no API call causes, such as a login.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from lakewarden.simulate import gate
from lakewarden.simulate.audit import AuditLog, Record
from lakewarden.simulate.seeding import Built, SeedError, Seeding
from lakewarden.simulate.state import Bearer, Json, Workspace
from lakewarden.simulate.web import ACCOUNT, WORKSPACE
from lakewarden.simulate.workspace import identity

BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
VENDOR_LOGIN = "genie.databricksAccess"
_MINUTE_MS = 60_000


def act(built: Built, audit: AuditLog, now: int) -> None:
    """Do a world's actions; ``now`` (epoch ms) is what its relative times count from.

    Raises:
        SeedError: when a call has another outcome than the world says.
    """
    for entry in built.spec.own["actions"]:
        for number in range(entry.get("times", 1)):
            built.references["n"] = str(number + 1)
            action = Seeding(built, None, now).resolve(entry)
            at = action["at"] + int(number * action.get("every_minutes", 0) * _MINUTE_MS)
            if "event" in action:
                _check_vendor(built, action, at)
                audit.write(_record(action, at))
            else:
                _call(built, audit, action, at)


def vendor_admitted(workspace: Workspace, now: int) -> bool:
    """Whether the vendor's staff may sign in: until the approval that was given ends.

    Where nobody ever decided, they may.
    """
    until = workspace.conf.get("customerApprovedWSLoginExpirationTime")
    if until in {None, "indefinite"}:
        return True
    return bool(until) and datetime.fromisoformat(until).timestamp() * 1000 > now


def _check_vendor(built: Built, action: Json, at: int) -> None:
    if action["event"] == VENDOR_LOGIN:
        workspace = built.account.workspaces[action["workspace"]]
        if not vendor_admitted(workspace, at):
            raise SeedError(f"{workspace.name} does not admit the vendor's staff")


def _record(action: Json, at: int) -> Record:
    return Record(
        action["event"],
        now=at,
        workspace_id=action.get("workspace", 0),
        who=action["by"],
        address=action["from"],
        agent=action.get("agent", BROWSER),
        params=action.get("params", {}),
    )


def _call(built: Built, audit: AuditLog, action: Json, at: int) -> None:
    account = built.account
    workspace = account.workspaces[action["workspace"]] if "workspace" in action else None
    method, _, target = action["call"].replace("{account}", account.id).partition(" ")
    path, _, query = target.partition("?")
    token = _token(built, action)
    body: Any = action.get("body")
    incoming = gate.Incoming(
        method=method,
        path=path,
        now=at,
        address=action["from"],
        query=dict(parse_qsl(query)),
        headers={"authorization": f"Bearer {token}", "user-agent": action.get("agent", BROWSER)},
        raw=b"" if body is None else json.dumps(body).encode(),
    )
    routes = ACCOUNT if workspace is None else WORKSPACE
    reply = gate.serve(gate.Persona(account, workspace, routes, audit), incoming).reply
    if reply.status != action.get("refused", 200):
        raise SeedError(f"{action['call']}: {reply.status} {reply.body}")


def _token(built: Built, action: Json) -> str:
    """The bearer token of the call: the PAT that is named, or what signing in would have given."""
    bearers = built.account.bearers
    if "token" in action:
        wanted = built.references[f"token.{action['token']}"]
        return next(value for value, bearer in bearers.items() if bearer.token_id == wanted)
    return sign_in(built, action["by"])


def sign_in(built: Built, who: str) -> str:
    """The bearer token that a principal has after signing in.

    Raises:
        SeedError: there is no such principal.
    """
    found = identity.named(built.account, who)
    if found is None:
        raise SeedError(f"there is no principal {who!r}")
    value = f"session-{found[1]['id']}"
    built.account.bearers[value] = Bearer(found[1]["id"], "oauth")
    return value

"""What happens in a world after it was set up: ``[[actions]]``, audited unlike the seeding.

An action has ``at`` (epoch ms), ``by`` (a principal), ``from`` (an address) and, optionally,
``workspace`` (an id; otherwise the account), ``agent``, ``times`` with ``every_minutes`` and
``${n}`` for the number of the repetition. It is one of

* ``call = "POST /api/..."`` with ``body``; it passes every check of the gate. ``token`` names the
  personal access token (by its comment) that is used, ``refused`` the status that is expected
  instead of success;
* ``event = "service.action"`` with ``params``: something that no API call causes, such as a login;
* ``launch``: instances that come up in AWS (`lakewarden.simulate.launches`). Starting a cluster
  launches none by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from lakewarden.simulate import gate
from lakewarden.simulate.audit import AuditLog, Record
from lakewarden.simulate.cloudtrail import Trail
from lakewarden.simulate.launches import launched
from lakewarden.simulate.seeding import Built, Seeding
from lakewarden.simulate.state import Bearer, Json
from lakewarden.simulate.web import ACCOUNT, WORKSPACE
from lakewarden.simulate.workspace import identity
from lakewarden.simulate.workspace.support_access import EVENT as VENDOR_LOGIN
from lakewarden.simulate.workspace.support_access import vendor_admitted
from lakewarden.simulate.world import SeedError

BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Delivery:
    """Where the two kinds of logs go."""

    audit: AuditLog
    trail: Trail


def act(built: Built, logs: Delivery, now: int) -> None:
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
                logs.audit.write(_record(action, at))
            elif "launch" in action:
                logs.trail.write(
                    launched(built.account.workspaces[action["workspace"]], action, at)
                )
            else:
                _call(built, logs.audit, action, at)


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

"""The order of checks on each call, and the call itself.

PrivateLink redirect, authentication, IP access lists, deactivated users, token rules; then the route, its
admin and tier conditions, and its handler. Latency and ordered faults are in `lakewarden.simulate.server`, since
seeding a world must not meet them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from lakewarden.simulate.audit import AuditLog
from lakewarden.simulate.state import Account, Bearer, Workspace
from lakewarden.simulate.web import ApiError, Caller, Event, Reply, Request, Route, Routes, strings
from lakewarden.simulate.workspace import identity

NOBODY = Caller({}, "", "", is_service_principal=False, groups=frozenset(), admin=False, address="")


@dataclass
class Persona:
    """The account's API or one workspace's: what it serves and where it writes."""

    account: Account
    workspace: Workspace | None
    routes: Routes
    audit: AuditLog

    @property
    def realm_id(self) -> int:
        """The workspace's id; 0 for the account."""
        return self.workspace.id if self.workspace else 0


@dataclass
class Incoming:
    """A call before anybody looked at it."""

    method: str
    path: str
    now: int
    address: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    body: Any = None
    caller: Caller | None = None  # set when seeding: no authentication takes place


@dataclass
class Outcome:
    """The answer, and who asked (empty when nobody was authenticated)."""

    reply: Reply
    principal: str


def serve(persona: Persona, incoming: Incoming) -> Outcome:
    """Answer a call."""
    request = Request(
        method=incoming.method,
        path=incoming.path,
        query=incoming.query,
        body=incoming.body,
        account=persona.account,
        place=persona.workspace,
        caller=incoming.caller or NOBODY,
        now=incoming.now,
        headers=incoming.headers,
        raw=incoming.raw,
    )
    found = persona.routes.find(incoming.method, incoming.path)
    error: ApiError | None = None
    try:
        reply = _answer(persona, incoming, request, found)
    except ApiError as refusal:
        error, reply = refusal, refusal.reply()
    if persona.workspace is not None:
        reply.headers["X-Databricks-Org-Id"] = str(persona.workspace.id)
    _record(persona, incoming, request, reply, error)
    return Outcome(reply, request.caller.name)


def _answer(
    persona: Persona,
    incoming: Incoming,
    request: Request,
    found: tuple[Route, dict[str, str]] | None,
) -> Reply:
    route = found[0] if found else None
    if incoming.caller is None and not (route and route.open):
        request.caller = _admit(persona, incoming, request)
    if found is None or route is None:
        message = f"No API found for '{incoming.method} {incoming.path}'"
        raise ApiError(404, "ENDPOINT_NOT_FOUND", message)
    request.params = found[1]
    if route.audit:
        request.events.append(Event(route.audit, _call_params(request)))
    _conditions(request, route)
    if incoming.raw and request.body is None:
        request.body = _json(incoming)
        if route.audit:
            request.events[0].params = _call_params(request)
    answer = route.handler(request)
    return answer if isinstance(answer, Reply) else Reply({} if answer is None else answer)


def _json(incoming: Incoming) -> Any:
    kind = incoming.headers.get("content-type", "application/json")
    if "json" not in kind:
        return None
    try:
        return json.loads(incoming.raw)
    except ValueError:
        raise ApiError(400, "MALFORMED_REQUEST", "Could not parse request object") from None


def _call_params(request: Request) -> dict[str, str]:
    body = request.body if isinstance(request.body, dict) else {}
    return strings({**body, **request.query, **request.params})


def _conditions(request: Request, route: Route) -> None:
    account = request.params.get("account")
    if account is not None and account != request.account.id:
        raise ApiError(404, "NOT_FOUND", f"Account {account} does not exist")
    if route.feature and request.account.tier != "ENTERPRISE":
        message = f"{route.feature} is not available in the pricing tier of this workspace"
        raise ApiError(404, "FEATURE_DISABLED", message)
    if route.admin and not request.caller.admin:
        scope = "workspace" if request.place else "account"
        raise ApiError(403, "PERMISSION_DENIED", f"Only {scope} admins can perform this action")


def _admit(persona: Persona, incoming: Incoming, request: Request) -> Caller:
    bearer = _bearer(persona, incoming)
    try:
        caller = identity.caller(
            persona.account,
            persona.workspace,
            bearer.principal_id,
            incoming.address,
            token_kind=bearer.kind,
            token_id=bearer.token_id,
        )
    except LookupError:
        raise ApiError(401, "UNAUTHENTICATED", "Invalid access token.") from None
    return caller


def _bearer(persona: Persona, incoming: Incoming) -> Bearer:
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "Credential was not sent or was of an unsupported type for this API."
        raise ApiError(401, "UNAUTHENTICATED", message)
    bearer = persona.account.bearers.get(token.strip())
    elsewhere = bearer and bearer.workspace_id not in {None, persona.realm_id}
    expired = bearer and bearer.expires_ms is not None and bearer.expires_ms <= incoming.now
    if bearer is None or elsewhere or expired:
        raise ApiError(401, "UNAUTHENTICATED", "Invalid access token.")
    return bearer


def _record(
    persona: Persona, incoming: Incoming, request: Request, reply: Reply, error: ApiError | None
) -> None:
    for number, event in enumerate(request.events):
        params = event.params | (request.audit_params if number == 0 else {})
        persona.audit.write(
            event.name,
            now=request.now,
            workspace_id=persona.realm_id,
            who=request.caller.name or "unknown",
            address=incoming.address,
            agent=incoming.headers.get("user-agent", ""),
            params=params,
            status=reply.status,
            error=error.message if error else None,
            result=event.result,
        )

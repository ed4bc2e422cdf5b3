"""The order of checks on each call, and the call itself.

PrivateLink redirect, authentication, IP access lists, deactivated users, token rules; then the
route, its admin and tier conditions, and its handler. Latency, rate limits and ordered faults are
in `lakewarden.simulate.app`, since seeding a world must not meet them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from lakewarden.simulate.audit import AuditLog, Record
from lakewarden.simulate.state import Account, Bearer, Workspace
from lakewarden.simulate.web import ApiError, Caller, Event, Reply, Request, Route, Routes
from lakewarden.simulate.workspace import identity, ip_access_lists, tokens

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
    request_id: str = ""


@dataclass
class Outcome:
    """The answer, and who asked (empty when nobody was authenticated)."""

    reply: Reply
    principal: str


def serve(persona: Persona, incoming: Incoming) -> Outcome:
    """Answer a call."""
    incoming.request_id = persona.audit.request_id(incoming.now)
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
        address=incoming.address,
    )
    found = persona.routes.find(incoming.method, incoming.path)
    error: ApiError | None = None
    try:
        reply = _answer(persona, incoming, request, found)
    except ApiError as refusal:
        error, reply = refusal, refusal.reply()
    except (AttributeError, KeyError, TypeError, ValueError):
        if not incoming.raw:
            raise
        error = ApiError(400, "MALFORMED_REQUEST", "Could not parse request object")
        reply = error.reply()
    reply.headers["X-Request-Id"] = incoming.request_id
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
        redirect = _redirected(persona, incoming)
        if redirect is not None:
            return redirect
        _admit(persona, incoming, request)
    if found is None or route is None:
        message = f"No API found for '{incoming.method} {incoming.path}'"
        raise ApiError(404, "ENDPOINT_NOT_FOUND", message)
    request.params = found[1]
    if route.audit:
        request.main_event = Event(route.audit, route.call_params(request))
        request.events.append(request.main_event)
    _conditions(request, route)
    if incoming.raw and request.body is None and not route.binary:
        request.body = _json(incoming)
        if request.main_event is not None:
            request.main_event.params = route.call_params(request)
    answer = route.handler(request)
    return answer if isinstance(answer, Reply) else Reply({} if answer is None else answer)


def _note_login(
    persona: Persona, incoming: Incoming, caller: Caller, refusal: ApiError | None = None
) -> None:
    """A token's login stands on its own in the audit log, whatever becomes of the call."""
    if caller.auth == "pat":
        params = {"user": caller.name, "tokenId": caller.token_id or ""}
        params |= {"authenticationMethod": "API_EXT_PAT_TOKEN"}
        event = Event("accounts.tokenLogin", params)
    else:
        params = {"user": caller.name, "authenticationMethod": "OAUTH_TOKEN"}
        event = Event("accounts.oidcTokenAuthorization", params)
    entry = _entry(persona, incoming, caller, event)
    if refusal is not None:
        entry = replace(entry, status=refusal.status, error=refusal.message)
    persona.audit.write(entry)


def _json(incoming: Incoming) -> Any:
    kind = incoming.headers.get("content-type", "application/json")
    if "json" not in kind:
        return None
    try:
        return json.loads(incoming.raw)
    except ValueError:
        raise ApiError(400, "MALFORMED_REQUEST", "Could not parse request object") from None


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


def _admit(persona: Persona, incoming: Incoming, request: Request) -> None:
    """Find out who calls, and whether anything speaks against letting the call in."""
    bearer = _bearer(persona, incoming)
    try:
        caller = request.caller = identity.caller(
            persona.account,
            persona.workspace,
            bearer.principal_id,
            incoming.address,
            auth=bearer.kind,
            token_id=bearer.token_id,
        )
    except LookupError:
        raise ApiError(401, "UNAUTHENTICATED", "Invalid access token.") from None
    _check_address(persona, incoming, request)
    try:
        _check_standing(persona, request)
    except ApiError as refusal:
        _note_login(persona, incoming, caller, refusal)
        raise
    _note_login(persona, incoming, caller)


def _check_standing(persona: Persona, request: Request) -> None:
    caller = request.caller
    if not identity.is_active(persona.account, persona.workspace, caller.principal):
        raise ApiError(403, "PERMISSION_DENIED", f"{caller.name} is deactivated")
    if persona.workspace is not None:
        _check_membership(persona.workspace, request)


def _check_address(persona: Persona, incoming: Incoming, request: Request) -> None:
    realm, address = persona.workspace or persona.account, incoming.address
    if not ip_access_lists.blocked(realm, address):
        return
    user = {"user": request.caller.name}
    if persona.workspace is None:
        params = user | {"sourceIpAddress": address}
        request.audit("accounts.accountIpAclsValidationFailed", params)
        message = f"Source IP address: {address} is blocked by Databricks IP ACL for the account"
    else:
        params = user | {"path": incoming.path, "userId": request.caller.id}
        request.audit("accounts.IpAccessDenied", params)
        message = (
            f"Source IP address: {address} is blocked by Databricks IP ACL for workspace:"
            f" {persona.workspace.id}"
        )
    raise ApiError(403, "PERMISSION_DENIED", message)


def _check_membership(workspace: Workspace, request: Request) -> None:
    caller = request.caller
    if not identity.is_member(workspace, caller.id):
        message = f"{caller.name} is not assigned to workspace {workspace.id}"
        raise ApiError(403, "PERMISSION_DENIED", message)
    if caller.auth == "pat":
        tokens.check_usable(workspace, request)
        workspace.table("tokens")[caller.token_id or ""]["last_used_day"] = request.now


def _redirected(persona: Persona, incoming: Incoming) -> Reply | None:
    """The redirect for calls over the internet to a workspace that is behind PrivateLink only."""
    workspace = persona.workspace
    if workspace is None or ip_access_lists.through_endpoint(workspace, incoming.address):
        return None
    settings_id = workspace.deployment.get("private_access_settings_id", "")
    settings = persona.account.table("private-access-settings").get(settings_id)
    if settings is None or settings["public_access_enabled"]:
        return None
    location = f"/login.html?error=private-link-validation-error:{workspace.id}"
    return Reply(b"", 302, {"Location": location}, "text/html")


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
    for event in request.events:
        if event is request.main_event:
            event.params |= request.audit_params
        entry = _entry(persona, incoming, request.caller, event)
        message = error.message if error else None
        persona.audit.write(replace(entry, status=reply.status, error=message))


def _entry(persona: Persona, incoming: Incoming, caller: Caller, event: Event) -> Record:
    return Record(
        event.name,
        now=incoming.now,
        workspace_id=persona.realm_id if event.workspace_id is None else event.workspace_id,
        who=caller.name or "unknown",
        address=incoming.address,
        agent=incoming.headers.get("user-agent", ""),
        params=event.params,
        result=event.result,
        request=incoming.request_id,
    )

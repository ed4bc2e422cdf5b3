"""The web kit that every API family is written with.

How to add a family ------------------- Put one file into ``simulate/account`` or
``simulate/workspace``; it is found and imported by itself. In it::

    from lakewarden.simulate.web import WORKSPACE, ApiError, Request, page

    route = WORKSPACE.route          # ACCOUNT.route for the account persona

    @route("GET", "/api/2.1/clusters/list")
    def list_clusters(request: Request) -> Json:
        clusters = request.workspace.table("clusters").values()
        return page(request, clusters, "clusters", size=20, most=100)

    @route("POST", "/api/2.0/policies/clusters/delete", admin=True, audit="clusterPolicies.delete")
    def delete_policy(request: Request) -> None: ...

* Paths use Starlette's syntax: ``{id}`` is one segment, ``{path:path}`` the rest. Values are in
  ``request.params``. On the account persona ``{account}`` is checked before the handler runs.
* ``admin=True`` answers 403 to everybody who is not an admin of the persona. ``feature="IP access
  list"`` answers 404 FEATURE_DISABLED when the account's tier is not ENTERPRISE.
* ``audit="service.action"`` records the call whether or not it succeeds; the record's parameters
  are the path, query and body parameters as strings, and ``request.audit_params`` is merged over
  them. ``audit_keys=("scope", "key")`` keeps only those of the call's parameters: use it wherever a
  body holds a secret. Further events go through ``request.audit("service.action", {...})``. Every
  route that changes something names an event or writes one.
* A handler returns a dict or list (JSON), ``None`` (``{}``) or a `Reply`; it refuses by raising
  `ApiError`.
* ``request.result(value)`` puts a value into the audit record's result.
* ``request.now`` is the time of the call in epoch milliseconds; never ask the clock yourself, since
  a world is seeded with calls that happened in its past.
* Keep objects in ``request.workspace.table(kind)`` or ``request.account.table(kind)`` and ids from
  ``request.account.ids``. Answer copies when what is answered differs from what is kept.

Seeding: register how a world's entries of one kind come to be, through the same API::

    @seeds("clusters")               # [[2001.clusters]] in any of the world's files
    def seed_cluster(seed: Seed, item: Json) -> None:
        made = seed.call("POST", "/api/2.1/clusters/create", item)
        seed.remember("cluster", item["cluster_name"], made["cluster_id"])   # ${cluster.NAME}

Size: `lakewarden.simulate.scale.grows` registers how rows of a table are made on demand.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.routing import compile_path

from lakewarden.simulate.state import Account, Json, Workspace
from lakewarden.simulate.tables import window

ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
SCIM_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

Handler = Callable[["Request"], Any]


class ApiError(Exception):
    """A refusal, in one of the body shapes that the clients understand.

    ``shape`` is ``standard`` (``error_code``, ``message``, ``details``), ``scim`` or ``text``
    (``ERROR_CODE: message``). ``metadata`` becomes a google.rpc.ErrorInfo entry in ``details``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        shape: str = "standard",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.metadata = metadata
        self.shape = shape

    def reply(self) -> Reply:
        """The refusal as an answer."""
        if self.shape == "text":
            return Reply(f"{self.code}: {self.message}", self.status, media_type="text/plain")
        if self.shape == "scim":
            body: Json = {
                "schemas": [SCIM_ERROR],
                "detail": self.message,
                "status": str(self.status),
            }
            return Reply(body, self.status, media_type="application/scim+json")
        body = {"error_code": self.code, "message": self.message}
        if self.metadata is not None:
            info = {"@type": ERROR_INFO, "reason": self.code, "domain": "databricks.com"}
            body["details"] = [info | {"metadata": dict(self.metadata)}]
        return Reply(body, self.status)


def invalid(message: str) -> ApiError:
    """400 INVALID_PARAMETER_VALUE."""
    return ApiError(400, "INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> ApiError:
    """404 RESOURCE_DOES_NOT_EXIST."""
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)


def denied(message: str) -> ApiError:
    """403 PERMISSION_DENIED."""
    return ApiError(403, "PERMISSION_DENIED", message)


@dataclass(frozen=True)
class Caller:
    """Who is calling, and from where.

    ``name`` is the user name, or the application id of a service principal; ``groups`` are the
    display names of every group that counts on this persona, nested ones included; ``admin`` means
    account admin on the account persona and workspace admin on a workspace's. ``auth`` is ``oauth``
    or ``pat``, or ``seed`` while a world comes about, when jobs may be made to run as anybody.
    """

    principal: Json
    id: str
    name: str
    is_service_principal: bool
    groups: frozenset[str]
    admin: bool
    address: str
    auth: str = "oauth"
    token_id: str | None = None


@dataclass
class Event:
    """One audit event, before the outcome of its call is known."""

    name: str
    params: dict[str, str]
    result: Any = None
    workspace_id: int | None = None  # whose log it belongs into, if not that of the persona


@dataclass
class Request:
    """One call, as its handler sees it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    account: Account
    place: Workspace | None
    caller: Caller
    now: int
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    address: str = ""  # where the call comes from, whoever makes it
    params: dict[str, str] = field(default_factory=dict)
    audit_params: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    main_event: Event | None = None  # the one that the route names

    @property
    def workspace(self) -> Workspace:
        """The workspace of a workspace persona; a routing mistake on the account persona."""
        if self.place is None:
            raise LookupError(f"{self.path} is served by the account persona")
        return self.place

    def audit(
        self, name: str, params: Mapping[str, Any], *, workspace_id: int | None = None
    ) -> None:
        """Record one further event, ``service.action``; values are turned into strings."""
        self.events.append(Event(name, strings(params), workspace_id=workspace_id))

    def result(self, value: Any) -> None:
        """What the audit record of this call carries as its result."""
        if self.main_event is not None:
            self.main_event.result = value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean query parameter."""
        return self.query.get(name, str(default)).lower() == "true"

    def number(self, name: str, default: int) -> int:
        """A whole-number query parameter; 400 when it is not one."""
        text = self.query.get(name, str(default))
        try:
            return int(text)
        except ValueError:
            raise invalid(f"Parameter {name} must be a whole number, got '{text}'") from None

    def need(self, name: str) -> Any:
        """A required field of the body; 400 when it is absent."""
        if not isinstance(self.body, dict) or self.body.get(name) in (None, ""):
            raise invalid(f"Missing required field: {name}")
        return self.body[name]

    def need_query(self, name: str) -> str:
        """A required query parameter; 400 when it is absent."""
        if name not in self.query:
            raise invalid(f"Missing required field: {name}")
        return self.query[name]


@dataclass
class Reply:
    """An answer other than a plain 200 with JSON: ``body`` is JSON, text or bytes."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    def content(self) -> bytes:
        """The body as it goes over the wire."""
        if isinstance(self.body, bytes):
            return self.body
        if self.media_type.endswith("json"):
            return json.dumps(self.body).encode()
        return str(self.body).encode()


@dataclass(frozen=True)
class Route:
    """A registered handler and what is checked before it runs."""

    method: str
    path: str
    handler: Handler
    admin: bool
    feature: str | None
    audit: str | None
    audit_keys: tuple[str, ...] | None
    open: bool
    binary: bool = False

    def call_params(self, request: Request) -> dict[str, str]:
        """The call's parameters as its audit record carries them."""
        body = request.body if isinstance(request.body, dict) else {}
        given = {**body, **request.query, **request.params}
        keys = given if self.audit_keys is None else self.audit_keys
        return strings({key: given[key] for key in keys if key in given and key != "account"})


class Routes:
    """The routes of one kind of persona."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: defaultdict[str, list[tuple[re.Pattern[str], Route]]] = defaultdict(list)

    def route(
        self,
        method: str,
        path: str,
        *,
        admin: bool = False,
        feature: str | None = None,
        audit: str | None = None,
        audit_keys: tuple[str, ...] | None = None,
        open_: bool = False,
        binary: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a handler (see the module).

        ``open_`` routes need no authentication; the body of ``binary`` ones is never parsed.
        """

        def register(handler: Handler) -> Handler:
            entry = Route(method, path, handler, admin, feature, audit, audit_keys, open_, binary)
            if any((known.method, known.path) == (method, path) for known in self):
                raise ValueError(f"{method} {path} is served twice")
            if "{" in path:
                self._patterns[method].append((compile_path(path)[0], entry))
            else:
                self._exact[method, path] = entry
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route that answers a call, with the values of its path parameters."""
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}
        for regex, entry in self._patterns.get(method, ()):
            if match := regex.match(path):
                return entry, match.groupdict()
        return None

    def __iter__(self) -> Iterator[Route]:
        yield from self._exact.values()
        yield from (entry for patterns in self._patterns.values() for _, entry in patterns)


ACCOUNT = Routes()
WORKSPACE = Routes()


def strings(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as audit records carry them: text stays, everything else becomes JSON."""
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


def page(
    request: Request, items: Iterable[Any], key: str, *, size: int = 100, most: int = 1000
) -> Json:
    """One page of a ``page_token`` list: ``{key: [...]}``, ``next_page_token`` while more follow.

    The page size is the query's ``page_size``, ``max_results`` or ``limit`` (0 or absent:
    ``size``), at most ``most``.
    """
    asked = next((n for n in ("page_size", "max_results", "limit") if n in request.query), None)
    length = min((request.number(asked, size) if asked else size) or size, most)
    if length < 0:
        raise invalid(f"{asked} must not be negative")
    start = _offset(request.query.get("page_token", ""))
    everything = items if isinstance(items, Collection) else list(items)
    answer: Json = {key: window(everything, start, start + length)}
    if start + length < len(everything):
        answer["next_page_token"] = base64.urlsafe_b64encode(str(start + length).encode()).decode()
    return answer


def _offset(token: str) -> int:
    try:
        return max(int(base64.b64decode(token, altchars=b"-_", validate=True) or b"0"), 0)
    except (binascii.Error, ValueError):
        raise invalid("Invalid page token") from None


class Seed(Protocol):
    """What a seeder works with; bound to the account or to the workspace its entry stands under."""

    account: Account
    now: int

    @property
    def bound(self) -> bool:
        """Whether the entry stands under a workspace."""
        ...

    @property
    def workspace(self) -> Workspace:
        """The workspace the entry stands under."""
        ...

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = None,
        at: int | None = None,
    ) -> Any:
        """Make an API call as the principal ``by`` (default: the world's owner) at ``at`` (ms).

        Returns the parsed JSON; raises when the call is refused.
        """
        ...

    def remember(self, kind: str, name: str, value: str) -> None:
        """Make ``${kind.name}`` stand for ``value`` in the entries that follow."""
        ...


Seeder = Callable[[Seed, Any], None]
SEEDERS: dict[str, Seeder] = {}


def seeds(kind: str) -> Callable[[Seeder], Seeder]:
    """Register how a world's entries of ``kind`` are made.

    A list calls the seeder once for each of its items, a table once with the whole table.
    """

    def register(seeder: Seeder) -> Seeder:
        SEEDERS[kind] = seeder
        return seeder

    return register

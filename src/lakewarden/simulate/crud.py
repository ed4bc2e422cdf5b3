"""Families whose objects are kept as they were sent: create, get, list, replace, update, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lakewarden.simulate.state import Account, Json, Realm
from lakewarden.simulate.web import ApiError, Request, Routes, missing, page

_KEPT_BY_SERVER = ("account_id", "create_time", "creation_time")


def _as_is(_: Request, body: Json) -> Json:
    return body


def _allow(_: Request, __: Json) -> None:
    return None


@dataclass(frozen=True)
class Collection:
    """A kind of object kept in a table and served below one path.

    ``fill`` completes a new object (times, states), ``check`` refuses a bad one, ``in_use`` names
    what still needs one that is to be deleted. ``envelope`` is the key of the list; ``None`` makes
    the list a bare array.
    """

    path: str
    table: str
    id_key: str
    label: str
    required: tuple[str, ...]
    audit: tuple[str, str, str]  # the events of creating, changing and deleting
    envelope: str | None = None
    wrapper: str | None = None  # the key around one object in bodies and answers
    result_key: str | None = None  # the key around the object in the audit record's result
    unique: str | None = None
    feature: str | None = None
    fill: Callable[[Request, Json], Json] = _as_is
    check: Callable[[Request, Json], None] = _allow
    in_use: Callable[[Account, str], str | None] = field(default=lambda _account, _id: None)
    new_id: Callable[[Request, Json], str] = field(
        default=lambda request, _body: request.account.ids.uuid()
    )
    page_size: int = 100

    def realm(self, request: Request) -> Realm:
        """Where the objects are kept."""
        return request.place or request.account

    def one(self, request: Request) -> Json:
        """The object that the path names; 404 when there is none."""
        found = self.realm(request).table(self.table).get(request.params["id"])
        if found is None:
            raise missing(f"{self.label} {request.params['id']} does not exist")
        return found

    def noted(self, request: Request, item: Json) -> Json:
        """The object, having put it into the audit record where the real service does."""
        if self.result_key:
            request.result({self.result_key: item})
        return item

    def wrap(self, item: Json) -> Json:
        """An object as it is answered."""
        return {self.wrapper: item} if self.wrapper else item

    def body(self, request: Request) -> Json:
        """The object in the call's body; 400 when a required field is missing."""
        if self.wrapper:
            request.body = request.need(self.wrapper)
        for name in self.required:
            request.need(name)
        return dict(request.body or {})

    def create(self, request: Request) -> Json:
        """Make an object; 409 when its name is taken."""
        body = self.body(request)
        self.check(request, body)
        table = self.realm(request).table(self.table)
        taken = self.unique and any(e[self.unique] == body[self.unique] for e in table.values())
        new_id = self.new_id(request, body)
        if taken or new_id in table:
            raise ApiError(409, "RESOURCE_ALREADY_EXISTS", f"{self.label} already exists")
        table[new_id] = self.fill(request, body | {self.id_key: new_id})
        return self.wrap(self.noted(request, table[new_id]))

    def replace(self, request: Request) -> Json:
        """Put another body in an object's place; what the server filled in stays."""
        held, body = self.one(request), self.body(request)
        self.check(request, body)
        stays = {key: held[key] for key in (*_KEPT_BY_SERVER, self.id_key) if key in held}
        fresh = self.fill(request, body) | stays
        held.clear()
        held.update(fresh)
        return self.wrap(self.noted(request, held))

    def update(self, request: Request) -> Json:
        """Change some fields of an object."""
        held = self.one(request)
        body = request.body or {}
        changes = body.get(self.wrapper, body) if self.wrapper else body
        mask = request.query.get("update_mask", "").replace("*", "")
        wanted = {part.partition(".")[0] for part in mask.split(",") if part}
        chosen = {k: v for k, v in changes.items() if not wanted or k in wanted}
        self.check(request, held | chosen)
        held.update({key: value for key, value in chosen.items() if key != self.id_key})
        return self.wrap(self.noted(request, held))

    def delete(self, request: Request) -> Json:
        """Remove an object that nothing needs any more."""
        held = self.one(request)
        user = self.in_use(request.account, held[self.id_key])
        if user:
            raise ApiError(400, "INVALID_STATE", f"{self.label} is in use by {user}")
        del self.realm(request).table(self.table)[request.params["id"]]
        return self.noted(request, held)

    def listing(self, request: Request) -> Json | list[Json]:
        """Every object."""
        items = list(self.realm(request).table(self.table).values())
        if self.envelope is None:
            return items
        return page(request, items, self.envelope, size=self.page_size)


def serve(routes: Routes, what: Collection, *verbs: str) -> None:
    """Register ``list get create put patch delete``, as asked for; admins only."""
    create, change, delete = what.audit
    one = what.path + "/{id}"
    known = {
        "list": ("GET", what.path, None, what.listing),
        "get": ("GET", one, None, lambda request: what.wrap(what.one(request))),
        "create": ("POST", what.path, create, what.create),
        "put": ("PUT", one, change, what.replace),
        "patch": ("PATCH", one, change, what.update),
        "delete": ("DELETE", one, delete, what.delete),
    }
    for verb in verbs:
        method, path, audit, handler = known[verb]
        routes.route(method, path, admin=True, feature=what.feature, audit=audit)(handler)

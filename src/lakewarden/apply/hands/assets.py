"""Whatever a workspace keeps: one hand a kind of the registry `lakewarden.assets`.

The document of an asset is its definition at `/spec`, with typed references for the ids of others,
and the digest of its bytes at `/content`. Who may do what with it is a thing of its own, and so is
whether it runs.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from lakewarden.apply.asset_lists import listed
from lakewarden.apply.catalogue import PERMISSIONS, Catalogue
from lakewarden.apply.contents import Contents
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.apply.shelf import Held, is_gone
from lakewarden.assets import places
from lakewarden.assets.canonical import body_of, digest, text
from lakewarden.assets.kind import Body, Call, Kind
from lakewarden.assets.registry import kinds
from lakewarden.backup.listing import filled
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

ASSET: Final = "asset."
ACL: Final = "acl."
LATE: Final = "late."
RUNNING: Final = "running."
_UNSURE: Final = frozenset({Cause.SERVER_ERROR, Cause.TIMEOUT, Cause.UNREACHABLE})
_AT_REST: Final = frozenset({"TERMINATED", "TERMINATING", "ERROR", "STOPPED", "STOPPING"})


class Asset(Hand):
    """One asset of a kind; the key of the target is its natural key."""

    def __init__(self, kind: Kind) -> None:
        self.asset = kind
        self.kind = f"{ASSET}{kind.name}"
        writes = (kind.create, kind.update, kind.delete)
        reads = (kind.listing.path if kind.listing else "", kind.detail, kind.one)
        self.calls = (
            *(f"GET {path}" for path in reads if path),
            *(f"{call.verb} {call.path}" for call in writes if call),
        ) or (f"GET {PERMISSIONS}/{kind.acl}/{{object_id}}",)

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return definition and digest of the content; None when there is no such asset."""
        catalogue = doors.catalogue(target.scope)
        held = catalogue.held(self.asset.name, target.key)
        if held is None:
            return None
        try:
            raw = catalogue.whole(held)
            content = catalogue.content(held, raw)
        except CallFailedError as error:
            if not is_gone(error):
                raise
            catalogue.gone(held.kind, held.key)
            return None
        if self.asset.skips and self.asset.detail and self.asset.skips(raw):
            return None
        found: dict[str, Any] = {"spec": catalogue.definition(held, raw)}
        if content is not None:
            found["content"] = digest(content)
        return found

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Make it, and note its id."""
        call = self.asset.create or self.asset.update
        if call is None:
            raise CallFailedError(Cause.MALFORMED, f"a {self.asset.name} cannot be made")
        catalogue = doors.catalogue(target.scope)
        try:
            answer = self._send(doors, call, target, wanted, None)
        except CallFailedError as error:
            if not _is_there(error) and not self._came(catalogue, target, error):
                raise
            self._look_again(catalogue, target)
            return  # it came with something else, or without an answer
        catalogue.made(self.asset.name, target.key, self._id(answer, target, wanted))

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Change it; the bytes that are overwritten are kept."""
        if self.asset.update is None:
            raise CallFailedError(Cause.MALFORMED, f"a {self.asset.name} cannot be changed")
        held = self._held(doors, target)
        self._keep(doors, target, held, found)
        self._send(doors, self.asset.update, target, wanted, held)
        doors.catalogue(target.scope).made(held.kind, held.key, held.id)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Remove it; its bytes are kept."""
        if self.asset.delete is None:
            raise CallFailedError(Cause.MALFORMED, f"a {self.asset.name} cannot be removed")
        held = self._held(doors, target)
        self._insist_without_values(doors.catalogue(target.scope), held)
        self._keep(doors, target, held, found)
        try:
            self._send(doors, self.asset.delete, target, {"spec": found.get("spec") or {}}, held)
        except CallFailedError as error:
            if not is_gone(error):
                raise
        doors.catalogue(target.scope).made(held.kind, held.key, held.id)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:  # noqa: ARG002  # keys make no difference
        """Return whether two values mean the same; of a whole, whether nothing is missing."""
        if place == "/spec":
            return covers(found, wanted)
        if place == "/content" and self.asset.content and self.asset.content.source == "secret":
            return True  # nobody reads it back
        return text(plain(found)) == text(plain(wanted))

    def _insist_without_values(self, catalogue: Catalogue, held: Held) -> None:
        """Refuse to remove what has values in it that nobody could give back."""
        for kind in kinds().values():
            form = kind.content.source if kind.content else ""
            if form != "secret" or kind.parent != self.asset.name or kind.listing is None:
                continue
            if any(True for _ in listed(catalogue.host, kind, held.id, held.key)):
                why = f"it has {kind.title} that were put in since"
                raise CallFailedError(Cause.MALFORMED, why)

    def _came(self, catalogue: Catalogue, target: Target, error: CallFailedError) -> bool:
        """Return whether it was made by a call of which nobody said how it ended."""
        if error.code and error.cause not in _UNSURE:
            return False
        self._look_again(catalogue, target)
        return catalogue.held(self.asset.name, target.key) is not None

    def _look_again(self, catalogue: Catalogue, target: Target) -> None:
        by_path = bool(self.asset.tree) and self.asset.listing is None
        catalogue.made(self.asset.name, target.key, "" if by_path else None)

    def _held(self, doors: Doors, target: Target) -> Held:
        held = doors.catalogue(target.scope).held(self.asset.name, target.key)
        if held is None:
            raise CallFailedError(Cause.NOT_FOUND, "it is gone")
        return held

    def _keep(self, doors: Doors, target: Target, held: Held, found: Json) -> None:
        if found.get("content"):
            catalogue = doors.catalogue(target.scope)
            doors.contents.keep(catalogue.content(held, catalogue.whole(held)) or b"")

    def _send(
        self, doors: Doors, call: Call, target: Target, wanted: Json, held: Held | None
    ) -> Any:
        catalogue = doors.catalogue(target.scope)
        asset = held.id if held else target.key
        body = None
        if call.body is not None:
            body = self._body(catalogue, call.body, wanted.get("spec") or {}, asset)
            if wanted.get("content"):
                body |= self._bytes(doors.contents, wanted["content"])
            if held is None and "overwrite" in body:
                body["overwrite"] = False
        parent = catalogue.parent(self.asset, target.key) if self.asset.parent else None
        names = {"id": asset, "key": target.key, "parent": parent.id if parent else ""}
        query = {name: str(value).format(**names) for name, value in call.query.items()}
        return catalogue.host.send(call.verb, filled(call.path, **names), body, query or None)

    def _body(
        self, catalogue: Catalogue, make: Callable[[Json, str], Body], spec: Json, asset: str
    ) -> Body:
        try:
            return make(body_of(self.asset, spec, catalogue.id_of), asset)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"its definition is not of the form that is known ({type(error).__name__})"
            raise CallFailedError(Cause.MALFORMED, what) from None
        except LookupError as error:
            kind, key = error.args
            raise CallFailedError(Cause.NOT_FOUND, f"there is no {kind} {key}") from None

    def _bytes(self, contents: Contents, name: str) -> dict[str, str]:
        form = self.asset.content
        if form is None:
            return {}
        if form.source == "secret":
            return {"bytes_value": base64.b64encode(contents.value(name)).decode()}
        field = form.name if form.source == "field" else "content"
        return {field: base64.b64encode(contents.get(name)).decode()}

    def _id(self, answer: Any, target: Target, wanted: Json) -> str | None:
        """Return the id of what was made: empty where it is to be looked up, None for unknown."""
        if not self.asset.id:
            return target.key
        if self.asset.tree and self.asset.listing is None:
            return ""
        name = self.asset.id.rpartition(".")[2]
        around = [answer, *(answer.values() if isinstance(answer, Mapping) else ())]
        for document in around:
            if isinstance(document, Mapping) and document.get(name):
                return str(document[name])
        found = next(places.values(wanted.get("spec") or {}, self.asset.id), None)
        return str(found) if isinstance(found, str | int) else None


class Late(Asset):
    """Fields of an asset that it takes only after it was made.

    Nothing before stands for whatever a new one has.
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind = f"{LATE}{kind.name}"

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Give it the fields, and no others where the call takes some alone."""
        if self.asset.update and self.asset.update.verb == "PATCH":
            was, spec = found.get("spec") or {}, wanted.get("spec") or {}
            wanted = {"spec": {n: v for n, v in spec.items() if text(v) != text(was.get(n))}}
        super().update(doors, target, found, wanted)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether two values mean the same."""
        return wanted is None or super().same(target, place, found, wanted)


class Acl(Hand):
    """Who was granted what on an asset itself, at `/acl`: the complete list of direct entries.

    Nothing before stands for whatever an asset has that was just made.
    """

    def __init__(self, kind: Kind) -> None:
        self.asset = kind
        self.kind = f"{ACL}{kind.name}"
        self.calls = (f"PUT {PERMISSIONS}/{kind.acl}/{{object_id}}",)

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the entries; None when there is no such asset."""
        catalogue = doors.catalogue(target.scope)
        held = catalogue.known(self.asset.name, target.key)
        if held is None:
            return None
        try:
            return {"acl": catalogue.acl(held)}
        except CallFailedError as error:
            if is_gone(error):
                return None
            raise

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the list has no etag
        """Replace the entries."""
        catalogue = doors.catalogue(target.scope)
        held = catalogue.known(self.asset.name, target.key)
        if held is None:
            raise CallFailedError(Cause.NOT_FOUND, "it is gone")
        body = {"access_control_list": wanted.get("acl") or []}
        catalogue.host.send("PUT", catalogue.acl_path(held), body)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:  # noqa: ARG002  # there is one place
        """Return whether two lists grant the same."""
        return wanted is None or _granted(found) == _granted(wanted)


class Running(Hand):
    """Whether an asset runs, at `/running`: what was just made is stopped."""

    def __init__(self, kind: Kind, stop: Call) -> None:
        self.asset = kind
        self.stop = stop
        self.kind = f"{RUNNING}{kind.name}"
        self.calls = (f"{stop.verb} {stop.path}",)

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return whether it runs; None when there is no such asset."""
        catalogue = doors.catalogue(target.scope)
        held = catalogue.held(self.asset.name, target.key)
        return None if held is None else {"running": held.raw.get("state") not in _AT_REST}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # there is one way
        """Stop it."""
        catalogue = doors.catalogue(target.scope)
        held = catalogue.held(self.asset.name, target.key)
        if held is None:
            raise CallFailedError(Cause.NOT_FOUND, "it is gone")
        if wanted.get("running"):
            raise CallFailedError(Cause.MALFORMED, "nothing is started here")
        body = self.stop.body({}, held.id) if self.stop.body else None
        catalogue.host.send(self.stop.verb, filled(self.stop.path, id=held.id), body)
        catalogue.made(held.kind, held.key, held.id)


def plain(value: Any) -> Any:
    """Return a value without what is empty, which means the same as absent."""
    if isinstance(value, Mapping):
        kept = {name: plain(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in (None, "", [], {})} or None
    if isinstance(value, list | tuple):
        return [plain(one) for one in value] or None
    return value


def covers(found: Any, wanted: Any) -> bool:
    """Return whether all that is wanted is there; a service may add values of its own."""
    if isinstance(wanted, Mapping):
        there = found if isinstance(found, Mapping) else {}
        return all(covers(there.get(name), one) for name, one in wanted.items())
    if isinstance(wanted, list | tuple) and isinstance(found, list | tuple):
        pairs = zip(found, wanted, strict=False)
        return len(found) == len(wanted) and all(covers(f, w) for f, w in pairs)
    return bool(plain(found) == plain(wanted)) or (wanted == "" and found is None)


def _is_there(error: CallFailedError) -> bool:
    return "ALREADY_EXISTS" in error.code or "already exists" in error.detail


def _granted(entries: Any) -> set[str]:
    return {text(entry) for entry in entries or ()}


HANDS: Final = (
    *(Asset(kind) for kind in kinds().values()),
    *(Late(kind) for kind in kinds().values() if kind.late or kind.circular),
    *(Acl(kind) for kind in kinds().values() if kind.acl),
    *(Running(kind, kind.stop) for kind in kinds().values() if kind.stop),
)

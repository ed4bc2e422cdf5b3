"""Listing what a workspace keeps, as its API answers: one function a way of listing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import quote

from lakewarden.assets import places
from lakewarden.assets.kind import Kind, Listing
from lakewarden.clients import paging
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause

Json = Mapping[str, Any]
_STATUS: Final = "/api/2.0/workspace/get-status"
_TREE: Final = "/api/2.0/workspace/list"
_AT_ONCE: Final = 16


def listed(host: DatabricksHost, listing: Listing, id: str = "", key: str = "") -> Iterator[Json]:  # noqa: A002  # the words of `Listing`
    """Yield the raw items of a list, those of one parent where the list has one.

    Raises:
        CallFailedError: it cannot be read to its end.
    """
    path = filled(listing.path, id=id, key=key)
    query = {
        name: value.format(id=id, key=key) if isinstance(value, str) else value
        for name, value in listing.query.items()
    }
    try:
        if not listing.envelope:
            yield host.get(path, query)
            return
        style = paging.Paging(listing.paging.value)
        get = _searcher(host) if listing.verb == "POST" else host.get
        yield from paging.items(
            get, path, listing.envelope, style, query=query, trust_empty=listing.trust_empty
        )
    except CallFailedError as error:
        if error.code not in listing.absent:
            raise


def fixed(host: DatabricksHost, kind: Kind) -> Iterator[Json]:
    """Yield the assets of a kind that has always the same ones.

    Raises:
        CallFailedError: they cannot be read.
    """
    if kind.listing is None:
        yield from ({"key": key} for key in kind.fixed)
    elif len(kind.fixed) > 1:
        yield from _valued(host, kind.listing.path, kind.fixed)
    else:
        yield from listed(host, kind.listing)


def tree(host: DatabricksHost) -> Iterator[Json]:
    """Yield all objects of the workspace tree; several folders are read at once.

    What is in a Git folder belongs to its repository, and is passed over.

    Raises:
        CallFailedError: a folder cannot be read.
    """
    yield status(host, "/")
    with ThreadPoolExecutor(_AT_ONCE, "tree") as pool:
        waiting = {pool.submit(_folder, host, "/")}
        while waiting:
            objects = waiting.pop().result()
            inner = [o["path"] for o in objects if o.get("object_type") == "DIRECTORY"]
            waiting |= {pool.submit(_folder, host, path) for path in inner}
            yield from objects


def status(host: DatabricksHost, path: str) -> Json:
    """Return one object of the workspace tree, as its folder lists it.

    Raises:
        CallFailedError: it cannot be read, or is not there.
    """
    found: Json = host.get(_STATUS, {"path": path})
    return found


def whole(host: DatabricksHost, kind: Kind, raw: Json, asset: str, key: str) -> Json:
    """Return an asset as a whole, where the list has a part of it only.

    Args:
        host: its workspace.
        kind: of asset.
        raw: what the list has of it.
        asset: its id.
        key: its key.

    Raises:
        CallFailedError: it cannot be read.
    """
    if not kind.detail:
        return raw
    path = filled(kind.detail, id=asset, key=key)
    found: dict[str, Any] = dict(host.get(path))
    page, seen = found, set[str]()
    while kind.paged and (token := page.get("next_page_token")):
        if token in seen:
            raise CallFailedError(Cause.MALFORMED, "the same page is announced twice")
        seen.add(token)
        page = host.get(path, {"page_token": token})
        for place in kind.paged:
            _append(found, page, place)
    return found


def filled(path: str, **values: str) -> str:
    """Return a path with values in the places of their names."""
    return path.format(**{name: quote(value, safe="") for name, value in values.items()})


def _append(found: dict[str, Any], page: Json, place: str) -> None:
    """Add what another page has at a place, each entry once."""
    above, _, name = place.rpartition(".")
    for holder in places.values(found, above) if above else (found,):
        known = list(holder.get(name) or ())
        more = next(places.values(page, place), None) or ()
        if known or more:
            holder[name] = [*known, *(entry for entry in more if entry not in known)]


def _searcher(host: DatabricksHost) -> Callable[[str, Json], Any]:
    return lambda path, body: host.send("POST", path, body)


def _folder(host: DatabricksHost, path: str) -> list[Json]:
    try:
        answer = host.get(_TREE, {"path": path})
    except CallFailedError as error:
        if error.cause is Cause.NOT_FOUND:
            return []  # it was removed meanwhile
        raise
    return list(answer.get("objects") or ())


def _valued(host: DatabricksHost, path: str, keys: Iterable[str]) -> Iterator[Json]:
    """Yield the values of switches; one that the workspace does not know spoils no other."""
    names = list(keys)
    try:
        answer = host.get(path, {"keys": ",".join(names)})
    except CallFailedError as error:
        if error.cause is not Cause.MALFORMED:
            raise
        if len(names) == 1:
            return
        for half in (names[: len(names) // 2], names[len(names) // 2 :]):
            yield from _valued(host, path, half)
        return
    for name in names:
        yield {"key": name, "value": answer.get(name)}

"""What a workspace keeps, listed as a backup lists it; here a list is whole, or an error."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from lakewarden.assets.kind import Kind
from lakewarden.backup.calls import LISTING, STATUS, Calls
from lakewarden.backup.listing import Lister
from lakewarden.backup.walk import Objects, Walk
from lakewarden.clients.databricks import DatabricksHost

Json = Mapping[str, Any]


def calls_of(host: DatabricksHost) -> Calls:
    """Return what reads a workspace; whoever changes something asks once, and says what failed."""
    return Calls(host, tries=1)


def listed(host: DatabricksHost, kind: Kind, id: str = "", key: str = "") -> Iterator[Json]:  # noqa: A002  # the words of `Listing`
    """Yield the assets of a kind as they are listed, those of one parent where it has one.

    Args:
        host: their workspace.
        kind: of asset.
        id: of the parent.
        key: of the parent.

    Raises:
        CallFailedError: they cannot be listed to their end.
    """
    lister = Lister(calls_of(host), [kind])
    found, failures = lister.inside(kind, id, key) if kind.parent else lister.listed(kind)
    if failures:
        raise failures[0]
    yield from (one.raw or {"key": one.key} for one in found)


def tree(host: DatabricksHost) -> list[Json]:
    """Return all objects of the workspace tree, without what is in Git folders.

    Raises:
        CallFailedError: a folder cannot be read.
    """
    found: list[Json] = []
    lock = threading.Lock()

    def take(objects: Objects) -> None:
        with lock:
            found.extend(objects)

    failures = Walk(calls_of(host), lambda _: True, take, threading.Event()).run()
    if failures:
        raise failures[0]
    return found


def status(host: DatabricksHost, path: str) -> Json:
    """Return one object of the workspace tree, as its folder lists it.

    Raises:
        CallFailedError: it cannot be read, or is not there.
    """
    found: Json = calls_of(host).get(LISTING, STATUS, {"path": path})
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
    return Lister(calls_of(host), [kind]).detail(kind, asset, key) if kind.detail else raw

"""A workspace as it is now: what a backup would read of it, and nothing is kept."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Final

from lakewarden.assets.canonical import spec_of, text
from lakewarden.assets.kind import Json, Kind
from lakewarden.assets.registry import kinds
from lakewarden.backup.blind import no_admin
from lakewarden.backup.calls import Calls
from lakewarden.backup.exporting import FORMATS, decoded, exported
from lakewarden.backup.listing import Lister, outcome
from lakewarden.backup.reader import insist_whole
from lakewarden.backup.shaping import Found, id_in, key_in
from lakewarden.backup.walk import Objects, Walk
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.hunt.document import LARGEST, Document, Form, Unread, too_large
from lakewarden.hunt.sources.folder import is_left_out
from lakewarden.store.vault.manifest import Status

_THREADS: Final = 24
_AHEAD: Final = 3
"""How many reads are under way for each thread."""
_HUNTED: Final = frozenset(
    {
        *("job", "pipeline", "cluster", "cluster_libraries", "cluster_policy", "instance_pool"),
        "global_init_script",
        *("warehouse", "warehouse_config", "query", "alert", "dashboard", "serving_endpoint"),
        *("notification_destination", "repo", "workspace_conf"),
    }
)
"""Kinds that have settings or code which people write; beside them, notebooks and files."""

Read = Callable[[], Document | Unread | None]


def documents(
    calls: Calls, *, exclude: Sequence[str] = (), largest: int = LARGEST
) -> Iterator[Document | Unread]:
    """Yield notebooks, files and definitions of a workspace.

    Args:
        calls: reads it.
        exclude: patterns of what is left out, by path or as `job nightly*`.
        largest: the most bytes of a document that is read.
    """
    if why := no_admin(calls):
        yield Unread("the workspace", why)
    chosen = [kind for kind in kinds().values() if kind.name in _HUNTED]
    with ThreadPoolExecutor(_THREADS, "hunt") as pool:
        reads: list[Read] = []
        for found, unread in _lists(calls, chosen, pool, exclude):
            yield from unread
            reads += found
        for document in _ahead(pool, reads):
            if isinstance(document, Document) and len(document.data) > largest:
                yield too_large(document.where, largest)
            elif document is not None:
                yield document


def _lists(
    calls: Calls, chosen: Sequence[Kind], pool: ThreadPoolExecutor, exclude: Sequence[str]
) -> Iterator[tuple[list[Read], list[Unread]]]:
    """Yield of each list what is to be read of it, and what could not be listed."""
    lister = Lister(calls, chosen)
    waiting = [pool.submit(_listed, lister, kind, exclude) for kind in chosen]
    yield _tree(calls, exclude)
    for listed in waiting:
        yield listed.result()


def _tree(calls: Calls, exclude: Sequence[str]) -> tuple[list[Read], list[Unread]]:
    found: list[Read] = []

    def take(objects: Objects) -> None:
        for raw in objects:
            path, kind = str(raw["path"]), str(raw.get("object_type"))
            if kind in FORMATS and not is_left_out(path, exclude):
                found.append(partial(_exported, calls, path, kind))

    failures = Walk(
        calls, lambda folder: not is_left_out(folder, exclude), take, threading.Event()
    ).run()
    return found, [Unread("the workspace tree", str(error)) for error in failures]


def _listed(lister: Lister, kind: Kind, exclude: Sequence[str]) -> tuple[list[Read], list[Unread]]:
    listed, failures = lister.listed(kind)
    ended = outcome(len(listed), failures)
    there = ended.status not in {Status.COMPLETE, Status.DISABLED}
    unread = [Unread(kind.title, error) for error in ended.errors] if there else []
    reads: list[Read] = []
    for one in listed:
        try:
            where = f"{kind.name} {key_in(kind, one)}"
        except (ValueError, AttributeError, TypeError, KeyError):
            unread.append(Unread(kind.title, "one of them has no name"))
            continue
        if not is_left_out(where, exclude):
            reads += _reads(lister, kind, one, where)
    return reads, unread


def _reads(lister: Lister, kind: Kind, one: Found, where: str) -> list[Read]:
    if not kind.detail:
        return [lambda: _definition(kind, one.raw, where)]
    read = partial(_read, lister, kind, one, where)
    reads: list[Read] = [partial(read, lambda whole: _definition(kind, whole, where))]
    if kind.content is not None and kind.content.source == "field":
        reads.append(partial(read, partial(_script, where, kind.content.name)))
    return reads


def _script(where: str, field: str, whole: Json) -> Document:
    return Document(where, decoded(whole.get(field)), form=Form.SCRIPT)


def _read(
    lister: Lister, kind: Kind, one: Found, where: str, made: Callable[[Json], Document | Unread]
) -> Document | Unread | None:
    """Return what is made of one asset as a whole, None for one that is listed no more."""
    identity = id_in(kind, one.raw)
    try:
        whole = lister.detail(kind, identity, where.partition(" ")[2])
        insist_whole(kind, whole)
        return made(whole)
    except CallFailedError as error:
        there = lister.ids(kind) if error.cause is Cause.NOT_FOUND else None
        gone = there is not None and identity not in there
        return None if gone else Unread(where, str(error))


def _definition(kind: Kind, raw: Json, where: str) -> Document | Unread:
    try:
        spec = spec_of(kind, raw, lambda *_: None)
    except (ValueError, AttributeError, TypeError, KeyError):
        return Unread(where, "its definition is not of the form that it should have")
    return Document(where, text(spec).encode("utf-8", "replace"), form=Form.ASSET)


def _exported(calls: Calls, path: str, kind: str) -> Document | Unread | None:
    try:
        return Document(path, exported(calls, path, kind))
    except CallFailedError as error:
        gone = error.cause is Cause.NOT_FOUND and calls.vanished(path)
        return None if gone else Unread(path, str(error))


def _ahead(pool: ThreadPoolExecutor, reads: Iterable[Read]) -> Iterator[Document | Unread | None]:
    """Yield what reads give, in their order, while the next ones are under way."""
    todo = iter(reads)
    waiting: deque[Future[Document | Unread | None]] = deque()
    waiting.extend(pool.submit(read) for read in islice(todo, _THREADS * _AHEAD))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(pool.submit(read) for read in islice(todo, 1))

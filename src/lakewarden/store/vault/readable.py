"""One asset as files that people read: a JSON document, and what it holds beside it.

`notebook/Users/a@b.c/x.json` has kind, key, spec, acl, digests and stamp; `workspace/…` has what is
at a path of the workspace, `content/<kind>/…` the content of all else. A part that would not come
back byte by byte from the document is a file of its own, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.assets.canonical import text
from lakewarden.store.vault.manifest import Entry, altered, is_digest
from lakewarden.store.vault.naming import Names, folders_of, parts_of

RUN: Final = "run.json"
WORKSPACE: Final = "workspace"
CONTENT: Final = "content"
_LANGUAGES: Final = {"PYTHON": ".py", "SQL": ".sql", "SCALA": ".scala", "R": ".r"}
_INLINE: Final = ("spec", "acl")


@dataclass(frozen=True, slots=True)
class Document:
    """What a JSON document says.

    Attributes:
        entry: the asset.
        inline: spec and acl, where they are in the document, by part.
        files: paths of the other parts.
    """

    entry: Entry
    inline: Mapping[str, bytes]
    files: Mapping[str, str]


def folders(entry: Entry) -> Iterator[str]:
    """Yield the folders that the files of an asset are in."""
    parts = parts_of(entry.key)
    yield from folders_of((entry.kind, *parts))
    yield from folders_of(_beside(entry, parts))


def files_of(
    entry: Entry, names: Names, get: Callable[[str], bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the files of an asset, the document last."""
    parts, owner = parts_of(entry.key), f"{entry.kind}\0{entry.key}"
    document: dict[str, Any] = {"kind": entry.kind, "key": entry.key}
    files: dict[str, str] = {}
    for part, digest in entry.blobs():
        data = get(digest)
        value = _value(data) if part in _INLINE else None
        if value is not None:
            document[part] = value
            continue
        ending = _ending(part, document.get("spec"))
        files[part] = names.path(_beside(entry, parts), ending, f"{owner}\0{part}")
        yield files[part], data
    if files:
        document["files"] = files
    document["sha256"] = {
        name: digest
        for name in ("spec", "acl", "content", "cipher")
        if (digest := getattr(entry, name))
    }
    if entry.stamp:
        document["stamp"] = entry.stamp
    yield names.path((entry.kind, *parts), ".json", owner), _pretty(document)


def document_of(data: bytes, where: str) -> Document:
    """Read a document.

    Raises:
        VaultError: it is none.
    """
    try:
        found = json.loads(data)
        digests = {name: str(digest) for name, digest in found["sha256"].items()}
        files = {name: str(path) for name, path in found.get("files", {}).items()}
        stamp = dict(found.get("stamp", {}))
        entry = Entry(str(found["kind"]), str(found["key"]), **digests, stamp=stamp)
        inline = {part: _bytes(found[part]) for part in _INLINE if part in found}
        same = _pretty(found) == data
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise altered("a file cannot be read", where) from None
    if not same or not all(map(is_digest, digests.values())):
        raise altered("a file is not as it was written", where)
    return Document(entry, inline, files)


def _beside(entry: Entry, parts: tuple[str, ...]) -> tuple[str, ...]:
    return (WORKSPACE, *parts) if entry.key.startswith("/") else (CONTENT, entry.kind, *parts)


def _ending(part: str, spec: Any) -> str:
    if part != "content":
        return ".age" if part == "cipher" else f".{part}"
    return _LANGUAGES.get(str(spec.get("language")), "") if isinstance(spec, dict) else ""


def _value(data: bytes) -> Any:
    """Return what JSON says, if it comes back from that byte by byte."""
    try:
        value = json.loads(data)
        return value if _bytes(value) == data else None
    except (ValueError, RecursionError):
        return None


def _pretty(document: Any) -> bytes:
    lines = json.dumps(document, indent=2, ensure_ascii=False)
    return f"{lines}\n".encode("utf-8", "surrogatepass")


def _bytes(value: Any) -> bytes:
    return text(value).encode("utf-8", "surrogatepass")

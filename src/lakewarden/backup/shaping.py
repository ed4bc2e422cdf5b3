"""What was read of an asset, as an item of the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lakewarden.assets.canonical import numbered
from lakewarden.assets.kind import Json, Kind
from lakewarden.assets.places import values
from lakewarden.store.vault.queue import Item

READ: Final = "read"
"""The stage of an item of which something is still to be read."""
TREE: Final = "tree"
"""Likewise, of one of the workspace tree."""
NAMED: Final = "named"
"""Likewise, of one whose key comes with its details."""
LEFT: Final = "left out"
"""The stage of a failed item that is not to be in the backup."""
UNSEEN: Final = "not found"
"""The stage of a failed item that was listed and then not found."""
REPO: Final = "repo"
"""The kind that the tree has more of than its list."""
NAMES: Final = "refers"
"""The field of a stamp with the keys that a list names by their ids."""
SETTING: Final = "setting"
"""The kind of which the list has no more than names."""
GONE: Final = "gone"
"""The stage of a failed item that vanished while it was to be read."""

_TIMES: Final = ("modified", "update")
"""What the name of a field has that changes with each change."""


@dataclass(frozen=True, slots=True)
class Found:
    """One asset as it was listed.

    Attributes:
        raw: what the list says of it.
        key: its key, where the list is one of fixed keys.
        parent: the key of its parent.
    """

    raw: Json
    key: str = ""
    parent: str = ""


def named_late(kind: Kind) -> bool:
    """Return whether the key of a kind's assets is only known by their details."""
    return bool(kind.detail) and kind.key_of is not None


def key_in(kind: Kind, found: Found) -> str:
    """Return the natural key of an asset, before those of one name are told apart.

    Raises:
        ValueError: it has none.
    """
    if found.key:
        return found.key
    if kind.key_of is not None:
        return kind.key_of(found.raw, found.parent)
    key = next(values(found.raw, kind.key), None)
    if key is None:
        raise ValueError(f"it has no {kind.key}")
    return str(key)


def id_in(kind: Kind, raw: Json) -> str:
    """Return the id of an asset; empty where the key is the id."""
    return str(next(values(raw, kind.id), "")) if kind.id else ""


def stamp_in(kind: Kind, raw: Json) -> dict[str, Any]:
    """Return the stamp of an asset: what tells cheaply whether it changed, and its age."""
    stamp = {name: raw[name] for name in kind.stamp if raw.get(name) is not None}
    created = next(values(raw, kind.created), None) if kind.created else None
    return stamp if created is None else {**stamp, "created": created}


def mark_of(kind: Kind, stamp: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the part of a stamp that changes with the asset; None when there is none."""
    mark = {name: stamp[name] for name in (*kind.stamp, NAMES) if name in stamp}
    return mark if any(part in name for name in mark for part in _TIMES) else None


def path_of(item: Item) -> str:
    """Return the path of an item of the workspace tree, as the tree has it."""
    return item.key.removeprefix("/Workspace") or "/"


def left_out(name: str) -> str:
    """Return the name of the note that has what of a kind, or of the tree, is not kept, and why."""
    return f"left out of {name}"


def told_apart(items: Sequence[Item]) -> list[Item]:
    """Return items of one kind with keys of their own: the oldest of a name has it plainly."""
    order = sorted(range(len(items)), key=lambda place: _age(items[place]))
    keys = numbered(base(items[place]) for place in order)
    renamed = {p: _renamed(items[p], key) for p, key in zip(order, keys, strict=True)}
    return [renamed[place] for place in range(len(items))]


def base(item: Item) -> str:
    """Return the key of an item as it would be if there were no other of that name."""
    return str(item.stamp.get("name", item.key))


def _renamed(item: Item, key: str) -> Item:
    name = base(item)
    stamp = {part: value for part, value in item.stamp.items() if part != "name"}
    stamp |= {"name": name} if name != key else {}
    return replace(item, key=key, id=item.id or key, stamp=stamp)


def _age(item: Item) -> tuple[str, str, str]:
    created = item.stamp.get("created", "")
    text = f"{created:020d}" if isinstance(created, int) else str(created)
    return base(item), text, item.id

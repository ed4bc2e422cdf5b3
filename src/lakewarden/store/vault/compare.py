"""What differs between two runs of a vault.

Nothing is concluded from what was not seen: an asset is new only where the run before listed its
kind to the end, and gone only where the other one did.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lakewarden.store.vault.manifest import Entry, Run
from lakewarden.store.vault.vault import Vault

_PARTS: Final = {"spec": "definition", "acl": "permissions", "content": "content"}
_VALUED: Final = "secret"
"""The kind of which a vault has no bytes to compare: what stands for a value is a keyed digest."""

Blob = Callable[[str], bytes]


class What(StrEnum):
    """What happened to an asset."""

    ADDED = "+"
    REMOVED = "-"
    CHANGED = "~"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Difference:
    """One asset that is not the same in both runs.

    Attributes:
        what: happened to it.
        kind: of asset.
        key: its natural key; empty for the kind as a whole.
        places: what of it differs, as `definition.schedule`.
        why: why nothing is known; empty where all is.
        digests: of each part that differs, that of the run before and of the one after.
    """

    what: What
    kind: str
    key: str
    places: tuple[str, ...] = ()
    why: str = ""
    digests: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "change": self.what.name.lower(),
            "kind": self.kind,
            "key": self.key,
            "places": list(self.places),
            "why": self.why,
        }


def compare(vault: Vault, before: Run, after: Run) -> Iterator[Difference]:
    """Yield each asset that differs, in order of kind and key; last what is not in both.

    Args:
        vault: has both runs.
        before: the older one.
        after: the newer one.

    Raises:
        VaultError: a part of either is missing or damaged.
    """
    kinds = before.collections.keys() & after.collections.keys()
    eyes = _Eyes(before), _Eyes(after)
    for old, new in pairs(vault.entries(before.id), vault.entries(after.id)):
        entry = new or old
        if entry is None or entry.kind not in kinds:
            continue
        if old is None:
            yield _alone(What.ADDED, entry, before.id, eyes[0])
        elif new is None:
            yield _alone(What.REMOVED, entry, after.id, eyes[1])
        elif found := _changed(vault.get, old, new, eyes):
            yield found
    for kind in sorted(before.collections.keys() ^ after.collections.keys()):
        lacking = after if kind in before.collections else before
        yield Difference(What.UNKNOWN, kind, "", why=f"is no part of {lacking.id}")


def pairs(
    old: Iterator[Entry], new: Iterator[Entry]
) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Yield entries of the same asset together; both come in order of kind and key."""
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        if after is None or (before is not None and before.order < after.order):
            yield before, None
            before = next(old, None)
        elif before is None or after.order < before.order:
            yield None, after
            after = next(new, None)
        else:
            yield before, after
            before, after = next(old, None), next(new, None)


def patch(blob: Blob, difference: Difference) -> Iterator[str]:
    """Yield the lines of a unified diff of what differs.

    Args:
        blob: returns the bytes of a digest.
        difference: a changed asset.

    Raises:
        VaultError: a blob is missing or damaged.
    """
    for part, digests in difference.digests.items():
        name = f"{difference.kind} {difference.key} ({_PARTS[part]})"
        if difference.kind == _VALUED and part == "content":
            yield f"{name}: another value"
            continue
        try:
            old, new = (_text(part, blob(d)) if d else [] for d in digests)
        except UnicodeDecodeError:
            yield f"{name}: bytes that are no text differ"
            continue
        yield from difflib.unified_diff(old, new, name, name, lineterm="")


class _Eyes:
    """What a run saw, and what it did not."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._unread = {(o.get("kind"), o.get("key")) for o in (*run.incomplete, *run.errors)}

    def missed(self, entry: Entry) -> str:
        """Return why an asset that is not in the run may have been there; empty if it was not."""
        if not self._run.collections[entry.kind].seen:
            return "not all of its kind was listed"
        if entry.order in self._unread:
            return "it could not be read"
        return "not all paths were asked for" if self._run.part_of_tree else ""

    def missed_parts(self, entry: Entry) -> bool:
        """Return whether what an asset lacks may have been there."""
        return entry.order in self._unread

    @property
    def values(self) -> bool:
        """Return whether values of secrets were asked for."""
        return bool(self._run.asked.get("values"))


def _alone(what: What, entry: Entry, where: str, eyes: _Eyes) -> Difference:
    """Return what became of an asset that one run does not have."""
    if why := eyes.missed(entry):
        return Difference(What.UNKNOWN, entry.kind, entry.key, why=f"is not in {where}: {why}")
    return Difference(what, entry.kind, entry.key)


def _changed(blob: Blob, old: Entry, new: Entry, eyes: tuple[_Eyes, _Eyes]) -> Difference | None:
    """Return in what an asset differs that both runs have."""
    digests: dict[str, tuple[str | None, str | None]] = {}
    unknown: list[str] = []
    for part, name in _PARTS.items():
        was, now = getattr(old, part), getattr(new, part)
        if was == now or (old.kind == _VALUED and eyes[0].values != eyes[1].values):
            continue
        lacks = (was is None and eyes[0].missed_parts(old)) or (
            now is None and eyes[1].missed_parts(new)
        )
        if lacks:
            unknown.append(name)
        else:
            digests[part] = was, now
    if not digests and not unknown:
        return None
    places = tuple(_places(blob, digests))
    why = f"{' and '.join(unknown)}: not read by both" if unknown else ""
    what = What.CHANGED if digests else What.UNKNOWN
    return Difference(what, old.kind, old.key, places, why, digests)


def _places(blob: Blob, digests: Mapping[str, tuple[str | None, str | None]]) -> Iterator[str]:
    for part, (was, now) in digests.items():
        if part != "spec":
            yield _PARTS[part]
            continue
        old, new = (json.loads(blob(d)) if d else {} for d in (was, now))
        yield from _differing(_PARTS[part], old, new)


def _differing(place: str, old: Any, new: Any) -> Iterator[str]:
    """Yield the places at which two documents differ; a list is one place."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield place
        return
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield from _differing(f"{place}.{name}", old.get(name), new.get(name))


def _text(part: str, data: bytes) -> list[str]:
    if part == "content":
        return data.decode().splitlines()
    return json.dumps(json.loads(data), indent=2, ensure_ascii=False, sort_keys=True).splitlines()

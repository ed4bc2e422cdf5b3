"""What was read and concluded, in a form that two deployments can be compared in.

Ids differ between two builds of one deployment, so they are replaced by the names that they go by,
or by their kind where they go by none; times differ, so only their being there counts; policies
may be written in more than one way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lakewarden.estate.catalog import KINDS
from lakewarden.estate.record import pack
from lakewarden.store.snapshots import DiskSnapshot

Fact = tuple[str, ...]

_UNNAMED: Final = re.compile(
    r"\b([a-z]+)(?:-[0-9a-f]{17}|/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
"""Ids without a name: of main route tables, default groups, interfaces, disks, AWS's own keys."""
_DRAWN: Final = frozenset({("region_interfaces", "addresses"), ("region_nats", "addresses")})
"""Fields with addresses that the simulated AWS draws by lot; only how many there are counts."""
_ZONE: Final = re.compile(r"(?<=<subnet\.)([\w-]+)-[ab](?=>)")
"""A subnet and its zone: of two that are alike, the one with the lower id is named."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:\+00:00|Z)?")


def facts_of(folder: Path, ids: Mapping[str, str]) -> dict[Fact, Any]:
    """Return every field of every AWS record of a snapshot, by kind, identity and field.

    Records without a name of their own share an identity, so each field is a list.
    """
    snapshot = DiskSnapshot.open(folder / "snapshot")
    found: dict[Fact, list[Any]] = {}
    for header in snapshot.headers():
        if header.scope != "aws":
            continue
        found[header.kind, "status"] = [header.status.value]
        for record in snapshot.collection(KINDS[header.kind], header.scope).seen():
            name = neutral(record.identity(), ids)
            for field, value in pack(record).items():
                key = header.kind, name, field
                drawn = (header.kind, field) in _DRAWN and isinstance(value, list)
                known = len(value) if drawn else canonical(value, ids)
                found.setdefault(key, []).append(known)
    return {key: sorted(values, key=str) for key, values in found.items()}


def verdicts_of(folder: Path, ids: Mapping[str, str]) -> dict[Fact, Any]:
    """Return the verdicts and reasons of a report, by control and subject."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    found: dict[Fact, list[tuple[str, str]]] = {}
    for finding in report["findings"]:
        subject = finding["subject"]
        name = neutral(str(subject["name"]), ids)
        key = finding["control"], subject["kind"], name, str(subject["workspace"])
        reason = _ZONE.sub(r"\1", neutral(finding["reason"], ids))
        parts = sorted(reason.split("; "))  # listed in order of ids
        found.setdefault(key, []).append((finding["verdict"], "; ".join(parts)))
    return {key: sorted(verdicts) for key, verdicts in found.items()}


def neutral(text: str, ids: Mapping[str, str]) -> str:
    """Replace ids by names or kinds, and times by a word."""
    for name, identity in ids.items():
        if name.split(".")[0] not in {"bucket", "role"}:
            text = text.replace(identity, f"<{name}>")
    return _TIME.sub("<time>", _UNNAMED.sub(r"<\1>", text))


def canonical(value: Any, ids: Mapping[str, str]) -> Any:
    """Write a value in one way: policies as objects, one-element lists bare, lists in order."""
    if isinstance(value, str):
        return _canonical_text(value, ids)
    if isinstance(value, Mapping):
        return {str(name): canonical(entry, ids) for name, entry in sorted(value.items())}
    if isinstance(value, list | tuple):
        entries = sorted((canonical(entry, ids) for entry in value), key=str)
        return entries[0] if len(entries) == 1 else entries
    return value


def _canonical_text(text: str, ids: Mapping[str, str]) -> Any:
    if text.startswith("{"):
        try:
            return canonical(json.loads(text), ids)
        except ValueError:
            pass
    return neutral(text, ids)

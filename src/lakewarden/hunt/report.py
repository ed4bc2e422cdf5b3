"""What a hunt found, for a terminal and as JSON. Fingerprints stand where secrets would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

from lakewarden.hunt.baseline import Sifted
from lakewarden.hunt.finding import Finding, Place, Result
from lakewarden.report.view import visible

SCHEMA: Final = "lakewarden.hunt/1"
_FINGERPRINT: Final = 12
_MEGABYTE: Final = 1_000_000


def write_table(result: Result, sifted: Sifted, stream: TextIO) -> None:
    """Write one line a finding, and then what was scanned and what was not."""
    stream.writelines(visible(line.replace("\n", "\\n")) + "\n" for line in _lines(result, sifted))


def write_json(result: Result, sifted: Sifted, stream: TextIO) -> None:
    """Write everything as one JSON document."""
    json.dump(
        {
            "schema": SCHEMA,
            "engine": result.engine,
            "scanned": result.scanned,
            "total": result.total,
            "bytes": result.size,
            "unread": [{"where": u.where, "why": u.why} for u in result.unread],
            "findings": [_row(finding) for finding in sifted.open],
            "accepted": [_row(finding) for finding in sifted.accepted],
            "expired": [str(entry) for entry in sifted.expired],
            "stale": [str(entry) for entry in sifted.stale],
        },
        stream,
        indent=2,
    )
    stream.write("\n")


def spelt(place: Place) -> str:
    """Return a place in words: `etl.py:12:9 (cell 3, line 2)`."""
    text = f"{place.where}!{place.member}" if place.member else place.where
    if place.line:
        text += f":{place.line}" + (f":{place.column}" if place.column else "")
    if place.cell:
        line = f", line {place.cell_line}" if place.cell_line else ""
        text += f" (cell {place.cell}{line}{', printed' if place.output else ''})"
    return text + (f" in commit {place.commit}" if place.commit else "")


def _row(finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "where": place.where,
        "member": place.member or None,
        "line": place.line or None,
        "column": place.column or None,
        "cell": place.cell or None,
        "cell_line": place.cell_line or None,
        "output": place.output,
        "commit": place.commit or None,
        "fingerprint": finding.fingerprint,
    }


def _lines(result: Result, sifted: Sifted) -> Iterator[str]:
    for finding in sifted.open:
        yield (
            f"{finding.severity.value:8}  {spelt(finding.place)}  {finding.name}"
            f" [{finding.rule} {finding.fingerprint[:_FINGERPRINT]}]"
        )
    if sifted.open:
        yield ""
    for entry in sifted.expired:
        yield f"No longer accepted since {entry.expires}: {entry} ({entry.reason})"
    for entry in sifted.stale:
        yield f"Accepted, and not found any more: {entry} ({entry.reason})"
    for unread in result.unread:
        yield f"Not scanned: {unread.where}: {unread.why}"
    secrets = len({finding.fingerprint for finding in sifted.open})
    yield (
        f"Scanned {result.scanned} of {result.total} documents"
        f" ({result.size / _MEGABYTE:.1f} MB, {result.engine}):"
        f" {secrets} {'secret' if secrets == 1 else 'secrets'} in {len(sifted.open)} places"
        + (f", {len(sifted.accepted)} accepted" if sifted.accepted else "")
    )

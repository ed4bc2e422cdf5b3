"""What a hunt found as SARIF 2.1.0, which code hosts show beside the lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, TextIO
from urllib.parse import quote

from lakewarden import __version__
from lakewarden.hunt.baseline import Sifted
from lakewarden.hunt.finding import Finding, Result
from lakewarden.hunt.report import spelt
from lakewarden.hunt.rule import Rule
from lakewarden.ledger.finding import Severity
from lakewarden.report.view import visible

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SCORES: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}


def write(result: Result, sifted: Sifted, rules: Sequence[Rule], stream: TextIO) -> None:
    """Write a hunt as one SARIF log; what is accepted is in it, and suppressed."""
    named = {finding.rule for finding in (*sifted.open, *sifted.accepted)}
    used = [rule for rule in rules if rule.id in named]
    places = {rule.id: number for number, rule in enumerate(used)}
    run = {
        "tool": {
            "driver": {
                "name": "lakewarden",
                "version": __version__,
                "rules": [_rule(rule) for rule in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not result.unread,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": visible(f"Not scanned: {u.where}: {u.why}")},
                    }
                    for u in result.unread
                ],
            }
        ],
        "properties": {"scanned": result.scanned, "total": result.total},
        "results": [
            *(_result(finding, places) for finding in sifted.open),
            *(
                {**_result(finding, places), "suppressions": [{"kind": "external"}]}
                for finding in sifted.accepted
            ),
        ],
    }
    json.dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, stream, indent=2)
    stream.write("\n")


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.name},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"security-severity": _SCORES[rule.severity], "tags": ["security", "secret"]},
    }


def _result(finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    place = finding.place
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.where)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
        if place.column:
            physical["region"]["startColumn"] = place.column
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.cell or place.member:
        inner = [place.member] if place.member else []
        inner += [f"cell {place.cell}"] if place.cell else []
        location["logicalLocations"] = [{"fullyQualifiedName": visible(" ".join(inner))}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": places[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": visible(f"{finding.name} in {spelt(place)}")},
        "locations": [location],
        "partialFingerprints": {"lakewardenSecret/v1": finding.fingerprint},
        "properties": {"commit": place.commit} if place.commit else {},
    }


def _uri(path: str) -> str:
    """Return a path as a relative address, bytes of its name that are no UTF-8 as they are."""
    try:
        return quote(path, safe="/", errors="surrogateescape")
    except UnicodeEncodeError:  # the name of an asset may have half a character
        return quote(path, safe="/", errors="replace")

"""The baseline: findings that somebody has accepted, each with a reason and until a day."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.errors import UsageError
from lakewarden.hunt.document import Unread
from lakewarden.hunt.finding import Finding
from lakewarden.report.view import visible

_FIELDS: Final = {"fingerprint": str, "rule": str, "where": str, "reason": str, "expires": date}


@dataclass(frozen=True, slots=True)
class Accepted:
    """An entry of the baseline.

    Attributes:
        reason: why it is accepted.
        expires: the last day on which it is.
        fingerprint: the keyed hash of the secret; empty for any.
        rule: the rule; empty for any.
        where: a pattern of paths; empty for any.
    """

    reason: str
    expires: date
    fingerprint: str = ""
    rule: str = ""
    where: str = ""

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is one that it speaks of."""
        return (
            self.fingerprint in {"", finding.fingerprint}
            and self.rule in {"", finding.rule}
            and (not self.where or fnmatchcase(finding.place.where, self.where))
        )

    def __str__(self) -> str:
        told = (self.fingerprint[:12], self.rule, self.where)
        return " ".join(filter(None, told))


@dataclass(frozen=True, slots=True)
class Sifted:
    """Findings held against a baseline.

    Attributes:
        open: those that count.
        accepted: those that do not.
        expired: entries whose day has passed, and whose findings count again.
        stale: entries that nothing was found for.
    """

    open: Sequence[Finding]
    accepted: Sequence[Finding]
    expired: Sequence[Accepted]
    stale: Sequence[Accepted]


def parse(text: str, where: str, key_id: str) -> tuple[Accepted, ...]:
    """Read a baseline.

    Args:
        text: the file.
        where: its name.
        key_id: which key fingerprints are made with here.

    Raises:
        UsageError: it is not TOML, an entry is impossible, or its fingerprints are of another key.
    """
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {error}", where=where) from None
    extra = set(read) - {"key", "accepted"}
    entries = read.get("accepted", [])
    if extra or not isinstance(entries, list):
        name = min(extra, default="accepted")
        raise UsageError(f"has {name!r}, which a baseline does not have", where=where)
    found = tuple(_entry(entry, f"{where}: entry {n}") for n, entry in enumerate(entries, 1))
    if any(entry.fingerprint for entry in found) and read.get("key", key_id) != key_id:
        raise UsageError(
            "its fingerprints were made with another key than there is here",
            where=where,
            next_step="Name its file in LAKEWARDEN_HUNT_KEY, or accept by rule and path",
        )
    return found


def _entry(entry: Any, where: str) -> Accepted:
    fault = _fault(entry)
    if fault:
        raise UsageError(fault, where=where, next_step="docs/hunt.md has the format")
    return Accepted(**entry)


def _fault(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return "is no table"
    for name, value in entry.items():
        if name not in _FIELDS:
            return f"has {name!r}, which an entry does not have"
        if type(value) is not _FIELDS[name]:
            return f"{name} is not a {'day' if name == 'expires' else 'text'}"
    return _lack(entry)


def _lack(entry: Mapping[str, Any]) -> str:
    if not entry.get("reason", "").strip():
        return "has no reason"
    if "expires" not in entry:
        return "has no day on which it expires"
    if not entry.get("fingerprint") and not (entry.get("rule") and entry.get("where")):
        return "names neither a fingerprint nor a rule and a path"
    return ""


def sift(findings: Iterable[Finding], accepted: Sequence[Accepted], today: date) -> Sifted:
    """Hold findings against a baseline."""
    valid = [entry for entry in accepted if entry.expires >= today]
    expired = [entry for entry in accepted if entry.expires < today]
    used: set[Accepted] = set()
    left: list[Finding] = []
    taken: list[Finding] = []
    for finding in findings:
        covering = [entry for entry in accepted if entry.covers(finding)]
        used.update(covering)
        (taken if any(entry in valid for entry in covering) else left).append(finding)
    stale = [entry for entry in accepted if entry not in used]
    return Sifted(left, taken, [e for e in expired if e in used], stale)


def written(findings: Iterable[Finding], key_id: str, unread: Iterable[Unread] = ()) -> str:
    """Return a baseline of findings, for somebody to give reasons and days in.

    Args:
        findings: what is to be accepted.
        key_id: which key the fingerprints are made with.
        unread: what was not looked through, and is told in comments.
    """
    lines = [f'key = "{key_id}"', ""]
    told = (f"# Not scanned: {one.where}: {one.why}" for one in unread)
    lines += [visible(line.replace("\n", "\\n")) for line in told]
    for finding in findings:
        lines += [
            "[[accepted]]",
            f'fingerprint = "{finding.fingerprint}"',
            f'rule = "{finding.rule}"',
            f"where = {_quoted(_literal(finding.place.where))}",
            'reason = ""',
            "# expires = 2027-01-31",
            "",
        ]
    return "\n".join(lines)


def _literal(path: str) -> str:
    """Return a pattern that matches a path, and nothing else unless TOML cannot have its letters.

    Bytes of a name that are no UTF-8 come as halves of letters; any one letter stands for each.
    """
    marks = {"*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join("?" if "\ud800" <= char <= "\udfff" else marks.get(char, char) for char in path)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

r"""`Rule`: one kind of secret: how it is found on a line, and what must hold of what is found.

A rule is an entry of a TOML file in `rules/`:

    [[rules]]
    id = "databricks-token"
    name = "Databricks personal access token"
    severity = "critical"
    keywords = ["dapi"]                              # lower case; every match has one of them
    pattern = '\b(dapi[0-9a-f]{32}(?:-[0-9]{1,2})?)\\b'
    check = ["digits"]                               # names in checks.py
    entropy = 2.6                                    # bits a character, at least
    examples = ['token = "dapi<hex:32>"']            # must be found; <…> is filled in by samples.py
    near_misses = ['token = "dapi<hex:30>"']         # must not be

A pattern is read by two engines, so that it has no look-around and no reference back. It is tried
on one line, unless `block` says on how many bytes from the line that `trigger` finds. The secret is
its group `secret`, or else the first numbered group that took part.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

from lakewarden.errors import UsageError
from lakewarden.hunt.checks import CHECKS
from lakewarden.ledger.finding import Severity

SEPARATOR: Final = r"""\\?["'\])]{0,3}\s{0,6}(?:=>|:=|[:=,]|\s)\s{0,6}\\?["']?"""
"""What stands between a name and its value: `<sep>` in a pattern."""
_REFUSED: Final = re.compile(
    r"\(\?(?:[=!>(#]|<[=!]|P=|[a-zA-Z]*[imsxLua][a-zA-Z]*[-:)])|\\[1-9ABZGXRK]|[*+?}]\+"
)
_FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "id": str,
    "name": str,
    "severity": str,
    "keywords": list,
    "pattern": str,
    "trigger": str,
    "block": int,
    "ignore_case": bool,
    "generic": bool,
    "settings": bool,
    "check": list,
    "entropy": (int, float),
    "examples": list,
    "near_misses": list,
}
_NEEDED: Final = ("id", "name", "severity", "keywords", "pattern", "examples", "near_misses")


@dataclass(frozen=True)
class Rule:
    """One kind of secret.

    Attributes:
        id: `databricks-token`.
        name: what people call it.
        severity: how much it matters that one lies open.
        keywords: lower-case texts; whatever the rule finds has one of them on its line.
        source: the pattern, `<sep>` filled in.
        trigger: finds the line where to begin; the pattern itself unless it takes more than a line.
        block: how many bytes from there the pattern is tried on; 0 for the line alone.
        ignore_case: whether letters stand for both cases.
        generic: whether it goes by names and not by a format, so that a format is preferred.
        settings: whether it is for settings, where values stand without quotes, and not for code.
        checks: what must hold of the secret.
        entropy: the least bits a character.
        examples: texts in which it must be found.
        near_misses: texts in which it must not.
    """

    id: str
    name: str
    severity: Severity
    keywords: tuple[str, ...]
    source: str
    trigger: str
    block: int
    ignore_case: bool
    generic: bool
    settings: bool
    checks: tuple[str, ...]
    entropy: float
    examples: tuple[str, ...]
    near_misses: tuple[str, ...]

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """Return the compiled pattern; one that ignores case is for text in lower case."""
        source = _lowered(self.source) if self.ignore_case else self.source
        return re.compile(source.encode(), re.MULTILINE)

    @cached_property
    def beginning(self) -> re.Pattern[bytes]:
        """Return the compiled trigger, for a pattern that takes several lines."""
        return re.compile(self.trigger.encode(), re.MULTILINE)

    @cached_property
    def secrets(self) -> tuple[int, ...]:
        """Return the groups of the pattern that hold a secret, if they took part."""
        named = dict(self.pattern.groupindex)
        first = [named["secret"]] if "secret" in named else []
        return (*first, *(n for n in range(1, self.pattern.groups + 1) if n not in named.values()))

    @cached_property
    def name_group(self) -> int:
        """Return the group with the name that a secret is assigned to, 0 for none."""
        return self.pattern.groupindex.get("name", 0)

    @cached_property
    def rest_group(self) -> int:
        """Return the group with the end of that name; there is one where its beginning is cut."""
        return self.pattern.groupindex.get("rest", 0)

    def secret(self, match: re.Match[bytes]) -> tuple[int, int]:
        """Return from where to where the secret of a match lies."""
        for group in self.secrets:
            if match.start(group) >= 0:
                return match.span(group)
        return match.span()


def _lowered(source: str) -> str:
    """Return a pattern that matches in lower case what the given one matches in any."""
    parts = re.finditer(r"\\.|\(\?P<\w+>|.", source, re.DOTALL)
    return "".join(p[0] if p[0][0] == "\\" or len(p[0]) > 1 else p[0].lower() for p in parts)


@cache
def library() -> tuple[Rule, ...]:
    """Return every rule that comes with the package, formats first."""
    folder = files("lakewarden.hunt") / "rules"
    texts = sorted((f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name[0] != "_")
    rules = [rule for name, text in texts for rule in parse(text, name)]
    return tuple(sorted(rules, key=lambda rule: rule.generic))


def parse(text: str, where: str) -> list[Rule]:
    """Read a file of rules.

    Raises:
        UsageError: it is not TOML, or a rule in it says something impossible.
    """
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {error}", where=where) from None
    entries = read.pop("rules", [])
    if read or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        what = f"has {min(read)!r}" if read else "has rules that are no tables"
        raise UsageError(
            what, where=where, next_step="A file of rules has [[rules]] and nothing else"
        )
    rules = [_rule(entry, where) for entry in entries]
    twice = {rule.id for rule in rules if sum(r.id == rule.id for r in rules) > 1}
    if twice:
        raise UsageError(f"has two rules {min(twice)}", where=where)
    return rules


def _rule(entry: Mapping[str, Any], where: str) -> Rule:
    place = f"{where}: {entry.get('id', 'a rule without an id')}"
    fault = _fault(entry)
    if fault:
        raise UsageError(fault, where=place, next_step="docs/hunt.md has the format of rules")
    source = entry["pattern"].replace("<sep>", SEPARATOR)
    return Rule(
        id=entry["id"],
        name=entry["name"],
        severity=Severity(entry["severity"]),
        keywords=tuple(entry["keywords"]),
        source=source,
        trigger=entry.get("trigger", source),
        block=entry.get("block", 0),
        ignore_case=entry.get("ignore_case", False),
        generic=entry.get("generic", False),
        settings=entry.get("settings", False),
        checks=tuple(entry.get("check", ())),
        entropy=float(entry.get("entropy", 0)),
        examples=tuple(entry["examples"]),
        near_misses=tuple(entry["near_misses"]),
    )


def _fault(entry: Mapping[str, Any]) -> str:
    for key in _NEEDED:
        if key not in entry:
            return f"has no {key}"
    for key, value in entry.items():
        if key not in _FIELDS:
            return f"has {key!r}, which rules do not have"
        if not _is_of(value, _FIELDS[key]):
            return f"{key} is of the wrong type"
    return _impossible(entry)


def _is_of(value: Any, kind: type | tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, list):
        return kind is list and all(isinstance(text, str) for text in value)
    return isinstance(value, kind)


def _impossible(entry: Mapping[str, Any]) -> str:
    if entry["severity"] not in list(Severity):
        return f"severity is {entry['severity']!r}, and none of {', '.join(Severity)}"
    for name in entry.get("check", ()):
        if name not in CHECKS:
            return f"there is no check {name!r}"
    if entry.get("block", 0) < 0:
        return "block is less than nothing"
    if any(word != word.lower() or not word for word in entry["keywords"]):
        return "a keyword is empty or not in lower case"
    return next(filter(None, (unfit(entry[k]) for k in ("pattern", "trigger") if k in entry)), "")


def unfit(pattern: str) -> str:
    """Return why a pattern cannot be read by both engines; empty when it can."""
    refused = _REFUSED.search(pattern.replace("<sep>", SEPARATOR).replace("\\\\", ""))
    if refused:
        return f"its pattern has {refused[0]!r}, which only one of the engines reads"
    try:
        re.compile(pattern.replace("<sep>", SEPARATOR).encode())
    except re.error as error:
        return f"its pattern is no regular expression: {error}"
    return ""

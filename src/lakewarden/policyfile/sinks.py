"""`[[sinks]]` of the policy file: who is told of alerts, and how.

A secret never stands in the file: `url_env`, `secret_env` and `password_env` name the environment
variables that hold one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

Fail = Callable[[str, str, str], NoReturn]
Check = Callable[[Any], tuple[str, str] | None]

SEVERITIES: Final = ("low", "medium", "high", "critical")
FORMATS: Final = ("lakewarden", "ocsf")
_TLS: Final = ("starttls", "tls", "none")
_COMMON: Final = ("name", "type", "severity", "rules", "grown")
_TYPES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "terminal": ((), ()),
    "jsonl": (("file",), ("format",)),
    "webhook": ((), ("url", "url_env", "secret_env", "format")),
    "slack": (("url_env",), ()),
    "sns": (("topic",), ("aws_profile",)),
    "mail": (("host", "from", "to"), ("port", "tls", "user", "password_env")),
}
"""What each type of sink has to say, and what it may say."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+")
_ADDRESS: Final = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_URL: Final = re.compile(r"https?://[^\s@?#/]+(/[^\s@?#]*)?")
_HOST: Final = re.compile(r"[A-Za-z0-9.:-]+")


@dataclass(frozen=True, slots=True)
class SinkTable:
    """One sink.

    Attributes:
        name: what it is called.
        type: `terminal`, `jsonl`, `webhook`, `slack`, `sns` or `mail`.
        severity: it is told of alerts from this severity on.
        rules: patterns of the ids of rules that it is told about.
        grown: whether it is told again whenever there is more of an alert.
        options: what its type says.
    """

    name: str
    type: str
    severity: str = "low"
    rules: tuple[str, ...] = ("*",)
    grown: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def sinks(tables: object, fail: Fail) -> tuple[SinkTable, ...]:
    """Return the sinks that a policy file describes.

    Args:
        tables: what stands under `sinks`.
        fail: raises, given a place, what is wrong there, and the next step.
    """
    if not isinstance(tables, list):
        fail("sinks", "is not a list of tables", "Write each as [[sinks]]")
    found: list[SinkTable] = []
    for number, table in enumerate(tables, 1):
        one = _sink(f"sinks[{number}]", table, fail)
        if any(one.name == other.name for other in found):
            fail(f"sinks[{number}].name", f"{one.name!r} is there twice", "Give each its own")
        found.append(one)
    return tuple(found)


def _sink(place: str, table: object, fail: Fail) -> SinkTable:
    if not isinstance(table, Mapping):
        fail(place, "is not a table", "Write each as [[sinks]]")
    kind = table.get("type")
    if kind not in tuple(_TYPES):
        fail(f"{place}.type", f"{kind!r} is no type of sink", f"Use {', '.join(_TYPES)}")
    required, optional = _TYPES[kind]
    known = (*_COMMON, *required, *optional)
    for name, value in table.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {close[0]}?" if close else f"Use {', '.join(known)}"
            fail(place, f"unknown name {name!r} for a sink of type {kind}", hint)
        problem = _CHECKS[name](value)
        if problem:
            fail(f"{place}.{name}", *problem)
    _complete(place, table, required, fail)
    return SinkTable(
        name=table["name"],
        type=kind,
        severity=table.get("severity", "low"),
        rules=tuple(table.get("rules", ("*",))),
        grown=table.get("grown", False),
        options={name: table[name] for name in (*required, *optional) if name in table},
    )


def _complete(place: str, table: Mapping[str, Any], required: tuple[str, ...], fail: Fail) -> None:
    for name in ("name", *required):
        if name not in table:
            fail(place, f"has no {name}", f"Add {name} to it")
    if table["type"] == "webhook" and len({"url", "url_env"} & table.keys()) != 1:
        fail(place, "says not once where it is", "Add url, or url_env where the URL is a secret")
    if "password_env" in table and "user" not in table:
        fail(place, "has a password and no user", "Add user to it")
    if "password_env" in table and table.get("tls") == "none":
        fail(f"{place}.tls", "would send a password in the clear", 'Use "starttls" or "tls"')


def _like(pattern: re.Pattern[str], what: str, step: str) -> Check:
    def problem(value: Any) -> tuple[str, str] | None:
        fine = isinstance(value, str) and pattern.fullmatch(value)
        return None if fine else (f"{value!r} is no {what}", step)

    return problem


def _listed(pattern: re.Pattern[str], what: str, step: str) -> Check:
    one = _like(pattern, what, step)

    def problem(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, list) or not value:
            return f"is no list of {what}s", step
        return next(filter(None, map(one, value)), None)

    return problem


def _one_of(choices: tuple[str, ...]) -> Check:
    def problem(value: Any) -> tuple[str, str] | None:
        step = f"Use {', '.join(choices)}"
        return None if value in choices else (f"{value!r} is none of them", step)

    return problem


def _port(value: Any) -> tuple[str, str] | None:
    fine = type(value) is int and 0 < value < 1 << 16
    return None if fine else (f"{value!r} is no port", "Write one like 587")


def _flag(value: Any) -> tuple[str, str] | None:
    return None if isinstance(value, bool) else (f"{value!r} is not true or false", "Use one")


def _hidden(pattern: re.Pattern[str], step: str) -> Check:
    """Check without showing the value: somebody may have put the secret itself there."""

    def problem(value: Any) -> tuple[str, str] | None:
        fine = isinstance(value, str) and pattern.fullmatch(value)
        return None if fine else ("is not what belongs here", step)

    return problem


_ENV: Final = _hidden(_VARIABLE, "Name the environment variable that holds it, like SLACK_URL")
_TEXT: Final = _like(re.compile(r"[^\x00-\x1f\x7f]+"), "text in one line", "Write it in quotes")
_CHECKS: Final[Mapping[str, Check]] = {
    "name": _like(re.compile(r"[\w.-]+"), "name", "Use letters, digits, dots and dashes"),
    "type": _one_of(tuple(_TYPES)),
    "severity": _one_of(SEVERITIES),
    "rules": _listed(re.compile(r"\S+"), "pattern", 'Write it as ["login.*"]'),
    "grown": _flag,
    "format": _one_of(FORMATS),
    "url": _hidden(_URL, "Write a plain http or https URL; one with a secret goes by url_env"),
    "url_env": _ENV,
    "secret_env": _ENV,
    "password_env": _ENV,
    "topic": _like(_TOPIC, "ARN of a topic", "Write arn:aws:sns:REGION:ACCOUNT:NAME"),
    "aws_profile": _TEXT,
    "host": _like(_HOST, "host", "Write its name, without a port"),
    "from": _like(_ADDRESS, "address of mail", "Write it as security@example.com"),
    "port": _port,
    "tls": _one_of(_TLS),
    "user": _TEXT,
    "file": _TEXT,
    "to": _listed(_ADDRESS, "address of mail", 'Write it as ["soc@example.com"]'),
}

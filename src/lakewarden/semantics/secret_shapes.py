"""What a setting's value looks like: a reference to a secret, the secret itself, or neither.

Values of settings are never kept. What is kept in their place says what they looked like, so that
judging can tell a secret in the clear from an ordinary value without anybody seeing either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

WITHHELD: Final = "[withheld]"
"""Stands for an ordinary value."""
REFERENCE: Final = "[withheld: secret reference]"
"""Stands for `{{secrets/scope/key}}`."""
_SHAPED: Final = "[withheld: looks like "

SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Databricks token": re.compile(r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
    "a Databricks client secret": re.compile(r"\bdose[0-9a-f]{32}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_\w{22,})"),
    "a GitLab token": re.compile(r"\bglpat-[\w-]{20}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}"),
    "an Azure storage key": re.compile(r"(?i)\baccountkey=[a-z0-9+/]{40,}={0,2}"),
    "an Azure shared access signature": re.compile(r"[?&]sig=[\w%+/=-]{20,}"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a bearer token": re.compile(r"(?i)\bbearer\s+(?=\S*\d)[\w.~+/-]{20,}"),
    "an AWS secret key": re.compile(
        r"(?i)secret[_.-]?(?:access[_.-]?)?key['\"]?\s*[=:,]\s*['\"]?[a-z0-9/+]{40}(?![\w/+])"
    ),
    "a password in a URL": re.compile(
        r"(?i)\b[a-z][a-z0-9+.:-]*://[^\s/:@]*:[^\s/:@]+@|\bjdbc:oracle:\w+:[^\s/@:]+/[^\s/@]+@"
    ),
    "a password": re.compile(
        r"(?i)(?:^|[\s;?&,'\"(_-])(?:password|passwd|pwd|secret|token|api[_-]?key)"
        r"(?:\s*=\s*|['\"]\s*:\s*|:)['\"]?"
        r"(?!(?:true|false|null|none|\d+)\b|[\w.]+[(\[]|[<*])[^\s'\"&;,)]{4,}"
    ),
}
"""What credentials look like wherever they stand, by what people call them."""

_REFERENCE: Final = re.compile(r"\{\{\s*secrets/[^{}]+\}\}")
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$\w+")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_NAME: Final = re.compile(
    r"\b(?:password|passwd|pwd|passphrase|secret|token|sas|apikey"
    r"|(?:access|account|api|private|shared|storage|encryption) key)\b"
)
_ABOUT: Final = re.compile(
    r"\b(?:id|name|scope|provider|type|class|endpoint|url|uri|path|file|enabled|required|expiry"
    r"|days|hours|minutes|seconds|lifetime|ttl|count|length|max|min|limit|version|mode|algorithm)$"
)
"""Last words of settings that are about a secret and do not hold one."""
_NO_SECRET: Final = re.compile(
    r"(?i)|true|false|none|null|yes|no|on|off|[-+]?\d+(?:\.\d+)?[a-z]{0,2}"
    r"|[a-z_]\w*(?:\.[a-z_$][\w$]*){2,}|(?:[a-z0-9]+:)?/.*|\*+"
)
"""Switches, numbers, class names, paths, addresses and stars."""
_PASSWORD: Final = re.compile(r"(?i)(?:password|passwd|pwd|passphrase)$")
_PIN: Final = 4
"""The fewest digits that are a password and no switch."""
_ASSIGNMENT: Final = re.compile(r"(?m)^\s*(?:export\s+)?([A-Za-z_]\w*)=['\"]?([^\s'\"]+)")


def words(name: str) -> str:
    """Return the words of a name, in lower case: `dbPassword` is `db password`."""
    return " ".join(_WORDS.findall(name)).lower()


def shape_of(name: str, value: str) -> str:
    """Return what a setting's value looks like: a credential's name, or empty for none.

    Args:
        name: the setting's name, `fs.s3a.secret.key`, `DB_TOKEN`.
        value: its value, which goes no further than this function.
    """
    literal = _PLACEHOLDER.sub("", value).strip()
    for shape, pattern in SHAPES.items():
        if pattern.search(literal):
            return shape
    if _holds_secret(name) and (_is_sure(name, literal) or not _NO_SECRET.fullmatch(literal)):
        return "a secret, by the setting's name"
    return ""


def withhold(name: str, value: str) -> str:
    """Return what is kept in the place of a value."""
    shape = shape_of(name, value)
    if shape:
        return f"{_SHAPED}{shape}]"
    return REFERENCE if _REFERENCE.search(value) else WITHHELD


def disclosed(kept: str) -> str:
    """Return the credential that a withheld value looked like, empty for none."""
    return kept.removeprefix(_SHAPED).removesuffix("]") if kept.startswith(_SHAPED) else ""


def shapes_in_script(script: str) -> Mapping[str, str]:
    """Return what is kept of a shell script: by its lines, each that shows a credential."""
    found = {}
    for number, text in enumerate(script.splitlines(), 1):
        line = _PLACEHOLDER.sub("", text)
        assigned = _ASSIGNMENT.match(line)
        name, value = (assigned[1], assigned[2]) if assigned else ("", line)
        shape = shape_of(name, value) or shape_of("", line)
        if shape:
            found[f"line {number}"] = f"{_SHAPED}{shape}]"
    return found


def _is_sure(name: str, value: str) -> bool:
    """Return whether a value is a key of AWS, which may begin with a slash, or digits to log in."""
    if value.isdigit():
        return len(value) >= _PIN and _PASSWORD.search(name) is not None
    mixed = all(re.search(kind, value) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return mixed and re.fullmatch("[A-Za-z0-9/+]{40}", value) is not None


def _holds_secret(name: str) -> bool:
    said = words(name)
    return _SECRET_NAME.search(said) is not None and _ABOUT.search(said) is None

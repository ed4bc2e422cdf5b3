"""What names promise, and what values are: secrets, fillers, references, or names themselves.

`semantics/secret_shapes.py` asks the like of a setting, and has fewer words: a setting whose name
promises a secret is taken to hold one, and the value is gone by the time it is judged. In code most
names that promise one hold none, so that here the value must look like one too.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from lakewarden.semantics.secret_shapes import words

_HOLDS: Final = re.compile(
    r"\b(?:password|passwd|pwd|passphrase|secret|token|sas|credentials?|apikey|accesskey|secretkey"
    r"|(?:access|account|api|private|shared|storage|auth|encryption|signing) key)\b"
)
_PASSWORD: Final = re.compile(r"\b(?:password|passwd|pwd|passphrase)\b")
_ABOUT: Final = re.compile(
    r"\b(?:id|ids|name|names|scope|provider|type|class|endpoint|url|uri|path|file|dir|enabled"
    r"|required|expiry|expires|days|hours|minutes|seconds|lifetime|ttl|count|length|size|max|min"
    r"|limit|version|mode|algorithm|hash|hashed|digest|sha|md|checksum|fingerprint|policy|field"
    r"|column|col|prefix|suffix|pattern|regex|format|label|hint|prompt|placeholder|help|env"
    r"|var|ref|reference|arn|alias|manager|store|vault|header|param|parameter|schema|table|view|index"
    r"|error|message|msg|text|title|description|example|rotation|reset|link|page|location|region"
    r"|group|role|user|username|owner|status|state|kind|source|target|usage|counter|budget|price|cost"
    r"|bucket|topic|used|created|changed|updated|date|time|at|sep|separator|delimiter|char|chars|tokenizer|model)$"
)
"""Last words of names that are about a secret and do not hold one."""
_OTHER: Final = re.compile(
    r"\b(?:page|next|starting|change|update|lock|continuation|cursor|idempotency|sync|delta|etag"
    r"|request|client request|primary"
    r"|foreign|partition|sort|cache|public|hash|csrf|pad|eos|bos|unk|mask|sep|cls|special|stop|start"
    r"|end|max|num|n|count|total|prompt|completion|input|output|context) "
    r"(?:token|tokens|key|secret)\b"
)
"""Tokens and keys that open nothing."""
_FILLER: Final = re.compile(
    r"(?i)example|placeholder|change.?me|change.?it|replace|redacted|your[-_. ]|yourpass|dummy"
    r"|sample|insert.?|fill.?in|todo|fixme|notreal|not.?a.?real|fake|x{4,}|\*{3,}|\.{3}|foobar|lorem"
    r"|secret.?here|token.?here|key.?here|goes.?here|put.?here|my.?(?:password|secret|token)|abcdef"
    r"|123456|0{6,}|qwerty|\bnone\b|\bnull\b|undefined|not.?set|unset|^test|^mock|^stub"
)
_TEMPLATE: Final = re.compile(
    r"\$\{|\$\(|\{\{|\}\}|<[a-zA-Z_][^>]*>?|^\$[A-Za-z_][\w.]*$|^%\w+%$|%\(|%s|^#\{|ENC\["
    r"|\{[\w.\[\]'\"!:]*\}|^[&*]\w+$|^!(?:vault|secret|Ref|Sub|GetAtt|env)\b|^@\w+\.|^\["
    r"|^vault:|^op://|^arn:|^ssm:|^secretsmanager:|^keyvault|^env[.:]|^(?:var|local|data|module)\."
)
_CODE: Final = re.compile(
    r"^[A-Za-z_][\w.]*[(\[]|\)$|^(?:self|os|sys|dbutils|config|conf|args|env)\."
)
_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PLACE: Final = re.compile(
    r"(?i)(?:[a-z][a-z0-9+]{1,12}:)?//|^[./~]?/[\w.-]+(?:/|$)|^[a-z]:\\|^[\w-]+/[\w./-]+$|^\.{1,2}/"
    r"|^[\w.+-]+@[\w-]+\.[\w.]+$|^[a-z0-9-]+(?:\.[a-z0-9-]+)+\.(?:com|net|org|io|dev|cloud)\b"
)
_CLASS: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_$][\w$]*)+")
_PLAIN_WORDS: Final = re.compile(r"[A-Za-z]+(?:[-_. /:][A-Za-z]+)*[-_.:]?\d{0,2}")
_DATE: Final = re.compile(r"\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[\d.,:_ -]+")
_HASH: Final = re.compile(
    r"(?i)(?:sha(?:1|256|512)|md5)[:-]?[a-z0-9+/=]{20,}|\$2[aby]?\$.*|\$(?:5|6|argon2\w*)\$.*"
)
_SYMBOL: Final = re.compile(r"[!@#$%^&*?~+=|:;<>]")
_GIVEN: Final = re.compile(
    r"(?:(?:^|[\s;&|(])(?:export|setx?|ENV|ARG|env|declare -x) [\w.-]{0,80}"
    r"|(?:^|\s)--[\w-]{0,80}|spark\.[\w.-]{0,80}|(?:^|\s)-D[\w.-]{0,80})[=: \t]{1,6}$"
)
"""What stands before a value that is given, in code as well."""
_WEAK: Final = re.compile(r"(?:[A-Z][a-z]{2,}[-_.]?){1,4}\d{1,4}")
_WORD: Final = (
    r"[a-z]{2,}|[A-Z][a-z]{2,}|[A-Z]{2,5}|[A-Z](?=[A-Z][a-z])"
    r"|(?:Am|As|At|By|Db|Go|Id|In|Io|Ip|Is|Js|My|No|Of|On|Or|Os|To|Uc|Up)"
)
_CAMEL: Final = re.compile(rf"(?:{_WORD})+(?:\d{{1,4}}(?:{_WORD})*)?")
"""Words joined as in `nextPageToken2`."""
_VOWELS: Final = frozenset("aeiouyAEIOUY")
_SHORTEST: Final = 12
"""The fewest characters of a token or key that was drawn at random."""
_SHORTEST_PASSWORD: Final = 6
_COMMON: Final = frozenset(
    {
        *("password", "passwd", "pass", "pwd", "secret", "token", "admin", "root", "user", "guest"),
        *("username", "test", "changeit", "postgres", "mysql", "redis", "mongo", "default"),
        *("public", "private", "none", "null", "true", "false", "string", "str", "int", "value"),
        *("required", "optional", "password1", "password123", "pass123", "admin123", "secret123"),
        *("hunter2", "letmein", "welcome1"),
    }
)
"""What everybody writes where a password would stand."""


def _said(name: str) -> str:
    """Return the words of a name, without the number that it may end with."""
    return words(name).rstrip(" 0123456789")


def is_filler(value: str) -> bool:
    """Return whether a value stands where a secret would, or says where it comes from."""
    if _FILLER.search(value) or _TEMPLATE.search(value) or _CODE.search(value):
        return True
    kinds = len(set(value.lower()))
    return kinds <= 3 or (len(value) >= 16 and kinds <= 5) or _runs(value)  # noqa: PLR2004  # few kinds


def is_hollow(secret: str) -> bool:
    """Return whether something with the format of a secret is an illustration."""
    if re.search(
        r"(?i)example|placeholder|redacted|x{6,}|\.{3}|\*{3}|your[-_]|dummy|changeme", secret
    ):
        return True
    body = secret[4:]
    return len(set(body.lower())) <= max(2, min(5, len(body) // 8)) or _runs(body)


def _runs(value: str) -> bool:
    """Return whether most of a value counts up, as in `abcdefgh` or `12345678`."""
    steps = [ord(b) - ord(a) for a, b in pairwise(value)]
    return len(steps) >= 7 and sum(step in {0, 1} for step in steps) > 0.6 * len(steps)  # noqa: PLR2004  # most


def is_random(value: str) -> bool:
    """Return whether a token or key was drawn at random, and is no name that somebody wrote."""
    if len(value) < _SHORTEST or is_filler(value) or _is_place(value) or _UUID.fullmatch(value):
        return False
    if _HASH.fullmatch(value) or _DATE.fullmatch(value):
        return False
    return _odd(value)


def _odd(value: str) -> bool:
    """Return whether a value does not read as words: letters and digits, or cases, are mixed."""
    changes = sum(_kind(a) != _kind(b) for a, b in pairwise(value))
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", value) if part]
    longest = max(map(len, parts), default=0)
    if longest < 8 and len(parts) > 2:  # noqa: PLR2004  # words with lines between
        return any(_jumbled(part) for part in parts) and changes >= len(value) * 0.4
    return any(_jumbled(part) for part in parts)


def _kind(char: str) -> str:
    if char.isdigit():
        return "0"
    return "a" if char.islower() else "A" if char.isupper() else "-"


def _jumbled(part: str) -> bool:
    """Return whether one part of a value reads like nothing."""
    if len(part) < 8 or part.isdigit() or _CAMEL.fullmatch(part):  # noqa: PLR2004  # a word is shorter
        return False
    changes = sum(_kind(a) != _kind(b) for a, b in pairwise(part))
    if any(c.isdigit() for c in part):
        return changes >= max(3, len(part) // 8)
    if not (part.islower() or part.isupper()):
        return True
    vowels = sum(c in _VOWELS for c in part)
    return len(part) >= 16 and vowels < len(part) * 0.22  # noqa: PLR2004  # words have vowels


def _is_place(value: str) -> bool:
    """Return whether a value is an address, a path or a host; keys of base64 may have slashes."""
    if not _PLACE.search(value):
        return False
    dense = value.replace("/", "").replace("+", "")
    return not (re.fullmatch(r"[A-Za-z0-9+/]{32,}={0,2}", value) and _jumbled(dense.rstrip("=")))


def is_password(value: str, user: str = "") -> bool:
    """Return whether a value is a password that somebody chose, and no filler or variable."""
    if len(value) < _SHORTEST_PASSWORD or is_filler(value) or value.lower() in _COMMON:
        return False
    if user and value.lower() in {user.lower(), f"{user.lower()}s"}:
        return False
    if any(kind.fullmatch(value) for kind in (_UUID, _HASH, _DATE)) or _is_place(value):
        return False
    if _PLAIN_WORDS.fullmatch(value) or (_CLASS.fullmatch(value) and not _odd(value)):
        return _odd(value) or _is_weak(value)
    return bool(re.search(r"[A-Za-z]", value)) or len(value) >= 8  # noqa: PLR2004  # digits alone


def _is_weak(value: str) -> bool:
    """Return whether a value is words with a number: `Blue-Harbor-24`, but not `Db-Password-2`."""
    mixed = value.isalnum() and any(map(str.islower, value)) and any(map(str.isupper, value))
    numbered = any(map(str.isdigit, value)) and mixed
    return bool(numbered or _WEAK.fullmatch(value)) and not _HOLDS.search(_said(value))


def is_secret(name: str, value: str) -> bool:
    """Return whether a literal is a secret, by the name that it is assigned to."""
    said = _said(name)
    if not _HOLDS.search(said) or _ABOUT.search(said) or _OTHER.search(said):
        return False
    if _PASSWORD.search(said):
        return is_password(value)
    return is_random(value)


def is_given(name: str, value: str, before: str) -> bool:
    """Return whether a value without quotes is a secret that a command or Spark is given.

    Args:
        name: the whole name.
        value: the value.
        before: what stands on its line before it.
    """
    return _GIVEN.search(before) is not None and is_secret(name, value)


def is_set(name: str, value: str, before: str) -> bool:
    """Return whether a value without quotes is a secret, in settings or in prose."""
    return re.search(r"[=:]\s*$", before) is not None and is_secret(name, value)

"""Faults to order: answers that break on purpose.

A fault is written ``METHOD PATH_GLOB=KIND``, for instance ``GET /api/2.0/ip-access-lists*=403``.
``METHOD`` may be ``*``; a glob may go on with ``?`` and the query, as in
``GET /api/2.0/workspace/list?path=/Shared/closed*=403``. Kinds are 401, 403, 404, 429, 500,
``429-bare`` (without Retry-After), ``timeout``, ``reset`` (the connection is cut), ``truncate`` and
``drop:FIELD``. ``page2:KIND`` is for calls that go on with a list, so that its first page is right.
``KIND@20%`` breaks one call in five; ``KIND@20%#7`` has 7 for a seed: which of the calls of one URL
break follows from it alone, in whatever order those of several URLs come. A fault whose method is
``AWS`` concerns the AWS side.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from lakewarden.simulate.web import ApiError, Reply

_REFUSALS = {
    "401": (
        "UNAUTHENTICATED",
        "Credential was not sent or was of an unsupported type for this API.",
    ),
    "403": ("PERMISSION_DENIED", "The caller does not have permission to perform this action."),
    "404": ("NOT_FOUND", "The requested resource was not found."),
    "429": ("REQUEST_LIMIT_EXCEEDED", "Too many requests."),
    "429-bare": ("REQUEST_LIMIT_EXCEEDED", "Too many requests."),
    "500": ("INTERNAL_ERROR", "Internal error."),
}
SILENT = frozenset({"timeout", "reset"})
"""Kinds of faults after which nothing is answered."""

_NOT_OF_AWS = frozenset({"reset", "429-bare"})
_PAGE2 = "page2:"
_CHANCE = re.compile(r"(?P<kind>.+)@(?P<percent>\d+(\.\d+)?)%(#(?P<seed>\d+))?")
_TOKENS = ("page_token", "next_page_token", "pageToken")


@dataclass(frozen=True)
class Fault:
    """One fault: which calls it hits and what becomes of their answers."""

    method: str
    glob: str
    kind: str
    continued: bool = False  # only calls that go on with a list
    chance: float = 1.0
    seed: int = 0
    seen: Counter[str] = field(default_factory=Counter, compare=False)

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``METHOD PATH_GLOB=KIND``.

        Raises:
            ValueError: when the text has another form or the kind is unknown.
        """
        call, _, kind = text.rpartition("=")
        method, _, glob = call.strip().partition(" ")
        chance, seed = 1.0, 0
        if drawn := _CHANCE.fullmatch(kind):
            kind = drawn["kind"]
            chance, seed = float(drawn["percent"]) / 100, int(drawn["seed"] or 0)
        continued, kind = kind.startswith(_PAGE2), kind.removeprefix(_PAGE2)
        known = kind in {*_REFUSALS, *SILENT, "truncate"} or kind.startswith("drop:")
        aws = method.upper() == "AWS" and (continued or kind in _NOT_OF_AWS)
        if not glob or not known or chance > 1 or aws:
            raise ValueError(f"not a fault (METHOD PATH_GLOB=KIND): {text!r}")
        return cls(method.upper(), glob.strip(), kind, continued, chance, seed)

    def hits(self, method: str, path: str, query: str = "", body: bytes = b"") -> bool:
        """Whether a call is one of those this fault is for, and one of those that break."""
        whole = f"{path}?{unquote_plus(query)}" if query else path
        if self.method not in {"*", method}:
            return False
        if not (fnmatchcase(path, self.glob) or fnmatchcase(whole, self.glob)):
            return False
        return (not self.continued or _continues(query, body)) and self._drawn(method, whole)

    def _drawn(self, method: str, whole: str) -> bool:
        if self.chance == 1:
            return True
        self.seen[f"{method} {whole}"] += 1
        text = f"{self.seed} {method} {whole} {self.seen[f'{method} {whole}']}"
        drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
        return drawn < self.chance * 2**48

    def refusal(self) -> Reply | None:
        """The answer that replaces the call; ``None`` for faults that spoil the true answer."""
        if self.kind not in _REFUSALS:
            return None
        code, message = _REFUSALS[self.kind]
        reply = ApiError(int(self.kind[:3]), code, message).reply()
        if self.kind == "429":
            reply.headers["Retry-After"] = "1"
        return reply

    def spoil(self, content: bytes, media_type: str) -> bytes:
        """The true answer's bytes after ``truncate`` or ``drop:FIELD``; other kinds leave them."""
        if not media_type.endswith("json"):
            return content
        if self.kind == "truncate":
            return content[: len(content) // 2]
        if self.kind.startswith("drop:"):
            return json.dumps(_without(json.loads(content), self.kind[5:])).encode()
        return content


def parse_all(texts: Iterable[str]) -> tuple[list[Fault], list[str]]:
    """Databricks faults, parsed, and the texts of those meant for AWS."""
    here, aws = [], []
    for text in texts:
        if text.split(" ", 1)[0].upper() == "AWS":
            aws.append(text)
        else:
            here.append(Fault.parse(text))
    return here, aws


def _continues(query: str, body: bytes) -> bool:
    """Whether a call asks for a further page: by a token, or by where it starts."""
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    if any(token.encode() in body for token in _TOKENS):
        try:
            given = json.loads(body)
        except ValueError:
            given = {}
        asked |= {k: str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    later = asked.get("startIndex", "1") not in {"", "0", "1"}
    return later or any(asked.get(token) for token in _TOKENS)


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {k: _without(v, name) for k, v in value.items() if k != name}
    if isinstance(value, list):
        return [_without(item, name) for item in value]
    return value

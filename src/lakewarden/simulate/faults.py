"""Faults to order: answers that break on purpose.

A fault is written ``METHOD PATH_GLOB=KIND``, for instance ``GET /api/2.0/ip-access-lists*=403``.
Kinds are 401, 403, 404, 429, 500, ``timeout``, ``truncate`` and ``drop:FIELD``. ``METHOD`` may be
``*``. A fault whose method is ``AWS`` concerns the AWS side.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from lakewarden.simulate.web import ApiError, Reply

_REFUSALS = {
    "401": (
        "UNAUTHENTICATED",
        "Credential was not sent or was of an unsupported type for this API.",
    ),
    "403": ("PERMISSION_DENIED", "The caller does not have permission to perform this action."),
    "404": ("NOT_FOUND", "The requested resource was not found."),
    "429": ("REQUEST_LIMIT_EXCEEDED", "Too many requests."),
    "500": ("INTERNAL_ERROR", "Internal error."),
}


@dataclass(frozen=True)
class Fault:
    """One fault: which calls it hits and what becomes of their answers."""

    method: str
    glob: str
    kind: str

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``METHOD PATH_GLOB=KIND``.

        Raises:
            ValueError: when the text has another form or the kind is unknown.
        """
        call, _, kind = text.rpartition("=")
        method, _, glob = call.strip().partition(" ")
        known = kind in _REFUSALS or kind in {"timeout", "truncate"} or kind.startswith("drop:")
        if not glob or not known:
            raise ValueError(f"not a fault (METHOD PATH_GLOB=KIND): {text!r}")
        return cls(method.upper(), glob.strip(), kind)

    def hits(self, method: str, path: str) -> bool:
        """Whether a call is one of those this fault is for."""
        return self.method in {"*", method} and fnmatchcase(path, self.glob)

    def refusal(self) -> Reply | None:
        """The answer that replaces the call; ``None`` for faults that spoil the true answer."""
        if self.kind not in _REFUSALS:
            return None
        code, message = _REFUSALS[self.kind]
        reply = ApiError(int(self.kind), code, message).reply()
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


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {k: _without(v, name) for k, v in value.items() if k != name}
    if isinstance(value, list):
        return [_without(item, name) for item in value]
    return value

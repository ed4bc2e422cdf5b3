"""How many calls are answered before a realm says 429: `rate_limits.toml`, as token buckets."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lakewarden.simulate.gate import Persona
from lakewarden.simulate.web import ApiError, Reply

_FILE = Path(__file__).with_name("rate_limits.toml")


@dataclass
class Bucket:
    """Tokens that come back at a rate; it is full when it has as many as the limit counts."""

    size: float
    per_second: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """Take a token, or say in how many seconds there will be one."""
        gained = (now - self.at) * self.per_second
        self.tokens, self.at = min(self.size, self.tokens + gained), now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.per_second


class RateLimits:
    """The buckets of every realm.

    ``factor`` makes tokens come back that many times as fast as documented; ``retry_after`` says
    whether a refusal tells when to come again, which the real ones do not always do.
    """

    def __init__(self, factor: float, *, retry_after: bool = True) -> None:
        self._rules: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
        self._factor = factor
        self._retry_after = retry_after
        self._buckets: dict[tuple[int, str], Bucket] = {}

    def refusal(self, persona: Persona, method: str, path: str, now: float) -> Reply | None:
        """The answer to a call that comes too early, at ``now`` (seconds); ``None`` to others."""
        name, rule = self._rule(persona, method, path)
        key = persona.realm_id, name
        if key not in self._buckets:
            calls = float(rule["calls"])
            rate = calls / rule["seconds"] * self._factor
            self._buckets[key] = Bucket(calls, rate, calls, now)
        wait = self._buckets[key].wait(now)
        if not wait:
            return None
        message = "Too many requests. Please try again later."
        reply = ApiError(429, "REQUEST_LIMIT_EXCEEDED", message).reply()
        if self._retry_after:
            reply.headers["Retry-After"] = str(math.ceil(wait))
        return reply

    def _rule(self, persona: Persona, method: str, path: str) -> tuple[str, dict[str, Any]]:
        for number, rule in enumerate(self._rules["workspace" if persona.workspace else "account"]):
            if method in rule["methods"] and fnmatchcase(path, rule["path"]):
                return str(number), rule
        found = persona.routes.find(method, path)
        return f"{method} {found[0].path if found else path}", self._rules["default"]

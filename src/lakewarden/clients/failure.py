"""`CallFailedError`: one call that did not answer, with the cause in our words."""

from __future__ import annotations

import re
from typing import Final

from lakewarden.estate.fact import Cause

_SECRET: Final = re.compile(
    r"(dapi[0-9a-f]{8,}|dose[0-9a-f]{8,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|(?i:bearer|authorization:\s*basic)\s+\S+"
    r"|(?i:client_secret|password|\btoken|access_token|signature)"
    r"[\"']?\s*[=:]\s*[\"']?[^\s\"',&}]+)"
)
_LONGEST: Final = 240


class CallFailedError(Exception):
    """A call failed.

    Attributes:
        cause: the kind of failure.
        detail: what the service said, in one line and without secrets.
        code: the service's own error code, empty when it gave none.
        etag: the etag that a settings API sends along with "never set", else empty.
        source: the call, where it is not the one that the collection is named by.
    """

    def __init__(
        self, cause: Cause, detail: str, *, code: str = "", etag: str = "", source: str = ""
    ) -> None:
        self.cause = cause
        self.detail = scrub(detail)
        self.code = code
        self.etag = etag
        self.source = source
        super().__init__(f"{cause}: {self.detail}")


def scrub(text: str) -> str:
    """Return text fit for a report: one line, not long, without secrets."""
    line = " ".join(_SECRET.sub("[secret]", text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

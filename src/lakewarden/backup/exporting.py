"""The bytes of notebooks and files."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from typing import Any, Final

from lakewarden.backup.calls import CONTENT, Calls
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause

FORMATS: Final = {"NOTEBOOK": "SOURCE", "FILE": "AUTO"}
"""In which format objects of the workspace tree are exported, by their type."""
_EXPORT: Final = "/api/2.0/workspace/export"
_TOO_LARGE: Final = frozenset({"MAX_NOTEBOOK_SIZE_EXCEEDED", "MAX_READ_SIZE_EXCEEDED"})
_ANSWER: Final = 10 * 2**20
"""Bytes of content that an answer may have."""
_LARGE: Final = threading.Lock()


def exported(calls: Calls, path: str, form: str, size: int = 0) -> bytes:
    """Return the bytes of an object of the workspace tree.

    What is too large for an answer is downloaded, one at a time, as each is in memory as a whole.

    Args:
        calls: reads the workspace.
        path: of the object.
        form: its type, `NOTEBOOK` or `FILE`.
        size: how large the list says that it is, 0 where it does not say.

    Raises:
        CallFailedError: it could not be read; `is_too_large` says of an error whether it is that.
    """
    query = {"path": path, "format": FORMATS[form]}
    if size <= _ANSWER:
        try:
            answer = calls.get(CONTENT, _EXPORT, query)
            return decoded(answer.get("content") if isinstance(answer, Mapping) else None)
        except CallFailedError as error:
            if not is_too_large(error):
                raise
    with _LARGE:
        return calls.download(CONTENT, _EXPORT, {**query, "direct_download": "true"})


def is_too_large(error: CallFailedError) -> bool:
    """Return whether a call failed because there is more content than the API gives."""
    detail = error.detail.lower()
    said = error.cause is Cause.MALFORMED and "size" in detail and "exceed" in detail
    return error.code in _TOO_LARGE or said


def decoded(value: Any) -> bytes:
    """Return the bytes that an answer has in base64.

    Raises:
        CallFailedError: it has none.
    """
    if value is None:
        raise CallFailedError(Cause.MISSING_FIELD, "there is no content in the answer")
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise CallFailedError(Cause.MALFORMED, "the content is not in base64") from None

"""A list of JSON, element by element, however large the file that it is in."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.store.raw.content import CHUNK, LONGEST, CutError, Piece
from lakewarden.store.raw.refusal import CUT, NOT_JSON, TOO_DEEP, TOO_LONG, OddError, Refused

BYTES: Final = "surrogateescape"
"""How bytes that are no UTF-8 are kept in text."""
_BLANK: Final = frozenset(" \t\r\n\ufeff")
_BETWEEN: Final = _BLANK | {","}
_OPENING: Final = re.compile(r'(\{\s*"[Rr]ecords"\s*:\s*)?\[')
_OPENING_LONGEST: Final = 256
_BEGUN: Final = '{"": 0'
"""What an object begins with whose rest is read."""
_DECODER: Final = json.JSONDecoder()
_MARKS: Final = re.compile(r'["\[\]{},]')
_DEPTH: Final = {"[": 1, "{": 1, "]": -1, "}": -1, ",": 0}
_IN_TEXT: Final = re.compile(r'["\\]')


class JsonList:
    """A list that is read from pieces of a file; memory holds some of its elements."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._decoder = codecs.getincrementaldecoder("utf-8")(BYTES)
        self._text = ""
        self._at = 0
        self._start = 0
        self._ended = False
        self._cut = False
        self._in_object = False

    def enter(self) -> bool:
        """Go into the next list; say whether there is one.

        Raises:
            OddError: something else is there.
        """
        self._skip(_BLANK)
        while len(self._text) - self._at < _OPENING_LONGEST and self._more():
            pass
        if self._at == len(self._text):
            return False
        found = _OPENING.match(self._text, self._at)
        if not found:
            raise OddError(NOT_JSON)
        self._in_object = bool(found[1])
        self._pass(len(found[0]))
        return True

    def leave(self) -> None:
        """Go past the end of the list, and of the object that it is in.

        Raises:
            OddError: that has no end.
        """
        self._pass(1)
        if not self._in_object:
            return
        while len(self._text) - self._at <= LONGEST and self._more(CHUNK):
            pass
        try:
            _, end = _DECODER.raw_decode(_BEGUN + self._text[self._at :])
        except (ValueError, RecursionError):
            raise OddError(CUT if self._cut else NOT_JSON) from None
        self._pass(end - len(_BEGUN))

    def element(self) -> tuple[int, str, Any] | None:
        """Return the first byte, the text and the value of the next element; None at the end.

        Raises:
            OddError: it cannot be read; `odd` goes past it, unless the file is cut.
        """
        self._skip(_BETWEEN)
        if self._text.startswith("]", self._at):
            return None
        while True:
            left = len(self._text) - self._at
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise OddError(TOO_DEEP) from None
            except ValueError:
                if left > LONGEST:
                    raise OddError(TOO_LONG) from None
                if not self._more(max(left, 1)):
                    raise OddError(CUT if self._cut or not left else NOT_JSON) from None
                continue
            start, text = self._start, self._text[self._at : end]
            self._pass(end - self._at)
            return start, text, value

    def odd(self, number: int) -> Piece:
        """Go past an element that cannot be read, to where its brackets say that it ends."""
        start, size, kept, digest = self._start, 0, bytearray(), hashlib.sha256()
        nesting, over = _Nesting(), False
        while not over and (self._at < len(self._text) or self._more()):
            end, over = nesting.followed(self._text, self._at)
            data = self._text[self._at : end].encode("utf-8", BYTES)
            digest.update(data)
            size += len(data)
            if size <= LONGEST:
                kept += data
            self._pass(end - self._at)
        if size > LONGEST:
            return Piece(start, number, b"", size, digest.hexdigest())
        return Piece(start, number, bytes(kept), size)

    def rest(self, number: int, reason: str) -> Refused:
        """Return all that is left as one record that is refused."""
        start, size, digest = self._start, 0, hashlib.sha256()
        while left := self._text[self._at :].encode("utf-8", BYTES):
            size += len(left)
            digest.update(left)
            self._pass(len(self._text) - self._at)
            self._more()
        return Refused(start, number, size, digest.hexdigest(), reason)

    def _skip(self, what: frozenset[str]) -> None:
        while True:
            while self._text[self._at : self._at + 1] in what:
                self._pass(1)
            if self._at < len(self._text) or not self._more():
                return

    def _pass(self, characters: int) -> None:
        passed = self._text[self._at : self._at + characters]
        self._start += len(passed.encode("utf-8", BYTES))
        self._at += characters

    def _more(self, least: int = 1) -> bool:
        """Take in at least so many characters more, as far as there are any."""
        gained, size = [self._text[self._at :]], 0
        while size < least and not self._ended:
            try:
                part = next(self._parts, None)
            except CutError:
                part, self._cut = None, True
            self._ended = part is None
            gained.append(self._decoder.decode(part or b"", self._ended))
            size += len(gained[-1])
        self._text, self._at = "".join(gained), 0
        return size > 0


class _Nesting:
    """How deep in brackets a place in JSON is, whatever else is wrong with it."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def followed(self, text: str, at: int) -> tuple[int, bool]:
        """Return how far an element goes in more of its text, and whether it ends there."""
        if self._escaped and at < len(text):
            self._escaped, at = False, at + 1
        while found := (_IN_TEXT if self._quoted else _MARKS).search(text, at):
            mark, at = found[0], found.end()
            if mark == "\\":
                self._escaped = at == len(text)
                at += not self._escaped
            elif mark == '"':
                self._quoted = not self._quoted
            elif mark in ",]" and not self._depth:
                return found.start(), True
            else:
                self._depth = max(0, self._depth + _DEPTH[mark])
        return len(text), False

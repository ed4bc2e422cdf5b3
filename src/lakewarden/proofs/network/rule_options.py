"""The options of a Suricata rule, as far as they say what it matches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_HARMLESS: Final = frozenset(
    [
        "sid",
        "rev",
        "msg",
        "classtype",
        "metadata",
        "priority",
        "gid",
        "reference",
        "noalert",
        "nocase",
        "target",
    ]
)
"""Keywords that match nothing (Suricata rules, meta keywords)."""
_BUFFERS: Final = {
    "tls.sni": "tls",
    "tls_sni": "tls",
    "http.host": "http",
    "http_host": "http",
}
_ANCHORS: Final = frozenset(("startswith", "endswith", "dotprefix"))
_TO_SERVER: Final = frozenset(("to_server", "from_client", "established", "not_established"))


@dataclass(frozen=True, slots=True)
class Options:
    """What options narrow a rule to.

    Attributes:
        app: the application protocol whose names they look at; empty for none.
        names: the names; None when they say nothing of names.
        stage: `established`, `handshake` or empty.
        exact: whether that is all that they narrow.
    """

    app: str = ""
    names: tuple[str, ...] | None = None
    stage: str = ""
    exact: bool = True


def options_of(options: Iterable[str]) -> Options:
    """Return what options narrow a rule to."""
    app, stage, exact = "", "", True
    contents: list[str] = []
    anchors: set[str] = set()
    for option in options:
        keyword, _, setting = (part.strip() for part in option.partition(":"))
        if keyword in _BUFFERS:
            exact = exact and app in ("", _BUFFERS[keyword])
            app = _BUFFERS[keyword]
        elif keyword in _ANCHORS:
            anchors.add(keyword)
        elif keyword == "content":
            contents.append(setting)
        elif keyword == "flow":
            words = {word.strip() for word in setting.split(",")}
            exact = exact and words <= _TO_SERVER
            stage = _stage(words)
        elif (keyword, setting) != ("ssl_state", "client_hello"):
            exact = exact and keyword in _HARMLESS
    if not app or not contents:
        return Options(app, None, stage, exact and not contents and not anchors and not app)
    pattern = _pattern(contents, anchors)
    names = None if pattern is None else (pattern,)
    return Options(app, names, stage, exact and pattern is not None and len(contents) == 1)


def _stage(words: set[str]) -> str:
    if "established" in words:
        return "established"
    return "handshake" if "not_established" in words else ""


def _pattern(contents: Sequence[str], anchors: set[str]) -> str | None:
    """Return the names that have a content where the anchors want it; None when it is unclear."""
    text = contents[0]
    if text.startswith("!") or "|" in text:
        return None
    name = text.strip('"').lower()
    if "endswith" not in anchors:
        return f"*{name}*"
    if "startswith" in anchors:
        return name if "dotprefix" not in anchors else name.removeprefix(".")
    return name if name.startswith(".") else f"*{name}"

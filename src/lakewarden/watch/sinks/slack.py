"""Alerts in a channel of Slack, by an incoming webhook.

All that comes from logs is plain or preformatted text, where neither links nor mentions work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.webhook import post
from lakewarden.watch.sinks.notice import Notice
from lakewarden.watch.sinks.sink import Means, Sink
from lakewarden.watch.sinks.story import Story, story_of

_HEADER: Final = 150
_TEXT: Final = 3000
_FIELD: Final = 2000
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Slack:
    """Posts messages to the URL of a channel."""

    def __init__(self, url: str) -> None:
        self._url = url

    def tell(self, notice: Notice) -> None:
        """Post one."""
        body = json.dumps(message(story_of(notice))).encode()
        post(self._url, body, {"Content-Type": "application/json"})


def message(story: Story) -> dict[str, Any]:
    """Return a story as a message of Slack; `text` is for notifications."""
    return {
        "text": _cut(story.heading.translate(_ESCAPES), _TEXT),
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": list(_blocks(story)),
    }


def _blocks(story: Story) -> Iterator[dict[str, Any]]:
    yield {"type": "header", "text": _plain(story.heading, _HEADER)}
    fields = [_plain(f"{name}: {text}", _FIELD) for name, text in story.facts]
    yield {"type": "section", "fields": fields}
    if story.events:
        lines = {"type": "text", "text": _cut("\n".join(story.events), _TEXT)}
        shown = {"type": "rich_text_preformatted", "elements": [lines]}
        yield {"type": "rich_text", "elements": [shown]}
    for name, text in story.advice:
        yield {"type": "section", "text": _plain(f"{name}: {text}", _TEXT)}
    yield {"type": "context", "elements": [_plain(story.command, _FIELD)]}


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _cut(text, longest), "emoji": False}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def sink(options: Mapping[str, Any], means: Means) -> Sink:
    """Return the channel.

    Raises:
        UsageError: its URL is not set.
    """
    return Slack(means.secret(options, "url_env"))

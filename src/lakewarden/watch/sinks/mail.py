"""Alerts as mail: plain text, and the same as HTML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any, Final

from lakewarden.clients.mail import MailServer
from lakewarden.clock import from_millis
from lakewarden.watch.sinks.notice import Notice
from lakewarden.watch.sinks.sink import Means, Sink
from lakewarden.watch.sinks.story import Story, story_of

_SUBJECT: Final = 200


class Mailbox:
    """Sends a message a notice."""

    def __init__(self, server: MailServer, options: Mapping[str, Any]) -> None:
        self._server = server
        self._options = options

    def tell(self, notice: Notice) -> None:
        """Send one."""
        self._server.send(message(notice, self._options["from"], self._options["to"]))


def message(notice: Notice, sender: str, recipients: list[str]) -> EmailMessage:
    """Return a notice as a message. No header has more than one line, whatever was recorded."""
    story = story_of(notice)
    found = EmailMessage(policy=SMTP)
    found["Subject"] = story.heading[:_SUBJECT]
    found["From"] = sender
    found["To"] = ", ".join(recipients)
    found["Date"] = format_datetime(from_millis(notice.alert.raised))
    found["Message-ID"] = _identity(notice, sender)
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(story.text)
    found.add_alternative(_html(story), subtype="html")
    return found


def _identity(notice: Notice, sender: str) -> str:
    """Return an id that is the same when the same is sent again."""
    digest = hashlib.sha256(notice.id.encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2]}>"


def _html(story: Story) -> str:
    facts = "".join(
        f"<tr><th align=left>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in story.facts
    )
    advice = "".join(f"<p><b>{escape(name)}</b>: {escape(text)}</p>" for name, text in story.advice)
    events = escape("\n".join(story.events))
    return (
        f"<!doctype html><html><body><h3>{escape(story.heading)}</h3><table>{facts}</table>"
        f"<pre>{events}</pre>{advice}<p>Acknowledge it: <code>{escape(story.command)}</code></p>"
        "</body></html>"
    )


def sink(options: Mapping[str, Any], means: Means) -> Sink:
    """Return the mailbox.

    Raises:
        UsageError: the password is not set.
    """
    server = MailServer(
        options["host"],
        options.get("port", 0),
        options.get("tls", "starttls"),
        options.get("user", ""),
        means.secret(options, "password_env"),
    )
    return Mailbox(server, options)

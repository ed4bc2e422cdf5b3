"""Alerts to a topic of SNS: words for mail, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.topics import Topic
from lakewarden.watch.sinks.notice import Notice
from lakewarden.watch.sinks.sink import Means, Sink
from lakewarden.watch.sinks.story import story_of

_SUBJECT: Final = 99
_PROGRAMS: Final = ("sqs", "lambda", "firehose", "http", "https")


class Publisher:
    """Publishes notices."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic

    def tell(self, notice: Notice) -> None:
        """Publish one; `severity` and `rule` are there to filter by."""
        story, report = story_of(notice), json.dumps(notice.report)
        alert = notice.alert
        self._topic.publish(
            subject(story.heading),
            json.dumps({"default": story.text, **dict.fromkeys(_PROGRAMS, report)}),
            {"severity": alert.severity.value, "rule": alert.rule, "account": alert.account},
            notice.id,
        )


def subject(heading: str) -> str:
    """Return a heading as SNS takes one for a subject: ASCII, and shorter than 100 characters."""
    return heading.encode("ascii", "replace").decode()[:_SUBJECT]


def sink(options: Mapping[str, Any], _means: Means) -> Sink:
    """Return the topic.

    Raises:
        ConnectionFailedError: there are no AWS credentials.
    """
    account = AwsAccount(profile=options.get("aws_profile"))
    return Publisher(Topic(account, options["topic"]))

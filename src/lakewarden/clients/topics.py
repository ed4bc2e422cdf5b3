"""Topics of SNS: one message to whoever has subscribed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lakewarden.clients.aws import AwsAccount, failure_of
from lakewarden.errors import ConnectionFailedError, LakewardenError

_OF_THE_MESSAGE: Final = frozenset({"InvalidParameter", "InvalidParameterValue", "ValidationError"})


class Topic:
    """A topic, by its ARN."""

    def __init__(self, account: AwsAccount, arn: str) -> None:
        """Take who publishes; nothing is sent yet."""
        self._arn = arn
        self._client = account.client("sns", arn.split(":")[3])

    def publish(
        self, subject: str, message: str, attributes: Mapping[str, str], identity: str
    ) -> None:
        """Publish a message.

        Args:
            subject: for mail; printable ASCII, at most 100 characters.
            message: the text by protocol, as JSON.
            attributes: what subscriptions filter by.
            identity: the same when the same is said again; topics that are FIFO drop that.

        Raises:
            ConnectionFailedError: the topic cannot be reached, or may not be used.
            LakewardenError: it refuses this message.
        """
        fifo: dict[str, Any] = {}
        if self._arn.endswith(".fifo"):
            fifo = {"MessageGroupId": "alerts", "MessageDeduplicationId": identity}
        try:
            self._client.publish(
                TopicArn=self._arn,
                Subject=subject,
                Message=message,
                MessageStructure="json",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                    if value
                },
                **fifo,
            )
        except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
            failed = failure_of(error)
            kind = LakewardenError if failed.code in _OF_THE_MESSAGE else ConnectionFailedError
            raise kind(
                f"cannot be published to ({failed.detail})",
                where=self._arn,
                next_step="sns:Publish is needed on it, and kms:GenerateDataKey where it has a key",
            ) from None

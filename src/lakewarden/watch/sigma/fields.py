"""What fields are called in Sigma rules, which speak of records as they are delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.events.columns import Source

_IDENTITY: Final = "userIdentity."
_ISSUER: Final = "userIdentity.sessionContext.sessionIssuer."
_ATTRIBUTES: Final = "userIdentity.sessionContext.attributes."


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one log.

    Attributes:
        logsource: what Sigma calls it.
        service: the field of the service.
        action: the field of the action.
        suffix: what stands behind a service there.
        plain: our fields by theirs.
        nested: what our parameters begin with, by what their fields do.
    """

    logsource: Mapping[str, str]
    service: str
    action: str
    suffix: str
    plain: Mapping[str, str]
    nested: Mapping[str, str]

    def ours(self, field: str) -> str | None:
        """Return what a field is called here; None where nothing says the same."""
        if field in self.plain:
            return self.plain[field]
        for theirs, ours in self.nested.items():
            if field.startswith(theirs) and field != theirs:
                return ours + field.removeprefix(theirs).replace(".", "/")
        return None

    def theirs(self, field: str) -> str | None:
        """Return what a field of ours is called there; None where nothing says the same."""
        for theirs, ours in self.plain.items():
            if ours == field:
                return theirs
        for theirs, ours in sorted(self.nested.items(), key=lambda item: -len(item[1])):
            if field.startswith(ours):
                return theirs + field.removeprefix(ours).replace("/", ".")
        return None


NAMES: Final[Mapping[Source, Names]] = {
    Source.CLOUDTRAIL: Names(
        logsource={"product": "aws", "service": "cloudtrail"},
        service="eventSource",
        action="eventName",
        suffix=".amazonaws.com",
        plain={
            "awsRegion": "region",
            "sourceIPAddress": "src_ip",
            "userAgent": "user_agent",
            "errorCode": "error",
            "eventID": "native_id",
            "requestID": "request_id",
            "recipientAccountId": "account_id",
            "eventName": "param.event.eventName",
            f"{_ISSUER}arn": "param.identity.issuer",
            f"{_ISSUER}type": "param.identity.issuerType",
            f"{_ISSUER}userName": "param.identity.issuerName",
            f"{_ATTRIBUTES}mfaAuthenticated": "param.identity.mfa",
            f"{_ATTRIBUTES}creationDate": "param.identity.sessionStart",
            **{
                f"{_IDENTITY}{name}": f"param.identity.{name}"
                for name in (
                    *("type", "arn", "accountId", "userName", "principalId", "accessKeyId"),
                    "invokedBy",
                )
            },
            **{
                name: f"param.event.{name}"
                for name in (
                    *("eventType", "eventVersion", "eventCategory", "errorMessage", "readOnly"),
                    *("managementEvent", "vpcEndpointId", "sharedEventID", "apiVersion"),
                )
            },
        },
        nested={
            "responseElements.": "param.response.",
            "additionalEventData.": "param.extra.",
            "requestParameters.": "param.",
        },
    ),
    Source.DATABRICKS: Names(
        logsource={"product": "databricks", "service": "audit"},
        service="serviceName",
        action="actionName",
        suffix="",
        plain={
            "serviceName": "service",
            "actionName": "action",
            "userIdentity.email": "actor",
            "sourceIPAddress": "src_ip",
            "userAgent": "user_agent",
            "sessionId": "session_id",
            "requestId": "request_id",
            "workspaceId": "workspace_id",
            "accountId": "account_id",
            "auditLevel": "level",
            "response.statusCode": "status",
            "response.errorMessage": "error",
            "response.result": "result",
        },
        nested={"requestParams.": "param."},
    ),
}


def source_of(logsource: Mapping[str, str]) -> Source:
    """Return which log a Sigma rule is about.

    Raises:
        ValueError: none that is read here.
    """
    for source, names in NAMES.items():
        if names.logsource.items() <= logsource.items():
            return source
    shown = "/".join(str(value) for value in logsource.values())
    raise ValueError(f"logsource: {shown!r} is neither aws/cloudtrail nor databricks/audit")

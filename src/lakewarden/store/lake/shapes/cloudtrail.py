"""CloudTrail: the records of its files, or one a line."""

from __future__ import annotations

from typing import Final

from lakewarden.events.columns import Source
from lakewarden.store.lake.shapes.shape import Shape, digest, entries, flat, prefixed, text

_VERSION: Final = r"(\d{8}|\d{4}_\d{2}_\d{2})(v\d+)?$"
_HOST: Final = r"\.amazonaws\.com(\.cn)?$"
_ISSUER: Final = "userIdentity.sessionContext.sessionIssuer"
_INSIGHT: Final = "insightDetails['insightType']"
_ACTOR: Final = (
    f"coalesce(nullif({_ISSUER}.arn, ''), nullif(userIdentity.arn, ''),"
    " nullif(userIdentity.invokedBy, ''), nullif(userIdentity.principalId, ''),"
    " nullif(userIdentity.userName, ''), userIdentity.accountId)"
)
_OK: Final = (
    "coalesce(errorCode, '') IN ('', 'Success')"
    " AND coalesce(responseElements['ConsoleLogin'], '') <> 'Failure'"
)
_MORE: Final = entries(
    identity__type="userIdentity.type",
    identity__arn="userIdentity.arn",
    identity__accountId="userIdentity.accountId",
    identity__userName="userIdentity.userName",
    identity__principalId="userIdentity.principalId",
    identity__accessKeyId="userIdentity.accessKeyId",
    identity__invokedBy="userIdentity.invokedBy",
    identity__provider="userIdentity.identityProvider",
    identity__issuer=f"{_ISSUER}.arn",
    identity__issuerType=f"{_ISSUER}.type",
    identity__issuerName=f"{_ISSUER}.userName",
    identity__mfa="userIdentity.sessionContext.attributes.mfaAuthenticated",
    identity__sessionStart="userIdentity.sessionContext.attributes.creationDate",
    identity__sourceIdentity="userIdentity.sessionContext.sourceIdentity",
    identity__onBehalfOf="userIdentity.onBehalfOf",
    event__eventName="eventName",
    event__eventType="eventType",
    event__eventVersion="eventVersion",
    event__eventCategory="eventCategory",
    event__errorMessage="errorMessage",
    event__readOnly="readOnly",
    event__managementEvent="managementEvent",
    event__resources="resources",
    event__vpcEndpointId="vpcEndpointId",
    event__vpcEndpointAccountId="vpcEndpointAccountId",
    event__sharedEventID="sharedEventID",
    event__apiVersion="apiVersion",
    event__tlsDetails="tlsDetails",
    event__sessionCredentialFromConsole="sessionCredentialFromConsole",
    event__serviceEventDetails="serviceEventDetails",
    event__addendum="addendum",
)
_PARAMS: Final = (
    "map_concat(requestParameters, map_from_entries(list_concat("
    f"{prefixed('response.', 'responseElements')}, {prefixed('extra.', 'additionalEventData')},"
    f" {prefixed('event.insight.', 'insightDetails')}, {_MORE})))"
)
_SESSION: Final = (
    "STRUCT(attributes STRUCT(mfaAuthenticated VARCHAR, creationDate VARCHAR),"
    ' sessionIssuer STRUCT("type" VARCHAR, arn VARCHAR, userName VARCHAR, principalId VARCHAR,'
    " accountId VARCHAR), sourceIdentity VARCHAR)"
)
_MAP: Final = "MAP(VARCHAR, VARCHAR)"
_TEXTS: Final = (
    "eventVersion",
    "eventTime",
    "eventSource",
    "eventName",
    "eventID",
    "eventType",
    "eventCategory",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestID",
    "readOnly",
    "managementEvent",
    "resources",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "apiVersion",
    "tlsDetails",
    "sessionCredentialFromConsole",
    "serviceEventDetails",
    "addendum",
)

SHAPE: Final = Shape(
    name="cloudtrail",
    source=Source.CLOUDTRAIL,
    keys=frozenset({"eventTime", "awsRegion"}),
    columns={
        **dict.fromkeys(_TEXTS, "VARCHAR"),
        "userIdentity": 'STRUCT("type" VARCHAR, principalId VARCHAR, arn VARCHAR,'
        " accountId VARCHAR, accessKeyId VARCHAR, userName VARCHAR, invokedBy VARCHAR,"
        f" identityProvider VARCHAR, onBehalfOf VARCHAR, sessionContext {_SESSION})",
        "requestParameters": _MAP,
        "responseElements": _MAP,
        "additionalEventData": _MAP,
        "insightDetails": _MAP,
    },
    at="epoch_us(TRY_CAST(eventTime AS TIMESTAMPTZ)) // 1000",
    sound=f"coalesce(nullif(eventSource, ''), {_INSIGHT}) <> ''"
    f" AND coalesce(nullif(eventName, ''), {_INSIGHT}) <> ''",
    values={
        "id": digest(
            "coalesce(nullif(eventID, ''), concat_ws(chr(31), eventTime, eventSource, eventName,"
            f" requestID, sourceIPAddress, {_ACTOR}, {flat('requestParameters')}))",
            "recipientAccountId",
        ),
        "account_id": "coalesce(nullif(recipientAccountId, ''), userIdentity.accountId)",
        "region": text("awsRegion"),
        "level": "coalesce(nullif(eventCategory, ''),"
        " CASE managementEvent WHEN 'true' THEN 'Management' WHEN 'false' THEN 'Data' END)",
        "service": "coalesce(regexp_replace(nullif(eventSource, ''),"
        f" '{_HOST}', ''), 'cloudtrail')",
        "action": f"coalesce(regexp_replace(nullif(eventName, ''), '{_VERSION}', ''), {_INSIGHT})",
        "actor": _ACTOR,
        "actor_kind": "coalesce(nullif(userIdentity.type, ''), 'unknown')",
        "user_agent": text("userAgent"),
        "session_id": text("userIdentity.accessKeyId"),
        "request_id": text("requestID"),
        "native_id": text("eventID"),
        "ok": _OK,
        "error": "nullif(nullif(errorCode, ''), 'Success')",
        "params": _PARAMS,
    },
    src_ip="sourceIPAddress",
    maps=frozenset(
        {
            "userIdentity",
            "requestParameters",
            "responseElements",
            "additionalEventData",
            "insightDetails",
        }
    ),
)

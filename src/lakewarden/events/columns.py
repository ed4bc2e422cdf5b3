"""The columns of a normalised event: a row of a Databricks audit log, of CloudTrail, of a flow log.

Types are those that Delta, DuckDB and Spark share. Times are milliseconds since 1970, because that
is what makes windows mean the same on every engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Source(StrEnum):
    """Where an event was recorded."""

    DATABRICKS = "databricks"
    CLOUDTRAIL = "cloudtrail"
    VPCFLOW = "vpcflow"


class Kind(StrEnum):
    """The type of a column."""

    TEXT = "string"
    WHOLE = "long"
    TRUTH = "boolean"
    NUMBER = "double"
    TEXTS = "map"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: its name in every engine.
        kind: its type.
        about: what it holds, and of which source.
    """

    name: str
    kind: Kind
    about: str


def _texts(**about: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.TEXT, text) for name, text in about.items())


def _wholes(**about: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.WHOLE, text) for name, text in about.items())


PROMOTED: Final[Mapping[str, str]] = {
    "p_user": "user",
    "p_method": "authenticationMethod",
    "p_token": "tokenId",
    "p_target": "targetUserName",
    "p_group": "targetGroupName",
    "p_endpoint": "endpoint",
    "p_scope": "scope",
    "p_key": "key",
    "p_path": "path",
    "p_name": "name",
    "p_object": "full_name_arg",
    "p_cluster": "cluster_id",
    "p_operation": "operation",
    "p_command": "commandText",
}
"""Columns that hold one parameter of Databricks events each, by its canonical key, so that reading
it need not unpack the map; `events/data/aliases.toml` has the other spellings."""

PARTITIONS: Final = ("source", "day")
"""The columns that are not in the files but in their paths."""

COLUMNS: Final = (
    *_texts(id="the same for every delivery of the same event; 32 hexadecimal digits"),
    *_wholes(ts="when it happened, ms since 1970"),
    *_texts(
        account_id="the Databricks account, or the AWS account that recorded it",
        workspace_id="the Databricks workspace; `0` for the account itself; null elsewhere",
        region="the AWS region; null for Databricks",
        level="ACCOUNT_LEVEL or WORKSPACE_LEVEL; CloudTrail: Management, Data or Insight",
        service="`accounts`; CloudTrail: the event source without `.amazonaws.com`; `vpc`",
        action="`samlLogin`; `RunInstances`, without an API version; ACCEPT, REJECT, NODATA",
        actor="a user's name, a service principal's id; the ARN of a user, or of a session's role",
        actor_kind="user, service_principal, system, unknown; CloudTrail: the type of identity",
        src_ip="where it came from, without a port; what is no address as it stands",
        ip_kind="public, private, special, service, or none",
        ip_key="the address in a form that sorts: `4:` and 8, or `6:` and 32 hexadecimal digits",
        user_agent="the client that it named itself",
        session_id="Databricks: the session; CloudTrail: the access key",
        request_id="what all events of one request share",
        native_id="the id that the platform gave it: event_id, eventID",
    ),
    *_wholes(status="the status of the answer; null where there was none; null for CloudTrail"),
    Column("ok", Kind.TRUTH, "whether it succeeded; null where the record does not say"),
    *_texts(
        error="the message or the error code",
        result="the result, as text",
        run_by="who started what acted on its own (system table only)",
        run_as="as whom it ran (system table only)",
    ),
    *_texts(
        **{name: f"the parameter `{key}` or one of its spellings" for name, key in PROMOTED.items()}
    ),
    *_texts(
        interface="flow logs: the network interface",
        dst_ip="flow logs: the destination",
        dst_kind="like `ip_kind`",
        dst_key="like `ip_key`",
    ),
    *_wholes(
        src_port="flow logs",
        dst_port="flow logs",
        protocol="flow logs: the number of the protocol, 6 for TCP",
        bytes="flow logs",
        packets="flow logs",
    ),
    Column(
        "params",
        Kind.TEXTS,
        "Databricks: the request's parameters as they were spelt. CloudTrail: the keys of "
        "requestParameters, and with a prefix those of responseElements (`response.`), "
        "additionalEventData (`extra.`), userIdentity (`identity.`) and the record (`event.`). "
        "Flow logs: the fields that have no column. What is nested is JSON text",
    ),
    *_texts(source="databricks, cloudtrail or vpcflow", day="the day of `ts` in UTC, 2026-11-27"),
)
"""All columns in their order; `PARTITIONS` come last."""

NAMES: Final = tuple(column.name for column in COLUMNS)

"""Databricks audit logs as `system.access.audit` has them, exported as JSON lines or as Parquet."""

from __future__ import annotations

from typing import Final

from lakewarden.events.columns import Source
from lakewarden.store.lake.shapes.databricks import values
from lakewarden.store.lake.shapes.shape import Shape

_AT: Final = (
    "coalesce(TRY_CAST(event_time AS BIGINT),"
    " epoch_us(TRY_CAST(event_time AS TIMESTAMPTZ)) // 1000)"
)

SHAPE: Final = Shape(
    name="databricks_system",
    source=Source.DATABRICKS,
    keys=frozenset({"event_time", "service_name", "action_name"}),
    columns={
        "event_time": "VARCHAR",
        "event_id": "VARCHAR",
        "workspace_id": "VARCHAR",
        "account_id": "VARCHAR",
        "audit_level": "VARCHAR",
        "service_name": "VARCHAR",
        "action_name": "VARCHAR",
        "user_identity": "STRUCT(email VARCHAR, subject_name VARCHAR, subjectName VARCHAR)",
        "source_ip_address": "VARCHAR",
        "user_agent": "VARCHAR",
        "session_id": "VARCHAR",
        "request_id": "VARCHAR",
        "request_params": "MAP(VARCHAR, VARCHAR)",
        "response": "STRUCT(status_code VARCHAR, error_message VARCHAR, result VARCHAR,"
        " statusCode VARCHAR, errorMessage VARCHAR)",
        "identity_metadata": "STRUCT(run_by VARCHAR, run_as VARCHAR)",
    },
    at=_AT,
    sound="service_name <> '' AND action_name <> ''",
    values=values(
        account_id="account_id",
        workspace_id="coalesce(nullif(workspace_id, ''), '0')",
        level="audit_level",
        service="service_name",
        action="action_name",
        actor="coalesce(nullif(user_identity.email, ''), user_identity.subject_name,"
        " user_identity.subjectName)",
        user_agent="user_agent",
        session_id="session_id",
        request_id="request_id",
        native_id="event_id",
        status="coalesce(response.status_code, response.statusCode)",
        error="coalesce(response.error_message, response.errorMessage)",
        result="response.result",
        run_by="identity_metadata.run_by",
        run_as="identity_metadata.run_as",
        params="request_params",
    ),
    src_ip="source_ip_address",
    maps=frozenset({"user_identity", "request_params", "response", "identity_metadata"}),
)

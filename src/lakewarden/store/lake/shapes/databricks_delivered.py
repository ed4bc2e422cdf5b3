"""Databricks audit logs as log delivery writes them: one JSON object a line."""

from __future__ import annotations

from typing import Final

from lakewarden.events.columns import Source
from lakewarden.store.lake.shapes.databricks import values
from lakewarden.store.lake.shapes.shape import Shape

SHAPE: Final = Shape(
    name="databricks_delivered",
    source=Source.DATABRICKS,
    keys=frozenset({"timestamp", "serviceName", "actionName"}),
    columns={
        "timestamp": "VARCHAR",
        "workspaceId": "VARCHAR",
        "accountId": "VARCHAR",
        "auditLevel": "VARCHAR",
        "serviceName": "VARCHAR",
        "actionName": "VARCHAR",
        "userIdentity": "STRUCT(email VARCHAR, subjectName VARCHAR)",
        "sourceIPAddress": "VARCHAR",
        "userAgent": "VARCHAR",
        "sessionId": "VARCHAR",
        "requestId": "VARCHAR",
        "requestParams": "MAP(VARCHAR, VARCHAR)",
        "response": "STRUCT(statusCode VARCHAR, errorMessage VARCHAR, result VARCHAR)",
    },
    at='TRY_CAST("timestamp" AS BIGINT)',
    sound="serviceName <> '' AND actionName <> ''",
    values=values(
        account_id="accountId",
        workspace_id="coalesce(nullif(workspaceId, ''), '0')",
        level="auditLevel",
        service="serviceName",
        action="actionName",
        actor="coalesce(nullif(userIdentity.email, ''), userIdentity.subjectName)",
        user_agent="userAgent",
        session_id="sessionId",
        request_id="requestId",
        status="response.statusCode",
        error="response.errorMessage",
        result="response.result",
        params="requestParams",
    ),
    src_ip="sourceIPAddress",
    maps=frozenset({"userIdentity", "requestParams", "response"}),
)

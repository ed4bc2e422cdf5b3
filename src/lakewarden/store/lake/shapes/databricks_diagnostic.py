"""Databricks audit logs as diagnostic settings of Azure deliver them, with JSON inside of text."""

from __future__ import annotations

from typing import Final

from lakewarden.events.columns import Source
from lakewarden.store.lake.shapes.databricks import values
from lakewarden.store.lake.shapes.shape import Shape

_PARAMS: Final = "TRY_CAST(properties.requestParams AS JSON)::MAP(VARCHAR, VARCHAR)"


def _inside(column: str, key: str) -> str:
    return f"json_extract_string(TRY_CAST({column} AS JSON), '$.{key}')"


SHAPE: Final = Shape(
    name="databricks_diagnostic",
    source=Source.DATABRICKS,
    keys=frozenset({"time", "operationName", "properties"}),
    columns={
        "time": "VARCHAR",
        "resourceId": "VARCHAR",
        "workspaceId": "VARCHAR",
        "operationName": "VARCHAR",
        "category": "VARCHAR",
        "identity": "VARCHAR",
        "properties": "STRUCT(sourceIPAddress VARCHAR, userAgent VARCHAR, sessionId VARCHAR,"
        " serviceName VARCHAR, actionName VARCHAR, requestId VARCHAR, requestParams VARCHAR,"
        " response VARCHAR, logId VARCHAR, workspaceId VARCHAR, accountId VARCHAR,"
        " auditLevel VARCHAR)",
    },
    at='epoch_us(TRY_CAST("time" AS TIMESTAMPTZ)) // 1000',
    sound="coalesce(nullif(properties.serviceName, ''), category) <> ''"
    " AND coalesce(nullif(properties.actionName, ''), operationName) <> ''"
    f" AND (coalesce(properties.requestParams, '') IN ('', 'null') OR"
    f" TRY({_PARAMS}) IS NOT NULL)",
    values=values(
        account_id="properties.accountId",
        workspace_id="coalesce(nullif(properties.workspaceId, ''), nullif(workspaceId, ''),"
        " split_part(resourceId, '/', -1))",
        level="properties.auditLevel",
        service="coalesce(nullif(properties.serviceName, ''), category)",
        action="coalesce(nullif(properties.actionName, ''), split_part(operationName, '/', -1))",
        actor=f"coalesce(nullif({_inside('identity', 'email')}, ''),"
        f" {_inside('identity', 'subjectName')})",
        user_agent="properties.userAgent",
        session_id="properties.sessionId",
        request_id="properties.requestId",
        native_id="properties.logId",
        status=_inside("properties.response", "statusCode"),
        error=_inside("properties.response", "errorMessage"),
        result=_inside("properties.response", "result"),
        params=f"TRY({_PARAMS})",
    ),
    src_ip="properties.sourceIPAddress",
    maps=frozenset({"properties"}),
)

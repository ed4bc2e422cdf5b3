"""Who is who in the lab world, and what its tests share."""

from __future__ import annotations

from collections.abc import Callable

from databricks.sdk import WorkspaceClient

Client = Callable[[str], WorkspaceClient]
ADMIN, MAKER, USER, ETL = "lab-scanner", "maker@lab.example", "user@lab.example", "lab-etl"

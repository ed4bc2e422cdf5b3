"""Small estates around one bucket, for the examples of controls about buckets."""

from __future__ import annotations

import json
from typing import Any, Final

from lakewarden.estate.account import LOG_DELIVERIES, STORAGE_CONFIGURATIONS
from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS

BUCKET_NEEDS: Final = (
    STORAGE_CONFIGURATIONS.need(),
    LOG_DELIVERIES.need(),
    EXTERNAL_LOCATIONS.need(),
)
"""What must be collected to know the buckets and what each is for."""


def data_bucket(**answers: Any) -> MemorySnapshot:
    """Return an estate whose only bucket, `b`, holds data."""
    return given(
        storage_configurations=[],
        log_deliveries=[],
        external_locations=[{"name": "lake", "url": "s3://b/lake"}],
        **answers,
    )


def root_bucket(**answers: Any) -> MemorySnapshot:
    """Return an estate whose only bucket, `b`, is the root of its workspace."""
    storage = {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "b"}}
    return given(
        workspace={"storage_configuration_id": "s1"},
        storage_configurations=[storage],
        log_deliveries=[],
        external_locations=[],
        **answers,
    )


def policy_of(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the answer that holds the bucket's policy."""
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return [{"bucket": "b", "Policy": document}]

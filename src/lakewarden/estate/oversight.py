"""Who watches: system tables, budgets, CloudTrail's data events, GuardDuty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.aws import BucketPublicAccess
from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class SystemSchema(Record):
    """A schema of the catalog `system`: AVAILABLE, ENABLE_COMPLETED, MANAGED and more."""

    name: str = key("schema")
    state: Fact[str] = fact("state")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of a budget, with what it does."""

    action_configurations: tuple[Mapping[str, Any], ...] = ()


@record
class Budget(Record):
    """A budget of the account. `written` are its alerts as the answer has them, for changes."""

    id: str = key("budget_configuration_id")
    name: Fact[str] = fact("display_name")
    alerts: Fact[tuple[Alert, ...]] = fact("alert_configurations", absent=())
    written: Fact[tuple[Mapping[str, Any], ...]] = fact("alert_configurations", absent=())


@dataclass(frozen=True, slots=True)
class DataResource:
    """A kind of resource, and the ARNs of those whose data events are recorded."""

    kind: str = field(metadata={"wire": "Type"})
    values: tuple[str, ...] = field(default=(), metadata={"wire": "Values"})


@dataclass(frozen=True, slots=True)
class EventSelector:
    """What a trail records, in CloudTrail's older language."""

    events: str = field(metadata={"wire": "ReadWriteType"})
    resources: tuple[DataResource, ...] = field(default=(), metadata={"wire": "DataResources"})
    management: bool = field(default=True, metadata={"wire": "IncludeManagementEvents"})
    excluded: tuple[str, ...] = field(
        default=(), metadata={"wire": "ExcludeManagementEventSources"}
    )


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A test of one field of an event; all others that CloudTrail has are in `others`."""

    name: str = field(metadata={"wire": "Field"})
    equals: tuple[str, ...] = field(default=(), metadata={"wire": "Equals"})
    starts: tuple[str, ...] = field(default=(), metadata={"wire": "StartsWith"})
    others: bool = False


@dataclass(frozen=True, slots=True)
class AdvancedSelector:
    """What a trail records, in CloudTrail's newer language: events that pass every test."""

    tests: tuple[FieldTest, ...] = field(metadata={"wire": "FieldSelectors"})


@record
class TrailSelectors(Record):
    """Which events a trail records; of the two languages one is in use."""

    arn: str = key("arn")
    basic: Fact[tuple[EventSelector, ...]] = fact("EventSelectors")
    advanced: Fact[tuple[AdvancedSelector, ...]] = fact("AdvancedEventSelectors")


@record
class Detector(Record):
    """GuardDuty in a region: ENABLED, DISABLED, or None where it was never set up."""

    region: str = key("region")
    status: Fact[str | None] = fact("Status", absent=None)
    id: Fact[str | None] = fact("DetectorId", absent=None)


SYSTEM_SCHEMAS: Final = Kind(
    "system_schemas",
    SystemSchema,
    Scope.WORKSPACE,
    "GET /api/2.1/unity-catalog/metastores/{metastore_id}/systemschemas",
    "metastore admin or account admin",
)
BUDGETS: Final = Kind(
    "budgets",
    Budget,
    Scope.ACCOUNT,
    "GET /api/2.1/accounts/{account_id}/budgets",
    "account admin",
)
TRAIL_SELECTORS: Final = Kind(
    "trail_selectors",
    TrailSelectors,
    Scope.AWS,
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetEventSelectors",
    ("trails",),
)
TRAIL_BUCKETS: Final = Kind(
    "trail_buckets",
    BucketPublicAccess,
    Scope.AWS,
    "s3:GetPublicAccessBlock",
    "s3:GetBucketPublicAccessBlock",
    ("trails",),
)
DETECTORS: Final = Kind(
    "detectors",
    Detector,
    Scope.AWS,
    "guardduty:GetDetector",
    "guardduty:ListDetectors, guardduty:GetDetector",
)

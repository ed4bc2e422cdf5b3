"""What stands by in another region."""

from __future__ import annotations

from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class FailoverGroup(Record):
    """Workspaces and catalogs that the service replicates between regions.

    `replicated_to` is the moment (ISO 8601) up to which the other region has everything.
    """

    name: str = key("name")
    state: Fact[str] = fact("state")
    regions: Fact[tuple[str, ...]] = fact("regions")
    blocked: Fact[bool] = fact("has_replication_point_blocking_errors")
    replicated_to: Fact[str] = fact("replication_point")


FAILOVER_GROUPS: Final = Kind(
    "failover_groups",
    FailoverGroup,
    Scope.ACCOUNT,
    "GET /api/disaster-recovery/v1/accounts/{account_id}/failover-groups",
    "account admin",
)

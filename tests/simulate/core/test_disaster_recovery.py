from __future__ import annotations

import pytest
from databricks.sdk.common.types.fieldmask import FieldMask
from databricks.sdk.errors import (
    Aborted,
    AlreadyExists,
    BadRequest,
    InvalidParameterValue,
    NotFound,
)
from databricks.sdk.service.disasterrecovery import (
    FailoverFailoverGroupRequestFailoverType,
    FailoverGroup,
    FailoverGroupState,
    StableUrl,
    UcCatalog,
    UcReplicationConfig,
    WorkspaceSet,
)

from simulate.core.kit import Lab

FORCED = FailoverFailoverGroupRequestFailoverType.FORCED


def _group(*stable_urls: str) -> FailoverGroup:
    return FailoverGroup(
        regions=["us-east-1", "us-west-2"],
        initial_primary_region="us-east-1",
        workspace_sets=[
            WorkspaceSet(
                name="all",
                workspace_ids=["2001", "2002"],
                replicate_workspace_assets=True,
                stable_url_names=list(stable_urls),
            )
        ],
    )


def test_a_group_replicates_and_fails_over(typical: Lab) -> None:
    account = typical.account()
    parent = f"accounts/{typical.simulation.account_id}"
    api = account.disaster_recovery
    trial = api.create_failover_group(parent, _group(), "trial", validate_only=True)
    assert trial.state == FailoverGroupState.ACTIVE
    assert list(api.list_failover_groups(parent)) == []
    url = api.create_stable_url(parent, StableUrl(initial_workspace_id="2001"), "ty")
    made = api.create_failover_group(parent, _group(url.name or ""), "main")
    assert made.name == f"{parent}/failover-groups/main"
    with pytest.raises(AlreadyExists):
        api.create_failover_group(parent, _group(), "main")
    moved = api.failover_failover_group(made.name, "us-west-2", FORCED, etag=made.etag)
    assert moved.effective_primary_region == "us-west-2"
    with pytest.raises(Aborted):
        api.failover_failover_group(made.name, "us-east-1", FORCED, etag=made.etag)
    with pytest.raises(InvalidParameterValue, match="not another region"):
        api.failover_failover_group(made.name, "eu-west-1", FORCED)
    with pytest.raises(BadRequest, match="in use"):
        api.delete_stable_url(url.name or "")
    api.delete_failover_group(made.name)
    api.delete_stable_url(url.name or "")
    with pytest.raises(NotFound):
        api.get_failover_group(made.name)
    assert list(api.list_stable_urls(parent)) == []


def test_a_group_stays_up_to_date_until_a_catalog_that_it_names_is_gone(typical: Lab) -> None:
    account = typical.account()
    api = account.disaster_recovery
    made = api.create_failover_group(
        f"accounts/{typical.simulation.account_id}", _group(), "lagging"
    )
    fresh = api.get_failover_group(made.name)
    assert fresh.has_replication_point_blocking_errors is False
    assert fresh.replication_point.ToMilliseconds() >= made.replication_point.ToMilliseconds()
    gone = UcReplicationConfig([UcCatalog(name="gone")], data_replication_workspace_set="all")
    changed = FailoverGroup(
        regions=made.regions,
        workspace_sets=made.workspace_sets,
        initial_primary_region="us-east-1",
        unity_catalog_assets=gone,
    )
    api.update_failover_group(made.name, changed, FieldMask(["unity_catalog_assets"]))
    listed = {group.name: group for group in api.list_failover_groups(made.name.split("/f")[0])}
    stuck = listed[made.name]
    assert stuck.has_replication_point_blocking_errors is True
    again = api.get_failover_group(made.name)
    assert again.replication_point == stuck.replication_point
    api.delete_failover_group(made.name)

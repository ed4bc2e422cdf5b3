from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    InvalidParameterValue,
    InvalidState,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.compute import (
    AutoScale,
    ClusterAccessControlRequest,
    ClusterPermissionLevel,
    DataSecurityMode,
    DockerImage,
    ListClustersFilterBy,
    State,
    UpdateClusterResource,
)

from lakewarden.simulate.state import DAY_MS, Workspace
from simulate.compute.lab import MAKER, USER, Client

SMALL: dict[str, Any] = {
    "spark_version": "17.3.x-scala2.13",
    "node_type_id": "m6id.large",
    "num_workers": 1,
    "data_security_mode": DataSecurityMode.USER_ISOLATION,
}


def make(client: WorkspaceClient, name: str, **changes: Any) -> str:
    made = client.clusters.create(cluster_name=name, **(SMALL | changes))
    assert made.cluster_id
    return made.cluster_id


def test_a_created_cluster_runs_and_is_described(admin: WorkspaceClient) -> None:
    cluster_id = make(admin, "described", custom_tags={"Owner": "x"})
    found = admin.clusters.get(cluster_id)
    assert found.state is State.RUNNING
    assert found.driver_node_type_id == "m6id.large"
    assert found.custom_tags == {"Owner": "x"}
    assert found.default_tags is not None
    assert found.default_tags["Vendor"] == "Databricks"
    assert found.cluster_memory_mb == 2 * 8192
    assert found.autotermination_minutes == 0
    assert found.spec is not None
    assert found.spec.cluster_name == "described"


def test_the_list_pages_and_filters(admin: WorkspaceClient, workspace: Workspace) -> None:
    ids = {make(admin, f"paged-{n}") for n in range(5)}
    listed = [c.cluster_id for c in admin.clusters.list(page_size=2)]
    assert ids <= set(listed)
    assert len(listed) == len(set(listed))
    for cluster_id in ids:
        admin.clusters.delete(cluster_id)
    ended = admin.clusters.list(filter_by=ListClustersFilterBy(cluster_states=[State.TERMINATED]))
    assert ids <= {c.cluster_id for c in ended}
    old, *_ = ids
    workspace.table("clusters")[old]["terminated_time"] -= 31 * DAY_MS
    assert old not in {c.cluster_id for c in admin.clusters.list()}
    admin.clusters.pin(old)
    assert old in {c.cluster_id for c in admin.clusters.list()}


def test_the_older_path_answers_at_once(admin: WorkspaceClient) -> None:
    make(admin, "old path")
    body = admin.api_client.do("GET", "/api/2.0/clusters/list", query={"page_size": 1})
    assert isinstance(body, dict)
    listed = {c.cluster_id for c in admin.clusters.list()}
    assert {c["cluster_id"] for c in body["clusters"]} == listed
    with pytest.raises(ResourceDoesNotExist):
        admin.clusters.get("0000-000000-none")


def test_a_cluster_goes_through_its_life(admin: WorkspaceClient) -> None:
    cluster_id = make(admin, "alive")
    admin.clusters.resize(cluster_id, num_workers=3)
    assert admin.clusters.get(cluster_id).num_workers == 3
    with pytest.raises(InvalidState):
        admin.clusters.start(cluster_id)
    admin.clusters.delete(cluster_id)
    assert admin.clusters.get(cluster_id).state is State.TERMINATED
    with pytest.raises(InvalidState):
        admin.clusters.restart(cluster_id)
    admin.clusters.change_owner(cluster_id, MAKER)
    assert admin.clusters.get(cluster_id).creator_user_name == MAKER
    admin.clusters.start(cluster_id)
    kinds = [str(event.type) for event in admin.clusters.events(cluster_id)]
    assert [kind.removeprefix("EventType.") for kind in kinds] == [
        "STARTING",
        "TERMINATING",
        "EDITED",
        "CREATING",
    ]
    admin.clusters.permanent_delete(cluster_id)
    with pytest.raises(ResourceDoesNotExist):
        admin.clusters.get(cluster_id)


def test_an_update_changes_what_its_mask_names(admin: WorkspaceClient) -> None:
    cluster_id = make(admin, "masked")
    admin.clusters.update(
        cluster_id,
        "autoscale,autotermination_minutes",
        cluster=UpdateClusterResource(
            autoscale=AutoScale(min_workers=1, max_workers=4), autotermination_minutes=30
        ),
    )
    found = admin.clusters.get(cluster_id)
    assert found.autotermination_minutes == 30
    assert found.spec is not None
    assert found.spec.num_workers is None
    assert found.cluster_name == "masked"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"node_type_id": "x9.large"}, "Node type x9.large is not supported"),
        ({"spark_version": ""}, "spark_version"),
        ({"num_workers": None}, "Missing required field 'size'"),
        ({"num_workers": 0}, "NumWorkers could be 0 only for SingleNode clusters"),
        ({"autoscale": AutoScale(min_workers=5, max_workers=2)}, "min <= max"),
        ({"autotermination_minutes": 5}, "between 10 and 10000"),
        ({"instance_pool_id": "none", "node_type_id": None}, "Can't find an instance pool"),
        ({"instance_pool_id": "none"}, "The field 'node_type_id' cannot be supplied"),
        ({"docker_image": DockerImage(url="r/x:1")}, "Container Services is not enabled"),
    ],
)
def test_the_service_refuses_what_cannot_run(
    admin: WorkspaceClient, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=text):
        make(admin, "refused", **changes)


def test_only_the_entitled_create_clusters(client: Client) -> None:
    with pytest.raises(PermissionDenied, match="not authorized to create clusters"):
        make(client(USER), "forbidden")
    assert make(client(MAKER), "allowed")


def test_people_see_and_touch_what_their_level_allows(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    user, cluster_id = client(USER), make(client(MAKER), "shared")
    assert cluster_id not in {c.cluster_id for c in user.clusters.list()}
    with pytest.raises(PermissionDenied):
        user.clusters.get(cluster_id)
    workspace.conf["enforceClusterViewAcls"] = "false"
    assert cluster_id in {c.cluster_id for c in user.clusters.list()}
    with pytest.raises(PermissionDenied):
        user.clusters.restart(cluster_id)
    admin.clusters.update_permissions(
        cluster_id,
        access_control_list=[
            ClusterAccessControlRequest(
                group_name="analysts", permission_level=ClusterPermissionLevel.CAN_RESTART
            )
        ],
    )
    user.clusters.restart(cluster_id)
    with pytest.raises(PermissionDenied):
        user.clusters.edit(cluster_id, **SMALL)
    with pytest.raises(PermissionDenied):
        user.clusters.pin(cluster_id)


def test_user_isolation_can_be_enforced(admin: WorkspaceClient, workspace: Workspace) -> None:
    workspace.conf["enforceUserIsolation"] = "true"
    for mode in (None, DataSecurityMode.NONE):
        with pytest.raises(InvalidParameterValue, match="without user isolation"):
            make(admin, "open", data_security_mode=mode)
    make(
        admin,
        "table-acl",
        data_security_mode=None,
        spark_conf={"spark.databricks.acl.dfAclsEnabled": "true"},
    )
    dedicated = make(admin, "dedicated", data_security_mode=DataSecurityMode.SINGLE_USER)
    owner = admin.clusters.get(dedicated)
    assert owner.single_user_name == owner.creator_user_name


def test_settings_limit_machines_and_runtimes(admin: WorkspaceClient, workspace: Workspace) -> None:
    settings = workspace.table("settings")
    profile = {"compliance_security_profile_workspace": {"is_enabled": True}}
    settings["shield_csp_enablement_ws_db"] = profile
    with pytest.raises(InvalidParameterValue, match=r"encrypt in transit.*driver"):
        make(admin, "plain", driver_node_type_id="m5.large")
    settings["disable_legacy_dbfs"] = {"disable_legacy_dbfs": {"value": True}}
    with pytest.raises(InvalidParameterValue, match=r"below 13\.3"):
        make(admin, "old", spark_version="10.4.x-scala2.12")


def test_the_catalogue_tells_which_machines_encrypt(admin: WorkspaceClient) -> None:
    types = {t.node_type_id: t for t in admin.clusters.list_node_types().node_types or ()}
    assert types["m6id.large"].is_encrypted_in_transit is True
    assert types["i3.xlarge"].is_encrypted_in_transit is False
    assert types["m7g.xlarge"].is_graviton is True
    assert types["g5.xlarge"].is_graviton is False
    assert admin.clusters.select_spark_version(long_term_support=True) == "16.4.x-scala2.12"
    assert admin.clusters.list_zones().default_zone == "us-east-1a"


def test_lists_do_not_say_what_clusters_were_asked_to_be(admin: WorkspaceClient) -> None:
    pool = admin.instance_pools.create("asked", "m6id.large").instance_pool_id
    made = admin.clusters.create(
        "17.3.x-scala2.13", cluster_name="asked", instance_pool_id=pool, num_workers=1
    )
    listed = next(c for c in admin.clusters.list() if c.cluster_id == made.cluster_id)
    assert (listed.spec, listed.node_type_id) == (None, "m6id.large")
    asked = admin.clusters.get(made.cluster_id or "").spec
    assert asked
    assert asked.as_dict() == {
        "cluster_name": "asked",
        "spark_version": "17.3.x-scala2.13",
        "instance_pool_id": pool,
        "num_workers": 1,
    }

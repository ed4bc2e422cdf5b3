"""Pools, profiles, libraries, init scripts, warehouses, pipelines, endpoints, Git credentials."""

from __future__ import annotations

import base64

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    DatabricksError,
    InvalidParameterValue,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.compute import (
    InstancePoolAccessControlRequest,
    InstancePoolPermissionLevel,
    Library,
    PythonPyPiLibrary,
)
from databricks.sdk.service.pipelines import PipelineCluster
from databricks.sdk.service.serving import EndpointCoreConfigInput, EndpointTag
from databricks.sdk.service.sql import (
    CreateWarehouseRequestWarehouseType,
    SetWorkspaceWarehouseConfigRequestSecurityPolicy,
    State,
)

from lakewarden.simulate.state import Workspace
from simulate.compute.lab import MAKER, USER, Client

RUNTIME = "17.3.x-scala2.13"


def test_a_pool_gives_its_machines_to_clusters(client: Client, admin: WorkspaceClient) -> None:
    made = admin.instance_pools.create("small", "m6id.large", custom_tags={"Owner": "x"})
    pool_id = made.instance_pool_id
    assert pool_id
    maker = client(MAKER)
    assert pool_id not in {p.instance_pool_id for p in maker.instance_pools.list()}
    with pytest.raises(PermissionDenied):
        maker.clusters.create(RUNTIME, instance_pool_id=pool_id, num_workers=1)
    entry = InstancePoolAccessControlRequest(
        group_name="users", permission_level=InstancePoolPermissionLevel.CAN_ATTACH_TO
    )
    admin.instance_pools.update_permissions(pool_id, access_control_list=[entry])
    cluster = maker.clusters.create(RUNTIME, instance_pool_id=pool_id, num_workers=1)
    assert cluster.cluster_id
    assert maker.clusters.get(cluster.cluster_id).node_type_id == "m6id.large"
    with pytest.raises(PermissionDenied):
        maker.instance_pools.delete(pool_id)
    with pytest.raises(InvalidParameterValue, match="cannot be changed"):
        admin.instance_pools.edit(pool_id, "small", "i3.xlarge")
    admin.instance_pools.edit(pool_id, "smaller", "m6id.large", max_capacity=3)
    assert admin.instance_pools.get(pool_id).max_capacity == 3
    admin.instance_pools.delete(pool_id)
    with pytest.raises(ResourceDoesNotExist):
        admin.instance_pools.get(pool_id)


def test_pools_take_their_own_entitlement(client: Client, admin: WorkspaceClient) -> None:
    with pytest.raises(PermissionDenied, match="instance pools"):
        client(MAKER).instance_pools.create("mine", "m6id.large")
    with pytest.raises(InvalidParameterValue, match="not supported"):
        admin.instance_pools.create("odd", "x9.large")


def test_instance_profiles_are_registered_by_admins(client: Client, admin: WorkspaceClient) -> None:
    arn = "arn:aws:iam::123456789012:instance-profile/loader"
    with pytest.raises(PermissionDenied):
        client(MAKER).instance_profiles.add(arn)
    admin.instance_profiles.add(arn)
    with pytest.raises(InvalidParameterValue, match="already registered"):
        admin.instance_profiles.add(arn)
    role = "arn:aws:iam::123456789012:role/loader"
    admin.instance_profiles.edit(arn, iam_role_arn=role)
    assert [(p.instance_profile_arn, p.iam_role_arn) for p in admin.instance_profiles.list()] == [
        (arn, role)
    ]
    admin.instance_profiles.remove(arn)
    assert list(admin.instance_profiles.list()) == []
    with pytest.raises(InvalidParameterValue, match="not an ARN"):
        admin.instance_profiles.add("loader")


def test_libraries_come_and_go(
    client: Client, admin: WorkspaceClient, workspace: Workspace
) -> None:
    maker = client(MAKER)
    cluster_id = maker.clusters.create(RUNTIME, node_type_id="m6id.large", num_workers=1).cluster_id
    assert cluster_id
    pandas = Library(pypi=PythonPyPiLibrary(package="pandas==2.2"))
    jar = Library(jar="dbfs:/jars/a.jar")
    maker.libraries.install(cluster_id, [pandas, jar])
    maker.libraries.install(cluster_id, [pandas])
    (status,) = [s for s in admin.libraries.all_cluster_statuses() if s.cluster_id == cluster_id]
    assert [s.library for s in status.library_statuses or ()] == [pandas, jar]
    assert cluster_id not in {s.cluster_id for s in client(USER).libraries.all_cluster_statuses()}
    maker.libraries.uninstall(cluster_id, [jar])
    assert [s.library for s in maker.libraries.cluster_status(cluster_id)] == [pandas]
    workspace.table("settings")["disable_legacy_dbfs"] = {"disable_legacy_dbfs": {"value": True}}
    with pytest.raises(InvalidParameterValue, match="DBFS root"):
        maker.libraries.install(cluster_id, [jar])
    with pytest.raises(InvalidParameterValue, match="exactly one"):
        maker.libraries.install(cluster_id, [Library()])


def test_init_scripts_are_for_admins(client: Client, admin: WorkspaceClient) -> None:
    body = base64.b64encode(b"#!/bin/bash").decode()
    with pytest.raises(PermissionDenied):
        list(client(MAKER).global_init_scripts.list())
    second = admin.global_init_scripts.create("second", body, position=1).script_id
    first = admin.global_init_scripts.create("first", body, position=0, enabled=True).script_id
    assert first
    assert second
    assert [s.name for s in admin.global_init_scripts.list()] == ["first", "second"]
    assert admin.global_init_scripts.get(first).script == body
    admin.global_init_scripts.update(second, "renamed", body, enabled=True)
    assert admin.global_init_scripts.get(second).enabled is True
    admin.global_init_scripts.delete(first)
    with pytest.raises(ResourceDoesNotExist):
        admin.global_init_scripts.get(first)
    with pytest.raises(InvalidParameterValue, match="base64"):
        admin.global_init_scripts.create("odd", "#!")
    with pytest.raises(InvalidParameterValue, match="64 KB"):
        admin.global_init_scripts.create("big", base64.b64encode(b"x" * 65537).decode())


def test_a_warehouse_runs_and_stops(client: Client, admin: WorkspaceClient) -> None:
    serverless = {"enable_serverless_compute": True, "auto_stop_mins": 10}
    made = client(MAKER).warehouses.create(
        name="quick", warehouse_type=CreateWarehouseRequestWarehouseType.PRO, **serverless
    )
    warehouse_id = made.response.id
    assert warehouse_id
    found = admin.warehouses.get(warehouse_id)
    assert (found.state, found.creator_name) == (State.RUNNING, MAKER)
    admin.warehouses.stop(warehouse_id)
    assert admin.warehouses.get(warehouse_id).state is State.STOPPED
    admin.warehouses.edit(warehouse_id, name="quicker")
    assert [w.name for w in admin.warehouses.list() if w.id == warehouse_id] == ["quicker"]
    assert warehouse_id not in {w.id for w in client(USER).warehouses.list()}
    with pytest.raises(PermissionDenied):
        client(USER).warehouses.create(name="mine")
    with pytest.raises(InvalidParameterValue, match="cluster_size"):
        admin.warehouses.create(name="odd", cluster_size="Huge")
    with pytest.raises(InvalidParameterValue, match="warehouse_type PRO"):
        admin.warehouses.create(name="odd", enable_serverless_compute=True)
    with pytest.raises(InvalidParameterValue, match="max_num_clusters"):
        admin.warehouses.create(name="odd", min_num_clusters=3, max_num_clusters=2)
    admin.warehouses.delete(warehouse_id)
    with pytest.raises(ResourceDoesNotExist):
        admin.warehouses.get(warehouse_id)


def test_the_warehouse_configuration_is_shared(client: Client, admin: WorkspaceClient) -> None:
    before = admin.warehouses.get_workspace_warehouse_config()
    assert before.security_policy is not None
    assert before.security_policy.value == "DATA_ACCESS_CONTROL"
    none = SetWorkspaceWarehouseConfigRequestSecurityPolicy.NONE
    admin.warehouses.set_workspace_warehouse_config(security_policy=none)
    after = admin.warehouses.get_workspace_warehouse_config()
    assert after.security_policy is not None
    assert after.security_policy.value == "NONE"
    with pytest.raises(PermissionDenied):
        client(MAKER).warehouses.get_workspace_warehouse_config()


def test_pipelines_bring_clusters_through_the_same_gate(
    client: Client, admin: WorkspaceClient
) -> None:
    made = client(USER).pipelines.create(name="serverless", serverless=True, catalog="main")
    assert made.pipeline_id
    found = admin.pipelines.get(made.pipeline_id)
    assert found.spec is not None
    assert (found.spec.catalog, found.run_as_user_name) == ("main", USER)
    assert made.pipeline_id in {p.pipeline_id for p in admin.pipelines.list_pipelines()}
    with pytest.raises(PermissionDenied, match="not authorized to create clusters"):
        client(USER).pipelines.create(name="own", clusters=[PipelineCluster(num_workers=2)])
    assert client(MAKER).pipelines.create(name="own", clusters=[PipelineCluster(num_workers=2)])
    with pytest.raises(InvalidParameterValue, match="serverless compute"):
        admin.pipelines.create(name="both", serverless=True, clusters=[PipelineCluster()])
    admin.pipelines.update(made.pipeline_id, name="renamed")
    assert admin.pipelines.get(made.pipeline_id).name == "renamed"
    admin.pipelines.delete(made.pipeline_id)
    with pytest.raises(ResourceDoesNotExist):
        admin.pipelines.get(made.pipeline_id)


def test_an_endpoint_serves_and_carries_tags(client: Client, admin: WorkspaceClient) -> None:
    config = EndpointCoreConfigInput(name="scorer", served_entities=[])
    maker = client(MAKER)
    maker.serving_endpoints.create("scorer", config=config, tags=[EndpointTag("Owner", "x")])
    assert "scorer" in {e.name for e in admin.serving_endpoints.list()}
    assert "scorer" not in {e.name for e in client(USER).serving_endpoints.list()}
    maker.serving_endpoints.patch(
        "scorer", add_tags=[EndpointTag("CostCenter", "1")], delete_tags=["Owner"]
    )
    found = maker.serving_endpoints.get("scorer")
    assert [tag.key for tag in found.tags or ()] == ["CostCenter"]
    maker.serving_endpoints.update_config("scorer", served_entities=[])
    maker.serving_endpoints.put_ai_gateway("scorer")
    assert maker.serving_endpoints.get("scorer").ai_gateway is not None
    with pytest.raises(DatabricksError, match="already exists"):
        maker.serving_endpoints.create("scorer", config=config)
    with pytest.raises(PermissionDenied):
        client(USER).serving_endpoints.delete("scorer")
    maker.serving_endpoints.delete("scorer")
    with pytest.raises(ResourceDoesNotExist):
        maker.serving_endpoints.get("scorer")


def test_git_credentials_belong_to_their_holder(client: Client) -> None:
    maker = client(MAKER)
    made = maker.git_credentials.create("gitLab", git_username="me", personal_access_token="t")
    assert [c.git_username for c in maker.git_credentials.list()] == ["me"]
    assert list(client(USER).git_credentials.list()) == []
    assert made.credential_id
    with pytest.raises(ResourceDoesNotExist):
        client(USER).git_credentials.get(made.credential_id)
    maker.git_credentials.update(made.credential_id, "gitLab", git_username="you")
    assert maker.git_credentials.get(made.credential_id).git_username == "you"
    maker.git_credentials.delete(made.credential_id)
    assert list(maker.git_credentials.list()) == []
    with pytest.raises(ResourceDoesNotExist):
        list(maker.git_credentials.list(principal_id=7))

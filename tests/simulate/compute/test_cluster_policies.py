from __future__ import annotations

import json
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    BadRequest,
    DatabricksError,
    InvalidParameterValue,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.compute import (
    AutoScale,
    ClusterPolicyAccessControlRequest,
    ClusterPolicyPermissionLevel,
    DataSecurityMode,
    Library,
    PythonPyPiLibrary,
)

from lakewarden.simulate.state import Workspace
from simulate.compute.lab import MAKER, USER, Client

GUARDED: dict[str, Any] = {
    "autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 60},
    "autoscale.max_workers": {"type": "range", "maxValue": 4},
    "num_workers": {"type": "forbidden"},
    "node_type_id": {"type": "allowlist", "values": ["m6id.large"], "defaultValue": "m6id.large"},
    "data_security_mode": {"type": "fixed", "value": "USER_ISOLATION"},
    "spark_version": {"type": "regex", "pattern": r"1[67]\..*"},
    "custom_tags.CostCenter": {"type": "regex", "pattern": "CC-[0-9]+"},
    "init_scripts.*": {"type": "forbidden"},
    "dbus_per_hour": {"type": "range", "maxValue": 3},
}
WITHIN: dict[str, Any] = {
    "spark_version": "17.3.x-scala2.13",
    "node_type_id": "m6id.large",
    "autoscale": AutoScale(min_workers=1, max_workers=4),
    "autotermination_minutes": 30,
    "custom_tags": {"CostCenter": "CC-1"},
}


def make_policy(admin: WorkspaceClient, name: str, *, users: bool = True, **body: Any) -> str:
    body.setdefault("definition", json.dumps(GUARDED))
    policy_id = admin.cluster_policies.create(name=name, **body).policy_id
    assert policy_id
    if users:
        entry = ClusterPolicyAccessControlRequest(
            group_name="users", permission_level=ClusterPolicyPermissionLevel.CAN_USE
        )
        admin.cluster_policies.set_permissions(policy_id, access_control_list=[entry])
    return policy_id


def test_every_workspace_has_the_default_policies(admin: WorkspaceClient) -> None:
    defaults = {p.name: p for p in admin.cluster_policies.list() if p.is_default}
    assert set(defaults) == {
        "Personal Compute",
        "Power User Compute",
        "Shared Compute",
        "Job Compute",
    }
    personal = defaults["Personal Compute"]
    assert json.loads(personal.definition or "")["num_workers"]["value"] == 0
    assert personal.policy_id
    with pytest.raises(InvalidParameterValue, match="Changing policy_family_id is forbidden"):
        admin.cluster_policies.edit(personal.policy_id, name="Mine", definition="{}")
    with pytest.raises(InvalidParameterValue, match="cannot be deleted"):
        admin.cluster_policies.delete(personal.policy_id)
    families = {f.policy_family_id: f for f in admin.policy_families.list()}
    assert admin.policy_families.get("power-user").name == families["power-user"].name
    with pytest.raises(ResourceDoesNotExist):
        admin.policy_families.get("none")


def test_a_policy_is_kept_as_it_was_given(admin: WorkspaceClient) -> None:
    policy_id = make_policy(
        admin,
        "kept",
        max_clusters_per_user=2,
        libraries=[Library(pypi=PythonPyPiLibrary(package="pandas==2.2"))],
    )
    kept = admin.cluster_policies.get(policy_id)
    assert json.loads(kept.definition or "") == GUARDED
    assert kept.max_clusters_per_user == 2
    assert kept.libraries
    admin.cluster_policies.edit(policy_id, name="renamed", definition="{}")
    assert admin.cluster_policies.get(policy_id).max_clusters_per_user is None
    admin.cluster_policies.delete(policy_id)
    with pytest.raises(ResourceDoesNotExist):
        admin.cluster_policies.get(policy_id)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"definition": "{"}, "not a JSON document"),
        ({"definition": "[]"}, "must be a JSON object"),
        ({"definition": '{"num_workers": {"value": 3}}'}, "unknown policy type"),
        ({"policy_family_id": "none", "definition": None}, "does not exist"),
        ({"policy_family_id": "personal-vm", "definition": "{}"}, "Only one of"),
        ({"definition": None}, "Missing required field: definition"),
        ({"definition": "{}", "max_clusters_per_user": 0}, "must be greater than 0"),
        ({"definition": "{}", "name": "x" * 101}, "at most 100"),
        ({"definition": "{}", "name": "Shared Compute"}, "already exists"),
    ],
)
def test_a_bad_policy_is_refused(admin: WorkspaceClient, body: dict[str, Any], text: str) -> None:
    with pytest.raises(DatabricksError, match=text):
        admin.cluster_policies.create(**({"name": "bad"} | body))


def test_a_definition_must_be_text(admin: WorkspaceClient) -> None:
    body = {"name": "object", "definition": GUARDED}
    with pytest.raises(BadRequest, match="must be passed as a string"):
        admin.api_client.do("POST", "/api/2.0/policies/clusters/create", body=body)


def test_only_admins_change_policies_and_others_see_theirs(
    client: Client, admin: WorkspaceClient
) -> None:
    user = client(USER)
    with pytest.raises(PermissionDenied):
        user.cluster_policies.create(name="mine", definition="{}")
    secret = make_policy(admin, "for admins", users=False)
    shared = make_policy(admin, "for users")
    seen = {p.policy_id for p in user.cluster_policies.list()}
    assert shared in seen
    assert secret not in seen
    with pytest.raises(PermissionDenied):
        user.clusters.create(policy_id=secret, cluster_name="x", **WITHIN)


def test_a_policy_lets_the_unentitled_create_what_it_allows(
    client: Client, admin: WorkspaceClient
) -> None:
    policy_id = make_policy(admin, "guarded")
    made = client(USER).clusters.create(policy_id=policy_id, cluster_name="ok", **WITHIN)
    assert made.cluster_id
    assert admin.clusters.get(made.cluster_id).data_security_mode is DataSecurityMode.USER_ISOLATION


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"autotermination_minutes": 0}, 'autotermination_minutes.*at least 10 .is "0"'),
        ({"autotermination_minutes": None}, 'autotermination_minutes.*is "0"'),
        ({"autoscale": AutoScale(min_workers=1, max_workers=5)}, "autoscale.max_workers.*most 4"),
        ({"num_workers": 2, "autoscale": None}, "num_workers, the value must not be present"),
        ({"node_type_id": "i3.xlarge"}, "node_type_id.*must be one of .m6id.large."),
        ({"node_type_id": None}, "node_type_id, the value must be present"),
        ({"data_security_mode": DataSecurityMode.NONE}, "data_security_mode.*USER_ISOLATION"),
        ({"spark_version": "15.4.x-scala2.12"}, "spark_version"),
        ({"custom_tags": {}}, "custom_tags, CostCenter must be present"),
        ({"driver_node_type_id": "g5.12xlarge"}, "dbus_per_hour.*at most 3"),
    ],
)
def test_a_policy_refuses_what_it_forbids(
    admin: WorkspaceClient, policy_id: str, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=f"Cluster validation error: .*{text}"):
        admin.clusters.create(policy_id=policy_id, cluster_name="x", **(WITHIN | changes))


@pytest.fixture(scope="module")
def policy_id(admin: WorkspaceClient) -> str:
    return make_policy(admin, "strict")


def test_defaults_apply_when_asked_for(admin: WorkspaceClient, policy_id: str) -> None:
    request = {k: v for k, v in WITHIN.items() if k != "node_type_id"}
    made = admin.clusters.create(
        policy_id=policy_id, cluster_name="d", apply_policy_default_values=True, **request
    )
    assert made.cluster_id
    assert admin.clusters.get(made.cluster_id).node_type_id == "m6id.large"


def test_edits_obey_the_policy_too(admin: WorkspaceClient, policy_id: str) -> None:
    made = admin.clusters.create(policy_id=policy_id, cluster_name="e", **WITHIN)
    assert made.cluster_id
    with pytest.raises(InvalidParameterValue, match="autotermination_minutes"):
        admin.clusters.edit(
            made.cluster_id, policy_id=policy_id, **(WITHIN | {"autotermination_minutes": 90})
        )
    with pytest.raises(InvalidParameterValue, match="num_workers"):
        admin.clusters.resize(made.cluster_id, num_workers=3)


def test_each_user_gets_so_many_clusters(client: Client, admin: WorkspaceClient) -> None:
    policy_id = make_policy(admin, "one each", max_clusters_per_user=1)
    user = client(USER)
    first = user.clusters.create(policy_id=policy_id, cluster_name="1", **WITHIN).cluster_id
    assert first
    with pytest.raises(InvalidParameterValue, match="limit of 1 active clusters"):
        user.clusters.create(policy_id=policy_id, cluster_name="2", **WITHIN)
    assert client(MAKER).clusters.create(policy_id=policy_id, cluster_name="3", **WITHIN)
    user.clusters.delete(first)
    second = user.clusters.create(policy_id=policy_id, cluster_name="4", **WITHIN)
    assert second.cluster_id
    with pytest.raises(InvalidParameterValue, match="limit of 1"):
        user.clusters.start(first)


def test_a_family_is_inherited_and_overridden(admin: WorkspaceClient) -> None:
    overrides = {"node_type_id": {"type": "fixed", "value": "m6id.large"}}
    policy_id = make_policy(
        admin,
        "our personal",
        definition=None,
        policy_family_id="personal-vm",
        policy_family_definition_overrides=json.dumps(overrides),
    )
    merged = json.loads(admin.cluster_policies.get(policy_id).definition or "")
    assert merged["node_type_id"] == overrides["node_type_id"]
    made = admin.clusters.create(
        policy_id=policy_id,
        cluster_name="mine",
        spark_version="auto:latest-ml",
        apply_policy_default_values=True,
    )
    assert made.cluster_id
    found = admin.clusters.get(made.cluster_id)
    assert (found.node_type_id, found.num_workers) == ("m6id.large", 0)
    assert found.spark_version == "17.3.x-cpu-ml-scala2.13"


def test_compliance_follows_the_policy_as_it_is_now(admin: WorkspaceClient) -> None:
    policy_id = make_policy(admin, "changing")
    cluster_id = admin.clusters.create(policy_id=policy_id, cluster_name="c", **WITHIN).cluster_id
    assert cluster_id
    compliance = admin.policy_compliance_for_clusters
    assert compliance.get_compliance(cluster_id).is_compliant is True
    stricter = GUARDED | {
        "autotermination_minutes": {"type": "fixed", "value": 20},
        "autoscale.max_workers": {"type": "range", "maxValue": 2},
    }
    admin.cluster_policies.edit(policy_id, name="changing", definition=json.dumps(stricter))
    (row,) = compliance.list_compliance(policy_id)
    assert (row.cluster_id, row.is_compliant) == (cluster_id, False)
    found = compliance.get_compliance(cluster_id).violations or {}
    assert set(found) == {"autotermination_minutes", "autoscale.max_workers"}
    preview = compliance.enforce_compliance(cluster_id, validate_only=True)
    assert preview.has_changes is True
    assert compliance.get_compliance(cluster_id).is_compliant is False
    changes = compliance.enforce_compliance(cluster_id).changes or []
    assert {c.field: (c.previous_value, c.new_value) for c in changes} == {
        "autoscale.max_workers": ("4", "2"),
        "autotermination_minutes": ("30", "20"),
    }
    assert compliance.get_compliance(cluster_id).is_compliant is True


def test_what_no_default_settles_cannot_be_enforced(admin: WorkspaceClient) -> None:
    policy_id = make_policy(admin, "undecided")
    cluster_id = admin.clusters.create(policy_id=policy_id, cluster_name="u", **WITHIN).cluster_id
    assert cluster_id
    wanted = GUARDED | {"custom_tags.Owner": {"type": "unlimited"}}
    admin.cluster_policies.edit(policy_id, name="undecided", definition=json.dumps(wanted))
    with pytest.raises(InvalidParameterValue, match="Owner must be present"):
        admin.policy_compliance_for_clusters.enforce_compliance(cluster_id)


def test_a_stored_policy_that_is_malformed_satisfies_nothing(
    admin: WorkspaceClient, workspace: Workspace
) -> None:
    policy_id = make_policy(admin, "broken")
    workspace.table("cluster-policies")[policy_id]["definition"] = "[]"
    with pytest.raises(DatabricksError, match="malformed policy definition"):
        admin.clusters.create(policy_id=policy_id, cluster_name="x", **WITHIN)

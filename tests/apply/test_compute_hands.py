"""Hands for compute, there and back over HTTP."""

from __future__ import annotations

import pytest

from apply.nowhere import Nowhere
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import hands
from lakewarden.apply.hands import clusters
from lakewarden.apply.run import State, carry_out, look
from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.doors import Reach
from lakewarden.plan.change import Change, Target
from lakewarden.plan.paths import value_at
from lakewarden.simulate import server

HERE = "workspace/3001"
MACHINES = {"spark_version": "17.3.x-scala2.13", "node_type_id": "m6id.large", "num_workers": 1}
TAGS = {"CostCenter": "8801", "Owner": "research", "Environment": "research"}
NOTED = {
    *(
        "last_modified",
        "last_restarted_time",
        "created_at",
        "created_by",
        "num_workers",
        "spec",
        "updated_at",
        "updated_by",
    ),
}
USERS = [{"group_name": "users", "permission_level": "CAN_ATTACH_TO"}]
RANGE = {"type": "range", "minValue": 10, "maxValue": 20}
OWN = "/policy_family_definition_overrides"


class OnTheMove:
    """A host whose cluster comes to rest after some looks."""

    def __init__(self, *states):
        self.states, self.sent = list(states), []

    def get(self, *_):
        return {"state": self.states.pop(0) if len(self.states) > 1 else self.states[0]}

    def send(self, verb, path, body):
        self.sent.append((verb, path, body))


class Only:
    def __init__(self, host):
        self.host = host

    def databricks(self, _):
        return self.host


@pytest.fixture(scope="module")
def served():
    with server.start("high-security", aws=False) as simulation:
        yield simulation


@pytest.fixture(scope="module")
def doors(served):
    urls = {str(number): url for number, url in served.workspace_urls.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABRICKS_TOKEN", served.token)
        made = Doors(Reach(served.account_host, workspace_urls=urls, use_aws=False), urls)
        made.databricks(HERE)
        yield made


@pytest.fixture(scope="module")
def named(served, doors):
    """What is in the workspace, and a pipeline with machines of its own, a job and a script."""
    host = doors.databricks(HERE)
    cluster = {"node_type_id": "m6id.large", "num_workers": 1, "custom_tags": TAGS}
    pipeline = {"name": "archive", "catalog": "research", "clusters": [cluster]}
    inner = {"task_key": "one", "new_cluster": MACHINES | {"data_security_mode": "SINGLE_USER"}}
    tasks = [{"task_key": f"t{n}", "notebook_task": {"notebook_path": "/a"}} for n in range(120)]
    tasks.append({"task_key": "all", "for_each_task": {"inputs": "[1]", "task": inner}})
    job = {"name": "wide", "tasks": tasks}
    script = {"name": "agent", "enabled": True, "script": "ZWNobyBoaQo="}
    return {
        **served.references,
        "pipeline": host.send("POST", "/api/2.0/pipelines", pipeline)["pipeline_id"],
        "job": str(host.send("POST", "/api/2.2/jobs/create", job)["job_id"]),
        "script": host.send("POST", "/api/2.0/global-init-scripts", script)["script_id"],
        "family": _family(host, "Shared Compute"),
    }


def _family(host, name):
    policies = host.get("/api/2.0/policies/clusters/list")["policies"]
    return next(p["policy_id"] for p in policies if p["name"] == name)


_INNER = "/settings/tasks/[task_key=all]/for_each_task/task/new_cluster"
CHANGES = {
    "a list": ("permissions", "clusters/${cluster.clara-notebook}", "/access_control_list"),
    "a cluster": ("cluster", "${cluster.imaging-shared}", "/autotermination_minutes"),
    "a tag of a cluster": ("cluster", "${cluster.imaging-shared}", "/custom_tags/Team"),
    "a tag of a job": ("job", "${job.publish-cohorts}", "/settings/tags/Team"),
    "a field that a job lacks": ("job", "${job.publish-cohorts}", "/settings/timeout_seconds"),
    "a cluster of a job": (
        "job",
        "${job.publish-cohorts}",
        "/settings/job_clusters/[job_cluster_key=main]/new_cluster/node_type_id",
    ),
    "a repeated task on a later page": ("job", "${job}", f"{_INNER}/node_type_id"),
    "a pipeline": ("pipeline", "${pipeline}", "/spec/clusters/[label=default]/node_type_id"),
    "a rule": ("cluster_policy", "${policy.hs-research-interactive}", "/definition/num_workers"),
    "a new rule": ("cluster_policy", "${policy.hs-research-interactive}", "/definition/kind"),
    "a rule of a family": ("cluster_policy", "${family}", f"{OWN}/autotermination_minutes"),
    "a limit of a policy": (
        "cluster_policy",
        "${policy.hs-research-interactive}",
        "/max_clusters_per_user",
    ),
    "a warehouse": ("warehouse", "${warehouse.hs-research-sql}", "/auto_stop_mins"),
    "a tag of a warehouse": (
        "warehouse",
        "${warehouse.hs-research-sql}",
        "/tags/custom_tags/[key=Team]",
    ),
    "what warehouses share": ("warehouse_config", "warehouses", "/security_policy"),
    "a script": ("global_init_script", "${script}", "/enabled"),
    "an allow list": ("artifact_allowlist", "LIBRARY_JAR", "/artifact_matchers"),
    "a right": (
        "entitlements",
        "${group.hs-researchers}",
        "/entitlements/[value=allow-cluster-create]",
    ),
}
WANTED = {
    "a list": USERS,
    "a cluster": 20,
    "a tag of a cluster": "x",
    "a tag of a job": "x",
    "a field that a job lacks": 60,
    "a cluster of a job": "m6id.xlarge",
    "a repeated task on a later page": "m6id.xlarge",
    "a pipeline": "m6id.xlarge",
    "a rule": RANGE,
    "a new rule": {"type": "forbidden"},
    "a rule of a family": RANGE,
    "a limit of a policy": 3,
    "a warehouse": 20,
    "a tag of a warehouse": {"key": "Team", "value": "x"},
    "what warehouses share": "PASSTHROUGH",
    "a script": False,
    "an allow list": [{"artifact": "/Volumes/main/p/v/", "match_type": "PREFIX_MATCH"}],
    "a right": {"value": "allow-cluster-create"},
}


def target_of(kind, key, named):
    whole = key
    for name, value in named.items():
        whole = whole.replace(f"${{{name}}}", str(value))
    return Target(kind, HERE, whole)


def document(doors, target):
    """Return what is there, without what the service notes of every change."""
    found = hands()[target.kind].read(doors, target)
    return found and {name: value for name, value in found.items() if name not in NOTED}


@pytest.mark.parametrize("name", CHANGES)
def test_there_and_back(doors, named, name):
    kind, key, place = CHANGES[name]
    target = target_of(kind, key, named)
    found = document(doors, target)
    before = value_at(hands()[kind].read(doors, target), place)
    change = Change(target, name, {place: before}, {place: WANTED[name]})
    assert look(doors, change).state is State.BEFORE
    carry_out(doors, [change], Nowhere())
    assert look(doors, change).state is State.AFTER
    carry_out(doors, [change.taking_back({place: before})], Nowhere())
    assert document(doors, target) == found


def test_a_job_keeps_what_a_change_of_it_does_not_touch(doors, named):
    target = Target("job", HERE, named["job"])
    before = hands()["job"].read(doors, target)["settings"]["tasks"]
    assert len(before) == 121
    place = "/settings/tasks/[task_key=all]/for_each_task/task/new_cluster/num_workers"
    carry_out(doors, [Change(target, "", {place: 1}, {place: 2})], Nowhere())
    after = hands()["job"].read(doors, target)["settings"]["tasks"]
    assert after[:-1] == before[:-1]
    assert after[-1]["for_each_task"]["task"]["new_cluster"]["num_workers"] == 2


def test_a_script_is_read_without_its_text(doors, named):
    found = hands()["global_init_script"].read(
        doors, Target("global_init_script", HERE, named["script"])
    )
    assert found["name"] == "agent"
    assert "script" not in found


def test_a_pipeline_that_somebody_changed_meanwhile_is_left_alone(doors, named):
    hand, target = hands()["pipeline"], Target("pipeline", HERE, named["pipeline"])
    found = hand.read(doors, target)
    stale = {**found, "last_modified": found["last_modified"] - 1}
    with pytest.raises(CallFailedError):
        hand.update(doors, target, stale, stale)


def test_a_restart_is_made_once(doors, named):
    target = Target("cluster_restart", HERE, named["cluster.genomics-shared"])
    began = hands()["cluster_restart"].read(doors, target)["running_since"]
    change = Change(target, "", {"/running_since": began}, {"/running_since": began + 1})
    carry_out(doors, [change], Nowhere())
    again = hands()["cluster_restart"].read(doors, target)["running_since"]
    assert again > began
    carry_out(doors, [change], Nowhere())
    assert hands()["cluster_restart"].read(doors, target)["running_since"] == again


def test_a_cluster_that_does_not_run_counts_as_restarted(doors, named):
    target = Target("cluster_restart", HERE, named["cluster.trial-archive"])
    change = Change(target, "", {"/running_since": 1}, {"/running_since": 2})
    assert look(doors, change).state is State.AFTER


def test_a_cluster_on_the_move_is_waited_for(monkeypatch):
    waited = []
    monkeypatch.setattr(clusters.time, "sleep", waited.append)
    host = OnTheMove("RESTARTING", "PENDING", "RUNNING")
    found, wanted = {"custom_tags": {}, "idle": 1}, {"custom_tags": {"Owner": "a"}}
    hands()["cluster"].update(Only(host), Target("cluster", HERE, "c1"), found, wanted)
    assert len(waited) == 2
    body = {
        "cluster_id": "c1",
        "update_mask": "custom_tags,idle",
        "cluster": {"custom_tags": {"Owner": "a"}},
    }
    assert host.sent == [("POST", "/api/2.1/clusters/update", body)]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("cluster", "none"),
        ("cluster_restart", "none"),
        ("cluster_policy", "none"),
        ("entitlements", "77"),
        ("global_init_script", "none"),
        ("job", "77"),
        ("permissions", "clusters/none"),
        ("pipeline", "none"),
        ("warehouse", "none"),
    ],
)
def test_what_is_not_there_is_read_as_nothing(doors, kind, key):
    assert hands()[kind].read(doors, Target(kind, HERE, key)) is None


@pytest.mark.parametrize(
    ("kind", "place", "found", "wanted", "alike"),
    [
        ("cluster", "/enable_local_disk_encryption", None, False, True),
        ("cluster", "/enable_local_disk_encryption", None, True, False),
        ("cluster_restart", "/running_since", 5, 5, True),
        ("cluster_restart", "/running_since", 4, 5, False),
        ("permissions", "/access_control_list", [{"a": "1"}, {"b": "2"}], [{"b": "2"}], False),
        (
            "permissions",
            "/access_control_list",
            [{"a": "1"}, {"b": "2"}],
            [{"b": "2"}, {"a": "1"}],
            True,
        ),
        ("artifact_allowlist", "/artifact_matchers", None, [], True),
        (
            "entitlements",
            "/entitlements/[value=x]",
            {"value": "x", "type": "t"},
            {"value": "x"},
            True,
        ),
        ("entitlements", "/entitlements/[value=x]", None, {"value": "x"}, False),
    ],
)
def test_what_means_the_same_is_the_same(kind, place, found, wanted, alike):
    assert hands()[kind].same(Target(kind, HERE, "x"), place, found, wanted) is alike

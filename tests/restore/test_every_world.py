"""Each world is drilled: all comes back, or the plan said beforehand what does not, and why."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from lakewarden.restore.drill import differences, insist_empty, not_tried, tried
from lakewarden.restore.planner import How
from lakewarden.restore.task import Task, mapped
from lakewarden.restore.undoing import inverse
from lakewarden.restore.wanted import Choice
from lakewarden.simulate import start
from lakewarden.store.vault.opened import opened
from restore.pair import Noting, Pair

TASK = Task(how=How(overwrite=True), addresses=("127.0.0.1",))
SWITCHES = ("workspace_conf", "setting")
CONF = "/api/2.0/workspace-conf"
GIT_FOLDERS = "enableProjectTypeInWorkspace"
SETTING = "/api/2.1/settings/restrict_workspace_admins"
SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BOUND = ("asset.catalog_binding", "research")
POLICIES = "/api/2.0/policies/clusters"
RULES = "/api/2.0/preview/accounts/access-control/rule-sets"


@contextmanager
def served(world, folder, monkeypatch):
    with start(world, aws=False, standby=True) as simulation:
        monkeypatch.setenv("DATABRICKS_TOKEN", simulation.token)
        yield Pair(simulation, folder)


def left(found):
    """Say what a plan leaves, without secrets: backups have their values only when asked to."""
    return {f"{j.wanted.kind} {j.wanted.key}": j for j in found.left() if j.wanted.kind != "secret"}


def before(pair, run):
    """Return what there is in a standby that nobody uses."""
    return insist_empty(pair.target_of(pair.standby), run.host)


def carried_out(pair, run, there, task=TASK):
    """Plan, carry that out, and look whether all is there but for what the plan leaves."""
    found = pair.plan(run, task)
    journal = Noting()
    assert pair.carry_out(found.plan, journal).failed == {}
    new = f"vault of {len(found.plan.changes)}"  # one that has been there has older permissions
    again = pair.at(pair.standby).run(new)
    with opened(pair.target()) as vault:
        wanted = mapped(task, vault, run)
    have = pair.entries(again, new).values()
    assert differences(tried(wanted, found), have, there, not_tried(found)) == []
    return found, journal


@pytest.mark.parametrize("world", ["fresh", "under-attack"])
def test_all_of_a_world_comes_back(world, tmp_path, monkeypatch):
    with served(world, tmp_path, monkeypatch) as pair:
        run = pair.run()
        found, _ = carried_out(pair, run, before(pair, run))
        assert left(found) == {}


def test_what_a_policy_refuses_by_now_is_said_beforehand(tmp_path, monkeypatch):
    with served("neglected", tmp_path, monkeypatch) as pair:
        host = pair.host()
        policy = {"name": "small", "definition": json.dumps({"num_workers": at_most(9)})}
        policy |= host.send("POST", f"{POLICIES}/create", policy)
        clusters = [{"label": "default", "policy_id": policy["policy_id"], "num_workers": 8}]
        for name, more in (("fits", {"num_workers": 2}), ("does not", {})):
            body = {"name": name, "clusters": [clusters[0] | more]}
            host.send("POST", "/api/2.0/pipelines", body)
        policy["definition"] = json.dumps({"num_workers": at_most(4)})
        host.send("POST", f"{POLICIES}/edit", policy)
        run = pair.run()
        found, _ = carried_out(pair, run, before(pair, run))
        one, other = (j.why for j in left(found).values())
        assert one.startswith("the cluster policy ng-standard refuses it: node_type_id must not")
        assert other.startswith("the cluster policy small refuses it: num_workers must be at most")


def at_most(number):
    return {"type": "range", "maxValue": number}


def test_the_world_that_follows_the_paper_comes_back_and_goes_again(tmp_path, monkeypatch):
    with served("high-security", tmp_path, monkeypatch) as pair:
        run = pair.run()
        found, journal = carried_out(pair, run, before(pair, run))
        assert left(found) == {}
        research = follows(found, "asset.catalog", "research")
        assert research == {("asset.external_location", "hs-research-landing")}
        isolated = follows(found, "late.catalog", "research")
        assert isolated == research | {("asset.catalog", "research"), BOUND}
        assert pair.plan(run, TASK).plan.changes == ()
        back, lasting = inverse(found.plan, journal.found.items())
        assert pair.carry_out(back).failed == {}
        assert {c.target.kind.partition(".")[2] for c in lasting} <= set(SWITCHES)
        more = pair.plan(run, TASK)
        assert left(more) == {}
        assert things(more) == things(found)
        assert "restore its catalog_binding with it" in why(pair, run, "catalog main", "catalog")
        unlisted = "example.high.lakehouse:readers:3.1.0 is on no allow list"
        parts = ("cluster_policy", "cluster", "cluster_libraries")
        assert unlisted in why(pair, run, "cluster_libraries genomics-shared", *parts)
        be_nobody_in_the_account(pair)
        assert "admin of the account" in why(
            pair, run, "setting restrict_workspace_admins", "setting"
        )


def be_nobody_in_the_account(pair):
    """Take the role of an account admin from whoever restores."""
    folder = f"/api/2.0/accounts/{pair.simulation.account_id}/scim/v2/ServicePrincipals"
    host = pair.doors().databricks("account")
    me = pair.host().get("/api/2.0/preview/scim/v2/Me")["id"]
    removal = {"op": "remove", "path": 'roles[value eq "account_admin"]'}
    host.send("PATCH", f"{folder}/{me}", {"schemas": [SCHEMA], "Operations": [removal]})


def follows(found, kind, key):
    """Name what comes before a change, as kinds and keys."""
    changes = {change.address: change for change in found.plan.changes}
    (one,) = (c for c in changes.values() if (c.target.kind, c.target.key) == (kind, key))
    return {(changes[a].target.kind, changes[a].target.key) for a in one.follows}


def things(found):
    """Name what a plan changes, but for switches: some keep the values that they have anyway."""
    changed = {change.target for change in found.plan.changes}
    return {target for target in changed if not target.kind.endswith(SWITCHES)}


def why(pair, run, name, *kinds):
    """Say why something is left where only some kinds are given back."""
    return left(pair.plan(run, Task(choice=Choice(frozenset(kinds)))))[name].why


def test_what_a_standby_would_refuse_is_said_and_comes_when_it_does_not(tmp_path, monkeypatch):
    with served("typical", tmp_path, monkeypatch) as pair:
        run = pair.run()
        host = pair.at(pair.standby).host()
        restrict(host, "RESTRICT_TOKENS_AND_JOB_RUN_AS")
        host.send("PATCH", CONF, {"enforceUserIsolation": "true", GIT_FOLDERS: "false"})
        task, there = Task(addresses=("127.0.0.1",)), before(pair, run)
        assert left(pair.plan(run, task))["job survey-import"].lacks_permissions
        with without_role(pair, run) as loader:
            told = left(carried_out(pair, run, there, task)[0])
        assert f"it runs as {loader}, for whom you do not have" in told["job survey-import"].why
        assert told["cluster legacy-reporting"].why.startswith("enforceUserIsolation refuses")
        assert told["repo /Repos/amelie.roux@typical.example/analytics"].why.endswith("Git folders")
        assert "is of kofi" in told["query /Users/kofi.mensah@typical.example/Scratch"].why
        restrict(host, "ALLOW_ALL")
        host.send("PATCH", CONF, {"enforceUserIsolation": "false"})
        rest = pair.plan(run, TASK)
        assert left(rest) == {}
        assert pair.carry_out(rest.plan).failed == {}
        with without_role(pair, run):
            (job,) = host.get("/api/2.2/jobs/list", {"name": "survey-import"})["jobs"]
            other = {"job_id": job["job_id"], "new_settings": {"tags": {"Owner": "somebody"}}}
            host.send("POST", "/api/2.2/jobs/update", other)
            again = pair.plan(run, TASK)
            assert [c.name for c in again.plan.changes] == ["survey-import"]
            assert pair.carry_out(again.plan).failed == {}


def restrict(host, status):
    """Say what admins may do for others."""
    host.send("PATCH", SETTING, {"restrict_workspace_admins": {"status": status}})


@contextmanager
def without_role(pair, run):
    """Take the role on the service principal of jobs from whoever restores; yield its id."""
    with opened(pair.target()) as vault:
        jobs = [w.spec for w in mapped(TASK, vault, run) if w.kind == "job"]
    loader = jobs[0]["run_as"]["service_principal_name"]
    host, account = pair.host(), pair.simulation.account_id
    name = f"accounts/{account}/servicePrincipals/{loader}/ruleSets/default"
    held = host.get(RULES, {"name": name, "etag": ""})
    gone = host.send("PUT", RULES, {"name": name, "rule_set": {**held, "grant_rules": []}})
    yield loader
    again = {**gone, "grant_rules": held["grant_rules"]}
    host.send("PUT", RULES, {"name": name, "rule_set": again})

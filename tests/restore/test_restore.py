"""A backup given back: to an empty workspace, over changes, past failures, and taken back."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from lakewarden.cli.changing import begun
from lakewarden.cli.given_back import taken_back
from lakewarden.cli.run_options import Run
from lakewarden.collect.doors import Reach
from lakewarden.plan.change import Change, Target
from lakewarden.plan.plan import Origin, Plan
from lakewarden.restore.drill import differences
from lakewarden.restore.maps import Maps
from lakewarden.restore.planner import Fate, How
from lakewarden.restore.task import Task, mapped
from lakewarden.restore.undoing import inverse
from lakewarden.restore.wanted import Choice
from lakewarden.store.journal import Journal, RunState
from lakewarden.store.vault.opened import opened
from restore.pair import Noting

HERE = "198.51.100.21"
ALL = Task(how=How(overwrite=True), addresses=(HERE,))
BINDINGS = "/api/2.1/unity-catalog/bindings/catalog/main"
NOTEBOOK = "/Shared/handbook/connect-to-crm"


def left(pair, run, task, found):
    """In what the standby differs from a run."""
    again = pair.at(pair.standby).run("again", pair.with_values())
    pair.at(pair.source)
    by_hand = frozenset((j.wanted.kind, j.wanted.key) for j in found.of(Fate.BY_HAND))
    with opened(pair.target()) as vault:
        wanted = mapped(task, vault, run)
    return differences(wanted, pair.entries(again, "again").values(), frozenset(), by_hand)


def test_an_empty_workspace_becomes_what_the_backup_has_whatever_breaks_off(pair):
    secrets, named = "/api/2.0/secrets", {"scope": "mine", "key": "word"}
    pair.host().send("POST", f"{secrets}/scopes/create", {"scope": "mine"})
    pair.host().send("POST", f"{secrets}/put", {**named, "string_value": "open sesame"})
    rows = [{"workspace_id": pair.source[0], "binding_type": "BINDING_TYPE_READ_ONLY"}]
    pair.host().send("PATCH", BINDINGS, {"add": [*rows, {"workspace_id": 7}]})
    run = pair.run(wishes=pair.with_values())
    found = pair.plan(run, ALL)
    assert found.of(Fate.BLOCKED, Fate.DIFFERENT) == []
    assert {j.wanted.kind for j in found.of(Fate.BY_HAND)} == {"secret"}
    with pytest.raises(KeyboardInterrupt):
        pair.carry_out(found.plan, Noting(most=40))
    with pair.broken("GET /api/2.*=500@10%", "POST /api/2.*=500@20%", "PUT /api/2.0/*=429@20%"):
        broken = pair.carry_out(found.plan)
    outcome = pair.carry_out(found.plan)
    assert (outcome.failed, outcome.made) == ({}, len(found.plan.changes))
    assert broken.failed, "no error was met"
    assert left(pair, run, ALL, found) == []
    host = pair.at(pair.standby).host()
    value = base64.b64decode(host.get(f"{secrets}/get", named)["value"])
    assert value == b"open sesame"
    bound = host.get(BINDINGS, {})["bindings"]
    assert bound == [{**rows[0], "workspace_id": pair.standby[0]}]
    clusters = host.get("/api/2.1/clusters/list", {})["clusters"]
    assert {cluster["state"] for cluster in clusters} <= {"TERMINATED", "TERMINATING"}
    after = pair.plan(run, replace(ALL, how=How()))
    assert after.counts()["unchanged"] == len(after.judged) - 3
    assert after.plan.changes == ()


def test_what_differs_is_left_alone_unless_told_and_comes_back_when_it_is_taken_back(pair):
    original = pair.source_of(NOTEBOOK)
    run = pair.run()
    pair.write(NOTEBOOK, "print('by hand')")
    careful = replace(ALL, choice=Choice(paths=("/Shared/handbook",)), how=How())
    found = pair.plan(run, careful, pair.source)
    assert [j.wanted.key for j in found.of(Fate.DIFFERENT)] == [NOTEBOOK]
    assert found.plan.changes == ()
    plan = pair.plan(run, replace(careful, how=How(overwrite=True)), pair.source).plan
    journal = Noting()
    assert pair.carry_out(plan, journal).failed == {}
    assert pair.source_of(NOTEBOOK) == original
    back, lasting = inverse(plan, journal.found.items())
    assert lasting == ()
    assert pair.carry_out(back).failed == {}
    assert "by hand" in pair.source_of(NOTEBOOK)


def test_a_part_is_given_back_beside_what_is_there(pair):
    run = pair.run()
    task = Task(Choice(paths=("/Shared/handbook/*",)), side_path="/Restore/today")
    found = pair.plan(run, task, pair.source)
    assert pair.carry_out(found.plan).failed == {}
    assert pair.source_of(f"/Restore/today{NOTEBOOK}") == pair.source_of(NOTEBOOK)


def test_taking_back_leaves_the_workspace_empty(pair):
    run = pair.run()
    kinds = frozenset({"directory", "notebook", "file", "instance_pool", "cluster_policy"})
    task = replace(ALL, choice=Choice(kinds))
    before = pair.at(pair.standby).run("before")
    plan = pair.at(pair.source).plan(run, task).plan
    journal = Noting()
    assert pair.carry_out(plan, journal).failed == {}
    back, lasting = inverse(plan, journal.found.items())
    assert lasting == ()
    assert len(back.changes) < len(plan.changes)  # permissions go with what they are of
    assert pair.carry_out(back).failed == {}
    after = pair.at(pair.standby).run("after")
    assert after.root == before.root


def test_a_run_that_was_cut_off_before_its_first_change_can_be_taken_back(tmp_path):
    store = f"sqlite:///{tmp_path}/store.db"
    journal = Journal.open(store)
    made = Change(Target("asset.job", "workspace/1", "j"), "j", None, {"/spec": {}})
    plan = Plan(Origin("", "", "", vault="v", host="https://west"), (made,))
    cut_off = begun(journal, "apply", "", plan, "workspace/1")
    cut_off.finish(RunState.RUNNING)
    old = journal.find(cut_off.run.id)
    for dry_run, code, state in ((True, 4, RunState.RUNNING), (False, 0, RunState.UNDONE)):
        how = Run(store, yes=not dry_run, dry_run=dry_run, break_lock=False)
        assert taken_back(journal, old, Reach(use_aws=False), how) == code
        assert journal.find(old.id).state is state
    journal.close()


def test_what_was_put_into_a_scope_since_is_not_removed_with_it(small):
    small.host().send("POST", "/api/2.0/secrets/scopes/create", {"scope": "etl"})
    mine = {"scope": "etl", "key": "restored", "string_value": "1"}
    small.host().send("POST", "/api/2.0/secrets/put", mine)
    run = small.run(wishes=small.with_values())
    task = Task(Choice(frozenset({"secret_scope", "secret"})), how=How(values=True))
    journal = Noting()
    plan = small.plan(run, task).plan
    assert small.carry_out(plan, journal).failed == {}
    there = small.at(small.standby).host()
    there.send("POST", "/api/2.0/secrets/put", {**mine, "key": "by-hand"})
    back, _ = inverse(plan, journal.found.items())
    (why,) = small.carry_out(back).failed.values()
    assert "it has secrets that were put in since" in why
    (left,) = there.get("/api/2.0/secrets/list", {"scope": "etl"})["secrets"]
    assert left["key"] == "by-hand"
    there.send("POST", "/api/2.0/secrets/delete", {"scope": "etl", "key": "by-hand"})
    assert small.carry_out(back).failed == {}
    assert there.get("/api/2.0/secrets/scopes/list").get("scopes", []) == []


def test_what_cannot_be_done_is_said_before_anything_is_done(pair):
    lab = {"label": "a lab", "list_type": "ALLOW", "ip_addresses": ["192.0.2.128/25"]}
    pair.host().send("POST", "/api/2.0/ip-access-lists", lab)
    run = pair.run()
    jobs = pair.plan(run, Task(Choice(frozenset({"job"}))))
    why = {j.wanted.key: j.why for j in jobs.of(Fate.BLOCKED)}
    assert any("needs the" in text and "is not restored" in text for text in why.values())
    stranger = Maps(principals={"ines.oliveira@typical.example": "nobody@typical.example"})
    kinds = frozenset({"query", "warehouse", "directory"})
    found = pair.plan(run, Task(Choice(kinds), stranger))
    assert "nobody@typical.example is not in the workspace" in str(
        [(j.why, j.notes) for j in found.judged]
    )
    assert any(one.lacks_permissions for one in found.left())
    for addresses, said in (((), "--caller-address"), (("192.0.2.1",), "would shut you out")):
        lists = pair.plan(run, replace(ALL, addresses=addresses))
        about = {j.wanted.kind: j.why for j in lists.of(Fate.BLOCKED)}
        assert about.keys() == {"ip_access_list", "workspace_conf"}
        assert said in about["ip_access_list"]
    switch = {"enableIpAccessLists": "true"}
    pair.at(pair.standby).host().send("PATCH", "/api/2.0/workspace-conf", switch)
    only = Task(Choice(frozenset({"ip_access_list"})), addresses=("203.0.113.10",))
    plan = pair.plan(run, only).plan
    assert plan.changes[-1].name == "a lab"  # nobody is let in by it who restores
    assert pair.carry_out(plan).failed == {}


def test_jobs_that_run_each_other_or_themselves_come_back(small):
    host = small.host()

    def runs(*others):
        return [{"task_key": f"t{one}", "run_job_task": {"job_id": one}} for one in others]

    jobs = "/api/2.2/jobs"
    first = host.send("POST", f"{jobs}/create", {"name": "first"})["job_id"]
    second = {"name": "first", "tasks": runs(first)}
    number = host.send("POST", f"{jobs}/create", second)["job_id"]
    settings = {"tasks": runs(first, number)}
    host.send("POST", f"{jobs}/update", {"job_id": first, "new_settings": settings})
    run = small.run()
    found = small.plan(run, ALL)
    assert found.of(Fate.BLOCKED) == []
    assert small.carry_out(found.plan).failed == {}
    assert left(small, run, ALL, found) == []

"""What needs no workspace: holding back, three-way drift, order, and keeping one's own rights."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from lakewarden.apply.hands.assets import covers
from lakewarden.assets.bars import BARS, stage_of
from lakewarden.assets.kind import FIRST, LAST
from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import UsageError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Change, Target
from lakewarden.plan.plan import Origin, Plan, plan_from_json
from lakewarden.restore.beside import beside
from lakewarden.restore.drill import lacking
from lakewarden.restore.future import Future
from lakewarden.restore.granting import with_my_rights
from lakewarden.restore.memory import Memory, found_digest, wanted_digest
from lakewarden.restore.passive import held_back, starts_itself
from lakewarden.restore.plan import in_order
from lakewarden.restore.target import Found, Me
from lakewarden.restore.undoing import inverse
from lakewarden.restore.wanted import Choice, Wanted
from lakewarden.store.kept import Kept
from lakewarden.store.pairs import Applied
from lakewarden.store.vault.manifest import Collection, Status
from lakewarden.store.vault.manifest import Run as Manifest

CRON = {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC"}


@pytest.mark.parametrize(
    ("kind", "spec", "held"),
    [
        ("job", {"schedule": CRON}, {"schedule": {**CRON, "pause_status": "PAUSED"}}),
        (
            "job",
            {"continuous": {"pause_status": "UNPAUSED"}, "trigger": {"table_update": {}}},
            {
                "continuous": {"pause_status": "PAUSED"},
                "trigger": {"table_update": {}, "pause_status": "PAUSED"},
            },
        ),
        ("job", {"triggers": [{"a": 1}]}, {"triggers": [{"a": 1, "pause_status": "PAUSED"}]}),
        ("job", {"name": "by hand"}, {"name": "by hand"}),
        ("pipeline", {"continuous": True}, {"continuous": False}),
        ("pipeline", {"name": "p"}, {"name": "p"}),
        ("instance_pool", {"min_idle_instances": 4}, {"min_idle_instances": 0}),
    ],
)
def test_what_is_held_back_does_not_start(kind, spec, held):
    before = str(spec)
    assert held_back(kinds()[kind], spec) == held
    assert not starts_itself(kinds()[kind], held)
    assert starts_itself(kinds()[kind], spec) == (spec != held)
    assert str(spec) == before


JOB = Wanted("job", "nightly", {"name": "nightly", "tags": {"a": "1"}}, acl=[])


@pytest.mark.parametrize(
    ("wanted", "found", "said"),
    [
        (JOB.spec, JOB.spec, ""),
        ({"name": "nightly"}, JOB.spec, ""),
        (JOB.spec, {"name": "nightly"}, "it was changed in the standby"),
        (
            {"name": "nightly"},
            {"name": "other"},
            "it was changed in the standby, and at the source as well",
        ),
    ],
)
def test_three_states_tell_who_changed_what(wanted, found, said):
    left = found_digest(Found({"spec": JOB.spec}, []))
    known = Applied("job", "nightly", "7", wanted_digest(JOB), left, "run")
    memory = Memory({("job", "nightly"): known})
    now = Wanted("job", "nightly", wanted, acl=[])
    assert memory.drift(now, Found({"spec": found}, [])) == said
    assert memory.same(now) == (wanted == JOB.spec)
    other = Wanted("job", "other", {})
    assert "in the standby before" in memory.drift(other, Found({"spec": {}}, []))


def test_whoever_restores_stays_an_admin_who_may_come_in():
    me = Me("ann@example.com", "user_name", admin=True)
    mine = {"user": {"$asset": "user", "key": me.name}}
    eve = {"user": {"$asset": "user", "key": "eve@example.com"}}
    admins = Wanted("group", "admins", {"displayName": "admins", "members": [eve]})
    there = Found({"spec": {"members": [mine]}})
    assert with_my_rights(me, admins, there).spec["members"] == [mine, eve]
    assert with_my_rights(me, admins, Found({"spec": {"members": [eve]}})) == admins
    off = Wanted("user", me.name, {"userName": me.name, "active": False})
    assert with_my_rights(me, off, Found({"spec": {}})).spec["active"] is True


def change(key, before=None, after=None, **more):
    return Change(Target("asset.job", "workspace/1", key), key, before, after, **more)


def test_taking_back_goes_the_other_way_and_leaves_out_what_goes_along():
    pool = change("pool", after={"/spec": {}})
    job = change("job", after={"/spec": {}}, follows=(pool.address,))
    acl = change("acl", {"/acl": None}, {"/acl": []}, follows=(job.address,), part_of=job.address)
    lasting = change("switch", after={"/spec": {}}, irreversible="no call takes it away again")
    plan = Plan(Origin("", "", "", vault="v"), (pool, job, acl, lasting))
    back, left = inverse(plan, [(0, None), (1, None), (2, {"/acl": [1]}), (3, None)])
    assert [c.name for c in back.changes] == ["job", "pool"]
    assert back.changes[1].follows == (job.address,)
    assert [c.name for c in left] == ["switch"]


def test_changes_come_after_those_that_they_follow():
    last = change("last", after={}, follows=(change("first").address,))
    first = change("first", after={})
    assert in_order([last, first]) == (first, last)
    with pytest.raises(ValueError, match="wait for each other"):
        in_order([change("a", after={}, follows=(change("a").address,))])


def test_stages_come_one_after_the_other_and_go_the_other_way():
    switch = change("switch", after={"/spec": {"on": 1}}, instead={"/spec": {"on": 0}}, stage=9)
    acl = change("acl", after={"/acl": []}, follows=(switch.address,))
    lifted, job = change("lifted", after={}, stage=-1), change("job", after={})
    changes = in_order([switch, acl, job, lifted])
    assert [(c.name, c.stage) for c in changes] == [
        *(("lifted", -1), ("job", 0), ("switch", 9), ("acl", 9))
    ]
    plan = Plan(Origin("", "", "", vault="v"), changes)
    assert plan_from_json(json.loads(json.dumps(plan.as_json()))) == plan
    back, _ = inverse(plan, enumerate([None] * len(changes)))
    assert [(c.name, c.stage) for c in back.changes] == [
        *(("acl", -9), ("switch", -9), ("job", 0), ("lifted", 1))
    ]
    assert back.changes[1].after == {"/spec": {"on": 0}}


def test_switches_are_set_before_or_after_what_they_would_refuse():
    def stage(kind, key, spec):
        return stage_of(kinds()[kind], key, spec)

    admins = {"restrict_workspace_admins": {"status": "RESTRICT_TOKENS_AND_JOB_RUN_AS"}}
    assert stage("setting", "restrict_workspace_admins", admins) == LAST
    admins["restrict_workspace_admins"]["status"] = "ALLOW_ALL"
    assert stage("setting", "restrict_workspace_admins", admins) == FIRST
    assert stage("workspace_conf", "enableDcs", {"value": "true"}) == FIRST
    assert stage("workspace_conf", "enableDcs", {"value": "false"}) == LAST
    assert stage("library_jar_allowlist", "LIBRARY_JAR", {"artifact_matchers": []}) == FIRST
    assert stage("job", "nightly", {}) == 0


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        ({"a": 1, "more": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": []}, True),
        ({"a": 1}, {"a": 1, "b": [0]}, False),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        (None, {"a": ""}, True),
    ],
)
def test_a_new_asset_may_have_more_than_was_asked_for(found, wanted, same):
    assert covers(found, wanted) == same


def test_paths_are_of_a_folder_and_all_in_it():
    choice = Choice(paths=("/Shared/etl", "/Users/*/a"))
    assert choice.has("notebook", "/Shared/etl/deep/page")
    assert choice.has("notebook", "/Users/ann/a")
    assert not choice.has("notebook", "/Shared/etl-old/page")
    assert not choice.has("job", "etl")


@pytest.mark.parametrize("folder", ["/", "", "/Shared", "/Restore/../Users", "/Restore//x"])
def test_beside_is_in_a_folder_of_its_own(folder):
    with pytest.raises(UsageError, match="no folder of its own"):
        list(beside([], folder))


def test_what_is_kept_is_whole_even_where_it_was_damaged(tmp_path):
    kept = Kept(tmp_path / "kept")
    digest = kept.put(b"old")
    (file,) = (one for one in (tmp_path / "kept").rglob("*") if one.is_file())
    file.write_bytes(b"")
    assert kept.get(digest) is None
    assert kept.put(b"old") == digest
    assert kept.get(digest) == b"old"


def test_a_drill_needs_of_the_workspace_what_its_backup_saw_and_no_more():
    whole, partly = Collection(Status.COMPLETE, 2), Collection(Status.PARTIAL, 2, ("403",))

    def run(*, jobs, catalogs, errors=()):
        collections = {"job": jobs, "catalog": catalogs}
        return Manifest(*"rhwtse", collections, errors=tuple(errors))

    lost = {"kind": "notebook", "key": "/a", "what": "403"}
    backup = run(jobs=whole, catalogs=partly, errors=[lost])
    assert lacking(run(jobs=whole, catalogs=partly, errors=[lost]), backup) == []
    assert lacking(run(jobs=partly, catalogs=whole), backup) == ["job"]
    other = {**lost, "key": "/b"}
    assert lacking(run(jobs=whole, catalogs=whole, errors=[other]), backup) == ["notebook /b"]


def test_a_switch_that_cannot_be_read_is_not_said_to_refuse_anything():
    class Catalogue:
        def held(self, kind, key):
            raise CallFailedError(Cause.SERVER_ERROR, f"{kind} {key}")

    containers = next(bar for bar in BARS if bar.key == "enableDcs")
    unread = Future(SimpleNamespace(catalogue=Catalogue()), [], {}, changing=True)
    assert not unread.stands(containers)
    never_set = SimpleNamespace(held=lambda *_: None)
    assert Future(SimpleNamespace(catalogue=never_set), [], {}, changing=True).stands(containers)

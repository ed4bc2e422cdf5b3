"""A standby that follows, stays passive, keeps its own changes, takes over and goes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewarden.apply.doors import Doors
from lakewarden.collect.doors import Reach
from lakewarden.plan.change import Action
from lakewarden.plan.plan import Plan
from lakewarden.restore.failover import fence, let_go
from lakewarden.restore.managed import groups
from lakewarden.restore.maps import Maps
from lakewarden.restore.memory import Memory
from lakewarden.restore.plan import restoration
from lakewarden.restore.planner import Fate, How, Planner
from lakewarden.restore.sync import LAZY, Prune, applied, gone
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.task import Task, mapped, synced
from lakewarden.simulate import start
from lakewarden.store.pairs import Applied, Deed, Pairs, Verb
from lakewarden.store.vault.manifest import Collection, Status
from lakewarden.store.vault.opened import opened

JOB = "weekly-report"
GONE = "it is gone at the source"


class Standby:
    """Syncs the first workspace of a pair to the other, as the command does."""

    def __init__(self, pair, folder):
        self.pair = pair
        self.pairs = Pairs(f"sqlite:///{folder}/store.db")
        self.ends = (str(pair.source[0]), str(pair.standby[0]))

    def workspace(self, place=None):
        return TargetWorkspace(self.pair.doors(), f"workspace/{(place or self.pair.standby)[0]}")

    def sync(self, run, prune=None, **how):
        workspace = self.workspace()
        memory = Memory(self.pairs.applied(*self.ends))
        task = Task(how=How(**{"lazy": LAZY, "memory": memory, **how}), addresses=("127.0.0.1",))
        with opened(self.pair.target()) as vault:
            found, gone, notes = synced(task, vault, run, workspace, "", prune or Prune())
        outcome = self.pair.carry_out(found.plan, watch=notes.tell)
        assert outcome.failed == {}
        removed = [(c.target.kind.partition(".")[2], c.target.key) for c in gone.changes]
        made = applied(self.workspace(), found.judged, notes, "run")
        self.pairs.keep(*self.ends, made, removed)
        return found, gone

    def jobs(self, place):
        host = self.pair.at(place).host()
        found = host.get("/api/2.2/jobs/list", {"limit": 100})["jobs"]
        self.pair.at(self.pair.source)
        return {job["settings"]["name"]: job for job in found}

    def edit(self, place, name, **settings):
        job = self.jobs(place)[name]["job_id"]
        body = {"job_id": job, "new_settings": settings}
        self.pair.at(place).host().send("POST", "/api/2.2/jobs/update", body)
        self.pair.at(self.pair.source)


@pytest.fixture
def standby(pair, tmp_path):
    made = Standby(pair, tmp_path)
    yield made
    made.pairs.close()


@pytest.fixture
def little(small, tmp_path):
    made = Standby(small, tmp_path)
    host = small.host()
    schedule = {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC"}
    host.send("POST", "/api/2.2/jobs/create", {"name": JOB, "schedule": schedule})
    for path in ("/Shared/handbook/inner", "/Shared/many"):
        host.send("POST", "/api/2.0/workspace/mkdirs", {"path": path})
    small.write("/Shared/handbook/inner/page", "1")
    yield made
    made.pairs.close()


def starts(jobs):
    """The jobs of which something starts by itself."""
    places = ("schedule", "continuous", "trigger")
    return {
        name
        for name, job in jobs.items()
        for place in places
        if (job["settings"].get(place) or {}).get("pause_status", "PAUSED") == "UNPAUSED"
    }


def test_a_standby_follows_and_takes_over_and_goes_back(pair, standby):
    run = pair.run()
    awake = starts(standby.jobs(pair.source))
    found, _ = standby.sync(run, overwrite=True)
    there = standby.jobs(pair.standby)
    assert awake
    assert not starts(there)
    known = standby.pairs.applied(*standby.ends)
    assert known["job", JOB].id == str(there[JOB]["job_id"])
    later = {j.wanted.kind for j in found.of(Fate.LATER)}
    assert later == {"cluster", "cluster_libraries", "cluster_pin", "job"}
    again, _ = standby.sync(run)
    assert again.plan.changes == ()

    standby.edit(pair.source, JOB, description="at the source")
    standby.edit(pair.standby, "web-sessions", description="in the standby")
    newer = pair.run(accept=True)
    found, _ = standby.sync(newer)
    assert [c.target.key for c in found.plan.changes] == [JOB]
    assert [(j.wanted.key, j.why) for j in found.of(Fate.DIFFERENT)] == [
        ("web-sessions", "it was changed in the standby")
    ]
    assert standby.jobs(pair.standby)[JOB]["settings"]["description"] == "at the source"

    for place, left in ((pair.source, set()), (pair.standby, awake)):
        if place is pair.source:
            changes, unseen = fence(standby.workspace(place))
            assert unseen == []
        else:
            with opened(pair.target()) as vault:
                wanted = mapped(Task(), vault, newer)
            judged = Planner(standby.workspace(place), wanted, How()).judge()
            taken = restoration(let_go(judged), found.plan.origin)
            assert {j.wanted.kind for j in taken.of(Fate.CREATE)} == later
            changes = taken.plan.changes
        assert pair.carry_out(Plan(found.plan.origin, tuple(changes))).failed == {}
        assert starts(standby.jobs(place)) == left
    settings = standby.jobs(pair.standby)["web-sessions"]["settings"]
    assert settings["description"] == "in the standby"


def test_what_is_gone_goes_only_when_it_is_asked_for_and_surely_gone(small, little):
    little.sync(small.run(), overwrite=True)
    job = little.jobs(small.source)[JOB]["job_id"]
    host = small.host()
    host.send("POST", "/api/2.2/jobs/delete", {"job_id": job})
    host.send("POST", "/api/2.0/workspace/delete", {"path": "/Shared/handbook", "recursive": True})
    run = small.run(accept=True)
    _, gone = little.sync(run)
    assert gone.changes == ()
    assert gone.kept["job", JOB] == "it is gone at the source: --prune removes it"
    broken = {**run.collections, "job": Collection(Status.PARTIAL, 3, ("no",))}
    _, gone = little.sync(replace(run, collections=broken))
    assert ("job", JOB) not in gone.kept
    for key in (JOB, "7700"):  # the key is not known of what could not be read at all
        failed = {"kind": "job", "key": key, "what": "500"}
        _, gone = little.sync(replace(run, errors=(failed,)))
        assert {kind for kind, _ in gone.kept} == {"directory", "notebook"}
    _, gone = little.sync(replace(run, notes={"selection": {"paths": ["/Users/*"]}}))
    assert {kind for kind, _ in gone.kept} == {"job"}
    little.edit(small.standby, JOB, description="mine")
    _, gone = little.sync(run, Prune(wanted=True))
    assert [c.action for c in gone.changes] == [Action.DELETE] * len(gone.changes)
    removed = [c.target.key for c in gone.changes]
    assert removed[-1] == "/Shared/handbook"
    assert gone.kept == {("job", JOB): "it is gone at the source, and was changed in the standby"}
    _, gone = little.sync(run, Prune(wanted=True, overwrite=True))
    assert JOB not in little.jobs(small.standby)


def test_what_the_standby_lists_as_untouched_is_not_read_again(small, little):
    page = "/Shared/handbook/inner/page"
    run = small.run()
    little.sync(run)
    with small.broken("GET /api/2.0/workspace/export=500"):
        found, _ = little.sync(run)
    assert found.of(Fate.BLOCKED, Fate.DIFFERENT, Fate.UPDATE) == []
    small.at(small.standby).write(page, "2")
    small.at(small.source)
    found, _ = little.sync(run)
    assert [j.wanted.key for j in found.of(Fate.DIFFERENT)] == [page]


def test_a_great_many_are_not_removed_at_once(small, little):
    for number in range(25):
        small.write(f"/Shared/many/{number}", "1")
    little.sync(small.run())
    for number in range(25):
        path = {"path": f"/Shared/many/{number}"}
        small.host().send("POST", "/api/2.0/workspace/delete", path)
    run = small.run(accept=True)
    _, gone = little.sync(run, Prune(wanted=True))
    assert gone.changes == ()
    assert "25 of" in gone.kept["notebook", "/Shared/many/0"]
    _, gone = little.sync(run, Prune(wanted=True, massive=True))
    assert len(gone.changes) == 25


def test_of_two_of_one_name_none_is_made_before_the_older_one(small, little):
    """Else the younger would have its name in the standby, and be taken for it from then on."""
    machine = {"spark_version": "16.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 1}
    host = small.host()
    made = host.send("POST", "/api/2.1/clusters/create", {"cluster_name": "c", **machine})
    note = {"notebook_task": {"notebook_path": "/Shared/handbook/inner/page"}, "task_key": "a"}
    on = {"existing_cluster_id": made["cluster_id"]}, {"new_cluster": machine}
    for where in on:
        body = {"name": "twin", "tasks": [{**note, **where}]}
        host.send("POST", "/api/2.2/jobs/create", body)
    run = small.run()
    found, _ = little.sync(run, overwrite=True)
    assert {j.wanted.key for j in found.of(Fate.LATER)} >= {"c", "twin", "twin#2"}
    again, _ = little.sync(run)
    assert (again.plan.changes, again.of(Fate.DIFFERENT, Fate.BLOCKED)) == ((), [])


def test_what_was_made_without_an_answer_or_not_to_its_end_is_stopped(small, little):
    body = {"cluster_name": "c", "spark_version": "15.4.x-scala2.12", "num_workers": 1}
    host = small.host()
    host.send("POST", "/api/2.1/clusters/create", {**body, "node_type_id": "m5d.large"})
    run = small.run()
    with small.broken("POST /api/2.1/clusters/create=truncate"):
        little.sync(run, lazy=frozenset())
    there = small.at(small.standby).host()
    small.at(small.source)

    def cluster():
        listed = there.get("/api/2.1/clusters/list")["clusters"]
        (found,) = (each for each in listed if each["cluster_name"] == "c")
        return found

    assert cluster()["state"] == "TERMINATED"
    known = little.pairs.applied(*little.ends)["cluster", "c"]
    for wanted, state in (("", "TERMINATED"), (known.wanted, "RUNNING")):
        there.send("POST", "/api/2.1/clusters/start", {"cluster_id": cluster()["cluster_id"]})
        little.pairs.keep(*little.ends, [replace(known, wanted=wanted)])
        little.sync(run, lazy=frozenset())
        assert cluster()["state"] == state


def test_nobody_who_syncs_is_removed_nor_what_has_another_name_now(small, little):
    host, run = small.host(), small.run()
    me = little.workspace().me.name
    little.sync(run)
    target, memory = little.workspace(), Memory(little.pairs.applied(*little.ends))
    mine = ("service_principal", me)
    assert mine in memory.applied
    lost = gone(target, memory, memory.applied.keys() - {mine}, run, Prune(wanted=True))
    assert (lost.changes, lost.kept) == ((), {mine: f"{GONE}, and it is you who sync"})

    host.send("POST", "/api/2.0/preview/scim/v2/Users", {"userName": "ann@example.com"})
    little.sync(run := small.run(accept=True))
    task = Task(maps=Maps(principals={"ann@example.com": "ann@example.org"}))
    task = replace(task, how=How(memory=Memory(little.pairs.applied(*little.ends))))
    with opened(small.target()) as vault:
        _, lost, _ = synced(task, vault, run, little.workspace(), "", Prune(wanted=True))
    assert lost.changes == ()
    assert lost.kept == {}


def test_what_no_sync_changed_since_is_forgotten_with_the_run_that_made_it(tmp_path):
    pairs, ends = Pairs(f"sqlite:///{tmp_path}/store.db"), ("1", "2")
    mine = Applied("job", JOB, "7", "wanted", "left", "first")
    pairs.keep(*ends, [mine])
    pairs.keep(*ends, [replace(mine, run="", left="now")])
    assert pairs.applied(*ends)["job", JOB] == replace(mine, left="now")
    for verb in (Verb.SYNC, Verb.FAILOVER):
        pairs.done(Deed(*ends, verb, "backup", "", "", ()))
    pairs.forget("work", "2", "backup")
    assert [deed.verb for deed in pairs.deeds()] == [Verb.SYNC]
    pairs.forget("first", "2", "backup")
    assert (pairs.deeds(), pairs.applied(*ends)) == ((), {})
    pairs.close()


def test_what_the_account_keeps_in_another_region_is_known(monkeypatch):
    with start("high-security", aws=False) as simulation:
        monkeypatch.setenv("DATABRICKS_TOKEN", simulation.token)
        reach = Reach(simulation.account_host, simulation.account_id, use_aws=False)
        (group,) = groups(Doors(reach, {}))
    assert (group.name, group.state) == ("hs-standby", "ACTIVE")
    assert group.workspaces == {"3001", "3002"}
    assert group.as_json()["age_seconds"] is not None

"""A workspace, read into a vault: whole, again, in parts, and with what goes wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakewarden.assets.registry import kinds
from lakewarden.backup.begin import Wishes
from lakewarden.backup.changes import changes
from lakewarden.backup.selection import Selection
from lakewarden.errors import LakewardenError, UsageError
from lakewarden.store.vault.manifest import Status
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.secrets import decrypt, encrypt
from lakewarden.store.vault.verify import verified


def problems(kit, run):
    with opened(kit.target()) as vault:
        found = verified(vault, (run,), None)
        return [p for p in found if p.what != "is not signed" and not p.incomplete]


def test_a_backup_is_whole_and_the_next_has_the_same_root_and_reads_less(kit):
    first = kit.run()
    assert not first.errors
    assert not first.incomplete
    assert {c.status for c in first.collections.values()} == {Status.COMPLETE}
    assert set(first.collections) == set(kinds())
    assert not problems(kit, first)
    whole = sum(kit.made.values()) - kit.made["listing"]
    assert kit.run().root == first.root
    assert kit.made["content"] == kit.made["permissions"] == 0
    assert sum(kit.made.values()) - kit.made["listing"] < whole / 2
    assert kit.run(wishes=Wishes(full=True)).root == first.root
    assert kit.made["content"] > 0


def test_errors_and_limits_lose_nothing(kit):
    clean = kit.run("clean")
    with kit.broken("GET /api/2.0/permissions/*=429-bare@20%", "GET /api/2.?/*=500@20%"):
        kit.run()
    assert kit.run().root == clean.root


@pytest.fixture
def referring(own):
    """A workspace with a job that names a cluster."""
    kit = own()
    host = kit.host()
    cluster = {"spark_version": "15.4.x-scala2.12", "node_type_id": "m6gd.xlarge"}
    body = {"cluster_name": "c", "num_workers": 1, **cluster}
    cluster_id = host.send("POST", "/api/2.1/clusters/create", body)["cluster_id"]
    task = {"task_key": "t", "notebook_task": {"notebook_path": "/n"}}
    body = {"name": "j", "tasks": [{**task, "existing_cluster_id": cluster_id}]}
    host.send("POST", "/api/2.2/jobs/create", body)
    return kit


def test_a_run_that_could_not_list_everything_is_mended_by_the_next(referring):
    clean = referring.run("clean")
    with referring.broken("GET /api/2.1/clusters/list=500", "GET /api/2.0/sql/warehouses=403"):
        run = referring.run()
    assert run.collections["cluster"].status is Status.PARTIAL
    assert run.collections["warehouse"].status is Status.FORBIDDEN
    jobs = {each["key"]: each["what"] for each in run.incomplete if each["kind"] == "job"}
    assert "could not be listed: cluster" in jobs["j"]
    assert referring.run().root == clean.root


def test_a_run_that_is_taken_up_knows_what_jobs_refer_to(referring):
    clean = referring.run("clean")
    wishes = Wishes(most_errors=0)
    with referring.broken("GET /api/2.2/jobs/get*=500"), pytest.raises(LakewardenError):
        referring.backup(wishes=wishes)
    assert referring.run(wishes=wishes).root == clean.root


LISTS = (
    "/api/2.0/workspace/list*",
    "/api/2.0/workspace/list?path=/Users",
    "/api/2.0/workspace/list?path=/Shared",
    "/api/2.0/workspace/get-status*",
    "/api/2.0/repos*",
    "/api/2.2/jobs/list*",
    "/api/2.1/clusters/list*",
    "/api/2.0/policies/clusters/list*",
    "/api/2.0/instance-pools/list*",
    "/api/2.0/secrets/scopes/list",
    "/api/2.0/secrets/list*",
    "/api/2.0/secrets/acls/list*",
    "/api/2.0/preview/scim/v2/Users*",
    "/api/2.0/preview/scim/v2/Groups*",
    "/api/2.0/ip-access-lists*",
    "/api/2.0/global-init-scripts",
    "/api/2.0/sql/warehouses*",
    "/api/2.0/pipelines*",
    "/api/2.1/unity-catalog/catalogs*",
    "/api/2.1/unity-catalog/schemas*",
)
FEWER = Wishes(Selection(without=("setting",)))


def test_no_list_that_fails_ever_means_that_something_is_gone(kit):
    clean = kit.run(wishes=FEWER)

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.sampled_from(LISTS), min_size=1, max_size=3, unique=True),
        st.sampled_from(["500", "403", "404", "truncate", "page2:500", "reset"]),
    )
    def check(lists, way):
        with kit.broken(*(f"GET {path}={way}" for path in lists)):
            outcome = kit.backup("broken")
        assert outcome.run is not None
        with opened(kit.target()) as old, opened(kit.target("broken")) as new:
            found = changes(
                old.entries(clean.id),
                new.entries(outcome.run.id),
                clean.collections,
                outcome.run.collections,
            )
        assert not {kind for kind, count in found.items() if count.gone}

    check()


def test_one_bad_object_never_takes_the_others_along(own):
    kit = own(notebooks=4)
    clean = kit.run("clean")
    [path, *_] = [e.key for e in kit.entries(clean, "clean").values() if e.kind == "notebook"]
    with kit.broken(f"GET /api/2.0/workspace/export?path={path}*=500"):
        run = kit.run()
    assert [error["key"] for error in run.errors] == [path]
    assert run.objects == clean.objects - 1
    assert kit.run().root == clean.root


@pytest.mark.parametrize(
    ("fault", "kind", "what"),
    [
        ("GET /api/2.2/jobs/get*=drop:settings", "job", "no settings.name"),
        ("GET /api/2.2/jobs/list*=drop:jobs", "job", "the run before had some"),
        ("GET /api/2.1/clusters/list*=drop:cluster_id", "cluster", "has no cluster_id"),
        ("GET /api/2.0/permissions/*=drop:access_control_list", "job", "access_control_list"),
        ("GET /api/2.0/permissions/*=drop:all_permissions", "cluster", "access_control_list"),
        ("GET /api/2.0/permissions/*=drop:permission_level", "directory", "permission_level"),
        ("GET /api/2.0/workspace/list*=drop:objects", "notebook", "no objects"),
        ("GET /api/2.0/workspace/list*=drop:object_type", "notebook", "no object_type"),
    ],
)
def test_an_answer_that_lost_something_is_not_taken_for_less(referring, fault, kind, what):
    clean = referring.run()
    with referring.broken(fault):
        run = referring.run(wishes=Wishes(sweep_days=0))
    told = [each["what"] for each in (*run.errors, *run.incomplete) if each["kind"] == kind]
    assert what in " ".join([*told, *run.collections[kind].errors])
    assert not any(gone for _, _, gone in run.notes["changes"].values())
    assert referring.run(wishes=Wishes(sweep_days=0)).root == clean.root


def test_lists_that_the_run_before_had_more_of_show_nothing_to_be_gone(kit):
    """In each folder, scope, dashboard, catalog, and also where all is read again."""
    clean = kit.run()
    lost = {
        "alert": "GET /api/2.0/alerts=drop:alerts",
        "notebook": "GET /api/2.0/workspace/list?path=/Shared*=drop:objects",
        "secret": "GET /api/2.0/secrets/list*=drop:secrets",
        "secret_acl": "GET /api/2.0/secrets/acls/list*=drop:items",
        "dashboard_schedule": "GET /api/2.0/lakeview/dashboards/*/schedules*=drop:schedules",
        "dashboard_publication": "GET /api/2.0/lakeview/dashboards/*/published=404",
        "schema": "GET /api/2.1/unity-catalog/schemas*=drop:schemas",
        "catalog_grants": "GET */permissions/catalog/*=drop:privilege_assignments",
    }
    assert all(clean.collections[kind].objects for kind in lost)
    with kit.broken(*lost.values()):
        run = kit.run(wishes=Wishes(full=True))
    assert {kind: run.collections[kind].status for kind in lost} == dict.fromkeys(
        lost, Status.PARTIAL
    )
    assert not any(gone for _, _, gone in run.notes["changes"].values())
    assert kit.run().root == clean.root


def test_an_emptied_folder_is_believed_to_be_empty(own):
    kit = own()
    kit.host().send("POST", "/api/2.0/workspace/mkdirs", {"path": "/Shared/once"})
    kit.write("/Shared/once/note", "1")
    kit.run()
    kit.host().send("POST", "/api/2.0/workspace/delete", {"path": "/Shared/once/note"})
    run = kit.run()
    assert run.complete
    assert run.notes["changes"]["notebook"] == [0, 0, 1]


def test_too_many_errors_stop_it_and_what_was_read_is_kept(own):
    kit = own(notebooks=30)
    clean = kit.run("clean")
    wishes = Wishes(most_errors=3)
    broken = "GET /api/2.0/workspace/export*=500"
    with kit.broken(broken), pytest.raises(LakewardenError, match="run the same command again"):
        kit.backup(wishes=wishes)
    run = kit.run(wishes=wishes)
    assert run.root == clean.root


def test_it_is_taken_up_with_the_same_options_only(own):
    kit = own(notebooks=30)
    wishes = Wishes(most_errors=0)
    with kit.broken("GET /api/2.0/workspace/export*=500"), pytest.raises(LakewardenError):
        kit.backup(wishes=wishes)
    other = Wishes(Selection(paths=("/Shared/*",)))
    with pytest.raises(UsageError, match="of something else"):
        kit.backup(wishes=other)
    assert kit.run(wishes=other, fresh=True).objects


def test_only_what_changed_is_read_again(own):
    kit = own(notebooks=25)
    first = kit.run()
    kit.write("/Shared/new", "print(1)")
    paths = sorted(key for kind, key in kit.entries(first) if kind == "notebook")
    kit.write(paths[0], "print(2)")
    second = kit.run()
    assert kit.made["content"] == 2
    assert kit.made["permissions"] == 1
    entries = kit.entries(second)
    assert kit.blob(entries["notebook", paths[0]].content) == b"print(2)"
    assert second.notes["changes"]["notebook"] == [1, 1, 0]
    assert kit.run("other").root == second.root


def test_when_most_of_a_kind_is_gone_somebody_looks_first(own):
    kit = own(notebooks=40)
    first = kit.run()
    paths = sorted(key for kind, key in kit.entries(first) if kind == "notebook")
    for path in paths[:25]:
        kit.host().send("POST", "/api/2.0/workspace/delete", {"path": path})
    held = kit.backup()
    assert held.run is None
    assert held.held == ("notebook",)
    assert held.changes["notebook"].gone == 25
    run = kit.run(accept=True)
    assert kit.made["listing"] < 3
    assert kit.made["content"] == kit.made["permissions"] == 0
    assert run.notes["accepted"] == ["notebook"]
    assert run.root == kit.run("other").root


def test_what_is_too_large_is_said_and_the_rest_is_there(own):
    kit = own(notebooks=3)
    kit.write("/Shared/large", "print(1)")
    workspace = kit.simulation.account.workspaces[kit.workspace]
    workspace.table("workspace-objects")["/Shared/large"]["content"] = b"x" * (11 * 2**20)
    run = kit.run()
    [large] = run.incomplete
    assert large["key"] == "/Shared/large"
    assert large["what"].startswith("oversize")
    assert kit.entries(run)["notebook", "/Shared/large"].acl


def job(name, tasks=1):
    task = {"notebook_task": {"notebook_path": "/n"}}
    return {"name": name, "tasks": [{"task_key": f"t{n}", **task} for n in range(tasks)]}


def test_two_of_one_name_are_told_apart_by_age(own):
    kit = own()
    host = kit.host()
    made = [host.send("POST", "/api/2.2/jobs/create", job("twin", n))["job_id"] for n in (1, 2)]
    entries = kit.entries(kit.run())
    assert entries["job", "twin"].stamp["id"] == str(made[0])
    assert entries["job", "twin#2"].stamp["id"] == str(made[1])
    host.send("POST", "/api/2.2/jobs/delete", {"job_id": made[0]})
    assert kit.entries(kit.run())["job", "twin"].stamp["id"] == str(made[1])


def test_a_job_of_many_tasks_has_all_of_them(own):
    kit = own()
    kit.host().send("POST", "/api/2.2/jobs/create", job("long", 120))
    entries = kit.entries(kit.run())
    spec = json.loads(kit.blob(entries["job", "long"].spec))
    assert len(spec["tasks"]) == 120
    assert not {"has_more", "next_page_token"} & set(spec)


def test_a_reference_names_the_other_by_its_key(own):
    kit = own()
    host = kit.host()
    policy = {"name": "small", "definition": "{}"}
    policy_id = host.send("POST", "/api/2.0/policies/clusters/create", policy)["policy_id"]
    cluster = {"spark_version": "15.4.x-scala2.12", "node_type_id": "m6gd.xlarge"}
    task = {"task_key": "t", "new_cluster": {**cluster, "num_workers": 1, "policy_id": policy_id}}
    body = {"name": "j", "tasks": [{**task, "notebook_task": {"notebook_path": "/n"}}]}
    host.send("POST", "/api/2.2/jobs/create", body)
    run = kit.run(wishes=Wishes(Selection(kinds=("job",))))
    assert "cluster_policy" in run.collections
    assert "notebook" not in run.collections
    spec = json.loads(kit.blob(kit.entries(run)["job", "j"].spec))
    named = spec["tasks"][0]["new_cluster"]["policy_id"]
    assert named == {"$asset": "cluster_policy", "key": "small"}


@pytest.fixture
def secretive(own):
    kit = own()
    host = kit.host()
    host.send("POST", "/api/2.0/secrets/scopes/create", {"scope": "s"})
    put = {"scope": "s", "key": "k", "string_value": "hunter2"}
    host.send("POST", "/api/2.0/secrets/put", put)
    return kit


def test_values_of_secrets_are_left_where_they_are(secretive):
    run = secretive.run()
    entry = secretive.entries(run)["secret", "s/k"]
    assert entry.content is None
    assert entry.cipher is None
    assert secretive.made["content"] <= 1


def test_values_of_secrets_are_kept_encrypted_when_asked_for(secretive):
    import pyrage  # noqa: PLC0415  # only here

    identity = pyrage.x25519.Identity.generate()
    mine = (str(identity.to_public()),)

    def seal(_kind, _key, value):
        return value.hex().ljust(64, "0"), encrypt(value, mine)

    wishes = Wishes(Selection(values=True), recipients=mine, seal=seal)
    first = secretive.run(wishes=wishes)
    entry = secretive.entries(first)["secret", "s/k"]
    assert decrypt(secretive.blob(entry.cipher), str(identity)) == b"hunter2"
    second = secretive.run(wishes=wishes)
    assert second.root == first.root
    assert secretive.entries(second)["secret", "s/k"].cipher == entry.cipher
    assert secretive.made["content"] <= 1


def test_a_blob_that_the_vault_lost_is_read_again(own):
    kit = own(notebooks=5)
    first = kit.run()
    for pack in (kit.folder / "vault" / "packs").rglob("*.pack"):
        pack.unlink()
    second = kit.run()
    assert second.root == first.root
    assert not problems(kit, second)


def test_what_vanishes_while_it_is_read_is_neither_there_nor_an_error(own):
    kit = own(notebooks=5)
    kit.write("/Shared/brief", "print(1)")
    workspace = kit.simulation.account.workspaces[kit.workspace]
    table = workspace.table("workspace-objects")
    inside = table.inside

    def listed(path):
        found = list(inside(path))
        if path == "/Shared":
            table.pop("/Shared/brief", None)
        return found

    table.inside = listed
    run = kit.run()
    assert ("notebook", "/Shared/brief") not in kit.entries(run)
    assert not run.errors

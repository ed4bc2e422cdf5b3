"""What a list leaves out, what goes meanwhile, and what is called otherwise: nothing is silent."""

from __future__ import annotations

import json

import pytest

from lakewarden.assets.registry import kinds
from lakewarden.backup.begin import Wishes
from lakewarden.backup.calls import LIST, LISTING, Calls
from lakewarden.backup.listing import Lister
from lakewarden.backup.selection import Selection
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import UsageError
from lakewarden.estate.fact import Cause
from lakewarden.store.vault.manifest import Status
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.verify import verified

CLUSTER = {"spark_version": "15.4.x-scala2.12", "node_type_id": "m6gd.xlarge", "num_workers": 1}


def problems(kit, run):
    """What verifying says, of the signature nothing."""
    with opened(kit.target()) as vault:
        return [p for p in verified(vault, (run,), None) if p.what != "is not signed"]


def task(**more):
    return {"task_key": "t", "notebook_task": {"notebook_path": "/n"}, **more}


def spec(kit, run, *name):
    return json.loads(kit.blob(kit.entries(run)[name].spec))


def test_who_may_not_see_everything_is_told_so(kit, monkeypatch):
    wishes = Wishes(Selection(kinds=("cluster",)))
    assert kit.run("admin", wishes).complete
    people = kit.host().get("/api/2.0/preview/scim/v2/ServicePrincipals", {"count": 100})
    [etl] = [p["applicationId"] for p in people["Resources"] if p["displayName"] == "ty-etl"]
    body = {"application_id": etl, "lifetime_seconds": 3600}
    path = "/api/2.0/token-management/on-behalf-of/tokens"
    monkeypatch.setenv("DATABRICKS_TOKEN", kit.host().send("POST", path, body)["token_value"])
    run = kit.run("admin", wishes)
    assert {c.status for c in run.collections.values()} == {Status.PARTIAL}
    assert "no admin of the workspace" in run.collections["cluster"].errors[0]
    assert not any(gone for _, _, gone in run.notes["changes"].values())


def test_catalogs_are_all_there_for_who_is_shown_to_be_an_admin_of_the_metastore(own):
    kit = own("neglected")
    wishes = Wishes(Selection(kinds=("catalog_grants", "instance_pool")))
    run = kit.run("seen", wishes)
    assert {c.status for c in run.collections.values()} == {Status.PARTIAL, Status.COMPLETE}
    assert "owner is rick.barlow@" in "".join(run.collections["catalog"].errors)
    assert run.collections["catalog_grants"].status is Status.PARTIAL
    kit.own_metastore()
    assert kit.run("owned", wishes).complete
    with kit.broken("GET */metastore_summary=403", "GET /api/2.0/workspace-conf=404"):
        run = kit.run("unsaid", wishes)
    assert {c.status for c in run.collections.values()} == {Status.PARTIAL}
    for kind in ("catalog", "instance_pool"):
        assert "is not known" in run.collections[kind].errors[0]


def test_a_git_folder_that_the_list_leaves_out_is_found_in_the_tree(kit):
    clean = kit.run("clean")
    with kit.broken("GET /api/2.0/repos=drop:repos"):
        run = kit.run()
    assert run.root == clean.root
    assert run.complete
    assert run.collections["repo"] == clean.collections["repo"]
    with kit.broken("GET /api/2.0/repos=drop:repos", "GET /api/2.0/repos/*=500"):
        run = kit.run("broken")
    assert {error["kind"] for error in run.errors} == {"repo"}
    assert len(run.errors) == clean.collections["repo"].objects
    only = Wishes(Selection(kinds=("repo",)))
    with kit.broken("GET /api/2.0/repos=drop:repos"):
        assert kit.run("only", only).collections == {"repo": clean.collections["repo"]}
    with kit.broken("GET /api/2.0/workspace/list?path=/Shared*=500"):
        assert kit.run("only", only).collections["repo"].status is Status.PARTIAL


def test_a_cluster_that_goes_while_it_is_read_is_named_by_nobody(own, monkeypatch):
    kit = own()
    host = kit.host()
    body = {"cluster_name": "c", **CLUSTER}
    cluster = host.send("POST", "/api/2.1/clusters/create", body)["cluster_id"]
    host.send("POST", "/api/2.1/clusters/pin", {"cluster_id": cluster})
    body = {"name": "j", "tasks": [task(existing_cluster_id=cluster)]}
    host.send("POST", "/api/2.2/jobs/create", body)
    detail = Lister.detail

    def late(lister, kind, identity, key):
        if identity == cluster:
            host.send("POST", "/api/2.1/clusters/permanent-delete", {"cluster_id": cluster})
        return detail(lister, kind, identity, key)

    monkeypatch.setattr(Lister, "detail", late)
    run = kit.run()
    assert run.complete
    assert problems(kit, run) == []
    named = spec(kit, run, "job", "j")["tasks"][0]["existing_cluster_id"]
    assert named == {"$missing": "cluster", "id": cluster}
    assert ("cluster_pin", "c") not in kit.entries(run)


def test_what_names_a_query_that_could_not_be_read_is_incomplete(kit):
    host = kit.host()
    query = host.get("/api/2.0/sql/queries")["results"][0]
    sql = {"warehouse_id": query["warehouse_id"], "query": {"query_id": query["id"]}}
    body = {"name": "asks", "tasks": [{"task_key": "t", "sql_task": sql}]}
    job = host.send("POST", "/api/2.2/jobs/create", body)["job_id"]
    with kit.broken(f"GET /api/2.0/sql/queries/{query['id']}=500"):
        run = kit.run()
    host.send("POST", "/api/2.2/jobs/delete", {"job_id": job})
    named = spec(kit, run, "job", "asks")["tasks"][0]["sql_task"]["query"]["query_id"]
    assert named == {"$missing": "query", "id": query["id"]}
    assert ("job", "asks") in {(each["kind"], each["key"]) for each in run.incomplete}
    assert all(problem.incomplete for problem in problems(kit, run))


def test_what_is_called_otherwise_is_read_again_where_it_is_named(own):
    kit = own("typical")
    host = kit.host()
    kit.run()
    for warehouse in host.get("/api/2.0/sql/warehouses")["warehouses"]:
        body = {"name": f"{warehouse['name']} 2", "cluster_size": warehouse["cluster_size"]}
        host.send("POST", f"/api/2.0/sql/warehouses/{warehouse['id']}/edit", body)
    run = kit.run()
    assert problems(kit, run) == []
    assert kit.run("clean").root == run.root


def test_what_was_left_out_on_purpose_is_not_named_unsaid(kit):
    run = kit.run(wishes=Wishes(Selection(without=("cluster",))))
    named = {each["kind"] for each in run.incomplete if "cluster" in each["what"]}
    assert "job" in named


def test_runs_are_compared_with_the_last_one_of_all_of_the_same(own):
    kit = own(notebooks=30)
    kit.run()
    kit.run(wishes=Wishes(Selection(kinds=("cluster_policy",))))
    with kit.broken("GET /api/2.0/workspace/list?path=/Shared*=500"):
        assert kit.run(accept=True).collections["notebook"].status is Status.PARTIAL
    for path in [key for kind, key in kit.entries(kit.run("there"), "there") if kind == "notebook"]:
        kit.host().send("POST", "/api/2.0/workspace/delete", {"path": path})
    outcome = kit.backup()
    assert "notebook" in outcome.held
    kit.backup(accept=True)


def test_not_found_is_gone_only_where_the_folder_says_so_too(kit):
    clean = kit.run("clean")
    notebook = next(key for kind, key in kit.entries(clean, "clean") if kind == "notebook")
    folder = notebook.rpartition("/")[0]
    with kit.broken(f"GET /api/2.0/workspace/[eg]*path={notebook}*=404"):
        run = kit.run()
    assert [(error["kind"], error["key"]) for error in run.errors] == [("notebook", notebook)]
    lost = (f"GET /api/2.0/workspace/list?path={folder}=404", "GET *get-status?path=/?*=404")
    with kit.broken(*lost):
        run = kit.run("lost")
    assert run.collections["notebook"].status is Status.PARTIAL


def test_the_root_is_never_gone(kit):
    kit.run("clean")
    host = DatabricksHost.get

    def once(self, path, query=None):
        if (path, query) == (LIST, {"path": "/"}):
            asked.append(path)
            if len(asked) == 1:
                raise CallFailedError(Cause.NOT_FOUND, "not found")
        return host(self, path, query)

    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabricksHost, "get", once)
        run = kit.run()
    assert run.collections["notebook"].status is Status.PARTIAL


def test_what_hangs_on_what_was_not_found_is_missed(kit):
    dashboards = kit.host().get("/api/2.0/lakeview/dashboards")["dashboards"]
    with kit.broken("GET /api/2.0/permissions/dashboards/*=404"):
        run = kit.run()
    assert len(run.errors) == len(dashboards)
    for kind in ("dashboard_publication", "dashboard_schedule"):
        assert run.collections[kind].status is Status.PARTIAL
    assert any("dashboard" in each["what"] for each in run.incomplete if each["kind"] == "job")


def test_a_search_is_tried_again_by_whoever_asks_all_else_once(kit):
    experiment, calls = kinds()["experiment"], Calls(kit.host(), pause=0.01, tries=1)
    whole, _ = Lister(calls, [experiment]).listed(experiment)
    made = calls.made[LISTING]
    with kit.broken(f"POST {experiment.listing.path}=500@50%#2"):
        found, failures = Lister(calls, [experiment]).listed(experiment)
    assert (found, failures) == (whole, [])
    assert calls.made[LISTING] > 2 * made


def test_paths_begin_with_a_slash():
    with pytest.raises(UsageError, match="Shared/x is no path"):
        Selection(paths=("Shared/x",)).chosen()

from __future__ import annotations

import pytest

from collect.stubs import DENIED, ROOT, StubHost, collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.dbfs import DBFS_FOLDERS
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.storage import EXTERNAL_LOCATIONS
from lakewarden.estate.unity import (
    CATALOG_BINDINGS,
    CATALOGS,
    METASTORE_ASSIGNMENTS,
    METASTORE_GRANTS,
    METASTORES,
    RECIPIENTS,
    STORAGE_CREDENTIALS,
)

BASE = "/api/2.1/unity-catalog"
CURRENT = f"{BASE}/current-metastore-assignment"
NONE = CallFailedError(Cause.NOT_FOUND, "none", code="METASTORE_DOES_NOT_EXIST")
ASSIGNED = given(metastore_assignments=[{"workspace_id": 1, "metastore_id": "m/1"}])


def test_the_metastore_of_a_workspace():
    host = StubHost({CURRENT: {"metastore_id": "m1", "workspace_id": 9}})
    (found,) = collected(METASTORE_ASSIGNMENTS, host).values()
    assert (found.workspace_id, found.metastore_id.get()) == (1, "m1")


def test_a_workspace_without_a_metastore_has_none_for_certain():
    (found,) = collected(METASTORE_ASSIGNMENTS, StubHost({CURRENT: NONE})).values()
    assert found.metastore_id.get() is None


@pytest.mark.parametrize(
    "answer", [{}, [], DENIED, CallFailedError(Cause.NOT_FOUND, "gone", code="NOT_FOUND")]
)
def test_anything_else_does_not_say_that_there_is_none(answer):
    with pytest.raises(CallFailedError):
        collected(METASTORE_ASSIGNMENTS, StubHost({CURRENT: answer}))


@pytest.mark.parametrize("kind", [CATALOGS, STORAGE_CREDENTIALS, RECIPIENTS, EXTERNAL_LOCATIONS])
def test_without_a_metastore_there_is_nothing_to_list(kind):
    path = kind.source.removeprefix("GET ")
    assert not collected(kind, StubHost({path: NONE}))
    with pytest.raises(CallFailedError):
        collected(kind, StubHost({path: DENIED}))


def test_what_is_not_bound_to_the_workspace_is_listed_as_well():
    host = StubHost({f"{BASE}/catalogs": {"catalogs": [{"name": "main"}]}})
    assert set(collected(CATALOGS, host)) == {"main"}
    assert host.asked == [(f"{BASE}/catalogs", {"max_results": 0, "include_unbound": "true"})]


def test_metastores_come_in_one_answer():
    store = {"metastore_id": "m1", "name": "main", "owner": "admins"}
    host = StubHost({f"{ROOT}/metastores": {"metastores": [store]}})
    (found,) = collected(METASTORES, host).values()
    assert found.owner.get() == "admins"
    assert found.token_seconds.gap.cause is Cause.MISSING_FIELD


def test_grants_on_the_metastore_of_the_workspace():
    rows = [{"principal": "desk", "privileges": ["CREATE_SHARE"]}]
    host = StubHost({f"{BASE}/permissions/metastore/m/1": {"privilege_assignments": rows}})
    (found,) = collected(METASTORE_GRANTS, host, before=ASSIGNED).values()
    (entry,) = found.assignments.get()
    assert (found.id, entry.principal, entry.privileges) == ("m/1", "desk", ("CREATE_SHARE",))


@pytest.mark.parametrize(
    ("answer", "cause"), [(DENIED, Cause.FORBIDDEN), ({}, Cause.MISSING_FIELD)]
)
def test_grants_that_are_not_shown_are_a_gap(answer, cause):
    host = StubHost({f"{BASE}/permissions/metastore/m/1": answer})
    (found,) = collected(METASTORE_GRANTS, host, before=ASSIGNED).values()
    assert found.assignments.gap.cause is cause


def test_bindings_are_read_for_each_catalog_and_pages_are_followed():
    def pages(query):
        if query.get("page_token"):
            return {"bindings": [{"workspace_id": 2}]}
        return {"bindings": [{"workspace_id": 1}], "next_page_token": "t"}

    before = given(catalogs=[{"name": "a b"}, {"name": "hr"}])
    host = StubHost({f"{BASE}/bindings/catalog/a%20b": pages})
    found = collected(CATALOG_BINDINGS, host, before=before)
    assert [b.workspace_id for b in found["a b"].bindings.get()] == [1, 2]
    assert found["hr"].bindings.gap.cause is Cause.NOT_FOUND


def folder(answer):
    host = StubHost({"/api/2.0/dbfs/list": answer})
    return collected(DBFS_FOLDERS, host, "/databricks/init")["/databricks/init"].entries


def test_a_folder_and_what_is_in_it():
    found = folder({"files": [{"path": "/databricks/init/a.sh", "is_dir": False}]})
    assert [entry.path for entry in found.get()] == ["/databricks/init/a.sh"]
    missing = CallFailedError(Cause.NOT_FOUND, "none", code="RESOURCE_DOES_NOT_EXIST")
    assert folder(missing).get() == ()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (DENIED, Cause.FORBIDDEN),
        (CallFailedError(Cause.NOT_FOUND, "gone", code="NOT_FOUND"), Cause.NOT_FOUND),
        ({}, Cause.MISSING_FIELD),
    ],
)
def test_a_folder_that_is_not_shown_is_not_an_empty_one(answer, cause):
    assert folder(answer).gap.cause is cause

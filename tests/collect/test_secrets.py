"""Where people put secrets: what is kept of each place, and what becomes of calls that fail."""

from __future__ import annotations

import base64

import pytest

from collect.stubs import DENIED, StubHost, collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.secrets import (
    INIT_SCRIPTS,
    JOB_SETTINGS,
    PIPELINE_SETTINGS,
    SCOPE_SECRETS,
    WAREHOUSE_SETTINGS,
)
from lakewarden.semantics.secret_shapes import disclosed

KEY = "AKIAIOSFODNN7EXAMPLE"
JOBS = "/api/2.2/jobs/list"
JOB = "/api/2.2/jobs/get"
PIPELINES = "/api/2.0/pipelines"
SCRIPTS = "/api/2.0/global-init-scripts"
CONFIG = "/api/2.0/sql/config/warehouses"


def task(name, **settings):
    return {"task_key": name, "notebook_task": {"base_parameters": settings}}


def kept(record):
    assert KEY not in repr(record.withheld.get())
    return {place: disclosed(mark) for place, mark in record.withheld.get().items()}


def jobs(**more):
    settings = {"name": "nightly", "tasks": [task("a", key=KEY)]}
    return {"jobs": [{"job_id": 7, "settings": settings, **more}]}


def test_a_job_keeps_the_places_of_what_looks_like_a_credential():
    host = StubHost({JOBS: jobs()})
    found = collected(JOB_SETTINGS, host)["7"]
    assert kept(found) == {"tasks[a].notebook_task.base_parameters.key": "an AWS access key"}
    assert found.name.get() == "nightly"
    assert host.asked[0][1]["expand_tasks"] == "true"


def test_a_job_too_long_for_the_list_is_read_page_by_page():
    pages = {
        None: {"settings": {"tasks": [task("a", key=KEY)]}, "next_page_token": "two"},
        "two": {"settings": {"tasks": [task("z", key=KEY)]}},
    }
    host = StubHost({JOBS: jobs(has_more=True), JOB: lambda query: pages[query.get("page_token")]})
    assert len(kept(collected(JOB_SETTINGS, host)["7"])) == 2


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ({JOBS: jobs(has_more=True), JOB: DENIED}, Cause.FORBIDDEN),
        ({JOBS: jobs(has_more=True), JOB: []}, Cause.MALFORMED),
        (
            {JOBS: jobs(has_more=True), JOB: {"settings": {}, "next_page_token": "again"}},
            Cause.MALFORMED,
        ),
        ({JOBS: {"jobs": [{"job_id": 7}]}}, Cause.MALFORMED),
        ({JOBS: {"jobs": [{"job_id": 7, "settings": {"name": "n"}}]}}, Cause.MISSING_FIELD),
    ],
    ids=["denied", "odd", "round and round", "no settings", "no tasks"],
)
def test_a_job_that_was_not_read_whole_is_not_known(answers, cause):
    assert collected(JOB_SETTINGS, StubHost(answers))["7"].withheld.gap.cause is cause


def test_a_pipeline_is_read_by_its_specification():
    listed = {"statuses": [{"pipeline_id": "p", "name": "orders"}]}
    spec = {"configuration": {"db.password": "Winter-21"}, "clusters": []}
    host = StubHost({PIPELINES: listed, f"{PIPELINES}/p": {"spec": spec}})
    found = collected(PIPELINE_SETTINGS, host)["p"]
    assert kept(found) == {"configuration.db.password": "a secret, by the setting's name"}
    assert found.name.get() == "orders"


@pytest.mark.parametrize("answer", [DENIED, {"name": "orders"}, {"spec": "x"}])
def test_a_pipeline_that_was_not_read_is_not_known(answer):
    listed = {"statuses": [{"pipeline_id": "p", "name": "orders"}]}
    host = StubHost({PIPELINES: listed, f"{PIPELINES}/p": answer})
    assert collected(PIPELINE_SETTINGS, host)["p"].withheld.gap is not None


def script(text):
    return {"script_id": "s", "script": base64.b64encode(text.encode()).decode()}


def test_a_script_is_kept_by_its_suspicious_lines():
    listed = {"scripts": [{"script_id": "s", "name": "agent", "enabled": True}]}
    host = StubHost({SCRIPTS: listed, f"{SCRIPTS}/s": script(f"#!/bin/sh\nexport K={KEY}\n")})
    assert kept(collected(INIT_SCRIPTS, host)["s"]) == {"line 2": "an AWS access key"}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (DENIED, Cause.FORBIDDEN),
        ({"script_id": "s"}, Cause.MISSING_FIELD),
        ({"script": "not base64!"}, Cause.MALFORMED),
        ({"script": {"x": 1}}, Cause.MALFORMED),
    ],
)
def test_a_script_that_was_not_read_is_not_known(answer, cause):
    listed = {"scripts": [{"script_id": "s", "name": "agent"}]}
    host = StubHost({SCRIPTS: listed, f"{SCRIPTS}/s": answer})
    assert collected(INIT_SCRIPTS, host)["s"].withheld.gap.cause is cause


def test_lists_that_cannot_be_read_raise_by_their_own_name():
    with pytest.raises(CallFailedError) as caught:
        collected(INIT_SCRIPTS, StubHost({SCRIPTS: DENIED}))
    assert caught.value.source == f"GET {SCRIPTS}"


def test_warehouses_are_read_by_what_they_share():
    pairs = [{"key": "spark.hadoop.ConnectionPassword", "value": "Winter-21"}]
    host = StubHost({CONFIG: {"security_policy": "NONE", "data_access_config": pairs}})
    assert len(kept(collected(WAREHOUSE_SETTINGS, host)["warehouses"])) == 1
    host = StubHost({CONFIG: {"security_policy": "NONE"}})
    silent = collected(WAREHOUSE_SETTINGS, host)["warehouses"]
    assert silent.withheld.gap.cause is Cause.MISSING_FIELD


def test_secrets_are_read_by_key_and_age():
    before = given(secret_scopes=[{"name": "lake", "items": []}])
    entry = {"key": "password", "last_updated_timestamp": 1}
    host = StubHost({"/api/2.0/secrets/list": {"secrets": [entry]}})
    (found,) = collected(SCOPE_SECRETS, host, before=before)["lake"].secrets.get()
    assert (found.key, found.last_updated_timestamp) == ("password", 1)
    assert host.asked == [("/api/2.0/secrets/list", {"scope": "lake"})]

"""Reading what code runs: digests instead of scripts, addresses without logins."""

from __future__ import annotations

import base64
import hashlib

import pytest

from collect.stubs import DENIED, StubHost, collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.code import (
    ARTIFACT_ALLOW_LISTS,
    CLUSTER_LIBRARIES,
    GIT_FOLDERS,
)
from lakewarden.estate.costs import COST_TAGS
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import pack
from lakewarden.estate.secrets import INIT_SCRIPTS

SCRIPTS = "/api/2.0/global-init-scripts"
LISTS = "/api/2.1/unity-catalog/artifact-allowlists"
AGENT = {"script_id": "A1", "name": "agent", "enabled": True, "position": 0}
TEXT = b"#!/bin/bash\nexport TOKEN=hunter2"


def script(text):
    return {**AGENT, "script": base64.b64encode(text).decode()}


def test_of_a_script_the_digest_is_kept():
    host = StubHost({SCRIPTS: {"scripts": [AGENT]}, f"{SCRIPTS}/A1": script(TEXT)})
    found = collected(INIT_SCRIPTS, host)["A1"]
    assert found.sha256.get() == hashlib.sha256(TEXT).hexdigest()
    assert (found.name.get(), found.enabled.get()) == ("agent", True)
    assert found.withheld.get().keys() == {"line 2"}
    assert "hunter2" not in str(pack(found))


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (DENIED, Cause.FORBIDDEN),
        ({}, Cause.MISSING_FIELD),
        ([], Cause.MALFORMED),
        ({"script": "not base64!"}, Cause.MALFORMED),
        ({"script": 7}, Cause.MALFORMED),
    ],
)
def test_a_script_that_cannot_be_read_is_still_there(answer, cause):
    host = StubHost({SCRIPTS: {"scripts": [AGENT]}, f"{SCRIPTS}/A1": answer})
    found = collected(INIT_SCRIPTS, host)["A1"]
    assert found.sha256.gap.cause is cause
    assert found.enabled.get() is True


def test_scripts_without_their_list_are_not_known():
    with pytest.raises(CallFailedError) as caught:
        collected(INIT_SCRIPTS, StubHost({SCRIPTS: {}}))
    assert caught.value.cause is Cause.MISSING_FIELD


def test_each_allow_list_is_asked_for_and_fails_alone():
    jars = {"artifact_matchers": [{"artifact": "s3://", "match_type": "PREFIX_MATCH"}]}
    host = StubHost({f"{LISTS}/LIBRARY_JAR": jars, f"{LISTS}/INIT_SCRIPT": DENIED})
    found = collected(ARTIFACT_ALLOW_LISTS, host, "LIBRARY_JAR", "INIT_SCRIPT")
    assert [m.artifact for m in found["LIBRARY_JAR"].matchers.get()] == ["s3://"]
    assert found["LIBRARY_JAR"].matchers.source == f"GET {LISTS}/LIBRARY_JAR"
    assert found["INIT_SCRIPT"].matchers.gap.cause is Cause.FORBIDDEN
    assert found["INIT_SCRIPT"].matchers.gap.source == f"GET {LISTS}/INIT_SCRIPT"


def test_no_login_of_a_repository_is_kept():
    pypi = {"package": "loader", "repo": "https://ann:hunter2@packages.example.com/simple"}
    statuses = [{"library": {"pypi": pypi}, "status": "INSTALLED"}]
    answer = {"statuses": [{"cluster_id": "c1", "library_statuses": statuses}]}
    host = StubHost({"/api/2.0/libraries/all-cluster-statuses": answer})
    found = collected(CLUSTER_LIBRARIES, host)["c1"]
    library = found.libraries.get()[0].library
    assert library.sources == ("https://[withheld]@packages.example.com/simple",)
    assert "hunter2" not in str(pack(found))


def test_git_folders_are_paged_by_the_name_of_their_token():
    one = {"id": 1, "path": "/Repos/a/x", "url": "https://github.com/acme/x"}
    two = {"id": 2, "path": "/Repos/a/y", "url": "https://github.com/acme/y"}

    def pages(query):
        assert "page_token" not in query
        if query.get("next_page_token") == "more":
            return {"repos": [two]}
        return {"repos": [one], "next_page_token": "more"}

    found = collected(GIT_FOLDERS, StubHost({"/api/2.0/repos": pages}))
    assert [folder.path.get() for folder in found.values()] == ["/Repos/a/x", "/Repos/a/y"]


class StubBilling:
    """An AWS account whose cost explorer answers with pages."""

    def __init__(self, *pages):
        self.pages = pages

    def client(self, service, region):
        assert (service, region) == ("ce", "us-east-1")
        return self

    def get_paginator(self, operation):
        assert operation == "list_cost_allocation_tags"
        return self

    def paginate(self, **arguments):
        assert arguments == {"Type": "UserDefined"}
        return self.pages


def test_cost_tags_are_read_to_the_last_page():
    first = {"CostAllocationTags": [{"TagKey": "CostCenter", "Status": "Active"}]}
    last = {"CostAllocationTags": [{"TagKey": "Owner", "Status": "Inactive"}]}
    found = collected(COST_TAGS, None, aws=StubBilling(first, last))
    assert {key: tag.status.get() for key, tag in found.items()} == {
        "CostCenter": "Active",
        "Owner": "Inactive",
    }


def test_a_page_of_cost_tags_without_its_list_is_not_the_end():
    with pytest.raises(CallFailedError) as caught:
        collected(COST_TAGS, None, aws=StubBilling({}))
    assert caught.value.cause is Cause.MISSING_FIELD

from __future__ import annotations

import gzip
import json

import pytest

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.audit_logs import COUNTED, count
from lakewarden.estate.activity import DAILY_WORK, DIRECTORY_WRITES, JOB_CHANGES, LOGINS, MFA_KEYS
from lakewarden.estate.dbfs import MOUNTS
from lakewarden.estate.fact import Cause

SINCE = 1_000


def event(action="samlLogin", user="a@example.com", at=2_000, status=200, method="SAML", **more):
    return {
        "serviceName": "accounts",
        "actionName": action,
        "timestamp": at,
        "userIdentity": {"email": user},
        "requestParams": {"authentication_method": method},
        "response": {"statusCode": status},
        **more,
    }


@pytest.fixture
def counted(tmp_path):
    """Deliver events; return the counts, and the failure that followed if one did."""

    def run(*events):
        text = "\n".join(e if isinstance(e, str) else json.dumps(e) for e in events)
        (tmp_path / "audit.json").write_text(text + "\n")
        return logins(tmp_path)

    return run


@pytest.fixture
def tallied(tmp_path):
    """Deliver events; return the identities and counts of one kind, counted with all others."""

    def run(kind, *events):
        (tmp_path / "audit.json").write_text("\n".join(map(json.dumps, events)))
        counted = count(tmp_path, SINCE, list(COUNTED))
        return {entry.identity(): entry.times.get() for entry in counted.of(kind)}

    return run


def logins(folder):
    found, failure = {}, None
    try:
        for entry in count(folder, SINCE, [LOGINS]).of(LOGINS):
            counts = (entry.successes.get(), entry.last.get())
            found[entry.action, entry.method, entry.user] = counts
    except CallFailedError as error:
        failure = error
    return found, failure


def test_logins_are_counted_by_action_method_and_user(counted):
    found, failure = counted(event(at=5_000), event(at=9_000), event(at=7_000), event("mfaLogin"))
    assert failure is None
    assert found == {
        ("samlLogin", "SAML", "a@example.com"): (3, 9_000),
        ("mfaLogin", "SAML", "a@example.com"): (1, 2_000),
    }


@pytest.mark.parametrize(
    "other",
    [
        event(status=401),
        event(response=None),
        event(at=999),
        event("tokenLogin"),
        event(serviceName="workspace"),
        {},
    ],
)
def test_what_is_no_recent_login_of_a_person_does_not_count(counted, other):
    assert counted(other) == ({}, None)


def test_the_first_moment_counts(counted):
    assert len(counted(event(at=SINCE))[0]) == 1


def test_other_spellings_and_missing_names(counted):
    found, _ = counted(
        event(requestParams={"authenticationMethod": "PASSWORD", "user": "b"}, userIdentity=None),
        event(requestParams=None, userIdentity=None),
    )
    assert set(found) == {("samlLogin", "PASSWORD", "b"), ("samlLogin", "", "unknown")}


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "7", "null", '"text"', json.dumps(event(at="soon")), json.dumps(event(at=None))],
)
def test_a_broken_line_is_named_and_the_rest_counts(counted, line):
    found, failure = counted(event(), line, event())
    assert found == {("samlLogin", "SAML", "a@example.com"): (2, 2_000)}
    assert failure.cause is Cause.MALFORMED
    assert failure.detail == "audit.json line 2 is not an event"


def test_a_cut_file_is_named_and_the_rest_counts(tmp_path, counted):
    data = gzip.compress("\n".join(json.dumps(event(user=str(n))) for n in range(5_000)).encode())
    (tmp_path / "cut.json.gz").write_bytes(data[:-500])
    found, failure = counted(event(user="whole"))
    assert ("samlLogin", "SAML", "whole") in found
    assert ("samlLogin", "SAML", "0") in found
    assert failure.cause is Cause.MALFORMED
    assert failure.detail.startswith("cut.json.gz line ")


def test_no_logs_are_not_no_logins(tmp_path):
    found, failure = logins(tmp_path)
    assert found == {}
    assert failure.cause is Cause.NOT_FOUND


def test_daily_work_counts_whatever_came_of_it(tallied):
    run = event("runCommand", serviceName="notebook", status=1)
    query = event("commandSubmit", serviceName="databrickssql", response=None)
    scheduled = event("runStart", serviceName="jobs")
    assert tallied(DAILY_WORK, run, run, query, scheduled, event()) == {
        "notebook/runCommand/a%40example.com": 2,
        "databrickssql/commandSubmit/a%40example.com": 1,
    }


def test_the_target_of_a_change_by_hand_alone_is_named(tallied):
    def write(endpoint, target, agent="Okta SCIM Client 1.0.0", **more):
        params = {"endpoint": endpoint, "targetUserName": target}
        return event("add", requestParams=params, userAgent=agent, **more)

    found = tallied(
        DIRECTORY_WRITES,
        write("scim", "b"),
        write("scim", "c"),
        write("adminConsole", "d", "Mozilla"),
        write("adminConsole", "e", "Mozilla", status=403),
    )
    assert found == {"add/scim/Okta%20SCIM%20Client%201.0.0/": 2, "add/adminConsole/Mozilla/d": 1}


def test_each_change_of_a_second_factor_is_kept_with_its_time(tallied):
    added, deleted = event("mfaAddKey", at=3_000), event("mfaDeleteKey", at=2_000)
    assert set(tallied(MFA_KEYS, deleted, added)) == {
        "a%40example.com/mfaDeleteKey/2000",
        "a%40example.com/mfaAddKey/3000",
    }


def test_kinds_that_nobody_asked_for_are_not_counted(tmp_path):
    (tmp_path / "audit.json").write_text(json.dumps(event()))
    assert list(count(tmp_path, SINCE, [MFA_KEYS]).of(LOGINS)) == []


def test_changes_of_jobs_are_counted_by_workspace_and_person(tallied):
    def change(action, workspace, **more):
        return event(action, serviceName="jobs", workspaceId=workspace, **more)

    found = tallied(
        JOB_CHANGES,
        change("reset", "3001"),
        change("reset", "3001"),
        change("create", "3002"),
        change("update", "3002", status=403),
        change("runNow", "3002"),
        change("update", "3002", at=SINCE - 1),
    )
    assert found == {"3001/reset/a%40example.com": 2, "3002/create/a%40example.com": 1}


def test_mounts_are_counted_by_workspace_place_and_person(tallied):
    def mount(action="mount", point="/mnt/lake", **more):
        params = {"mountPoint": point}
        return event(action, serviceName="dbfs", workspaceId="7", requestParams=params, **more)

    found = tallied(
        MOUNTS,
        mount(),
        mount("updateMount"),
        mount("unmount"),
        mount(point="/mnt/b", status=403),
        mount(point=None, user="b@example.com"),
    )
    assert found == {"7/%2Fmnt%2Flake/a%40example.com": 2, "7/unknown/b%40example.com": 1}

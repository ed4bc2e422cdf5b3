from __future__ import annotations

import gzip
import json

import pytest

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.audit_logs import logins
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
        return count(tmp_path)

    return run


def count(folder):
    found, failure = {}, None
    try:
        for entry in logins(folder, SINCE):
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
    found, failure = count(tmp_path)
    assert found == {}
    assert failure.cause is Cause.NOT_FOUND

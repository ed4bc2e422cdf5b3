"""What of machines is judged, by which names, and what is said where some may be missing."""

from __future__ import annotations

from lakewarden.controls.kit.machines import APP, MACHINE, SECRET
from lakewarden.controls.kit.oauth_secrets import example_secret, secrets_of
from lakewarden.controls.kit.subjects import Absence, Subject
from lakewarden.controls.kit.tokens import example_token
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused


def found(kind, snapshot):
    return list(kind.find(Estate(snapshot)))


def names(kind, snapshot):
    return [entry.ref.name for entry in found(kind, snapshot)]


def test_secrets_are_numbered_from_the_oldest_on():
    young, old = example_secret(1, 90, id="b"), example_secret(9, 90, id="a")
    first, second = found(SECRET, secrets_of(young, old))
    assert (first.ref.name, first.ref.id) == ("etl secret 1", "7/a")
    assert (second.ref.name, second.ref.id) == ("etl secret 2", "7/b")
    assert first.workspace is None


def test_secrets_of_one_principal_that_were_refused_stand_for_themselves_alone():
    [absence] = found(SECRET, secrets_of(found=refused()))
    assert isinstance(absence, Absence)
    assert absence.ref.name == "every service principal secret of etl"
    assert absence.gap.cause is Cause.FORBIDDEN


def test_no_secrets_are_certainly_none():
    [absence] = found(SECRET, secrets_of())
    assert absence.gap is None


def test_apps_of_both_kinds():
    own, partner = {"integration_id": "a", "name": "own"}, {"integration_id": "b"}
    whole = given(custom_apps=[own], published_apps=[partner])
    assert names(APP, whole) == ["own", "b"]
    part = found(APP, given(custom_apps=refused(), published_apps=[partner]))
    assert [type(entry) for entry in part] == [Absence, Subject]


def test_what_machines_do_is_looked_up_once_for_all():
    principals = [{"id": "7", "applicationId": "x"}, {"id": "8", "applicationId": "y"}]
    jobs = [
        {"job_id": 1, "settings": {"name": "load"}, "run_as_user_name": "x"},
        {"job_id": 2, "settings": {"run_as": {"service_principal_name": "y"}}},
    ]
    snapshot = given(
        account_service_principals=principals,
        jobs=jobs,
        tokens=[example_token(owner_id=7), example_token(token_id="t2", owner_id=99)],
    )
    first, second = found(MACHINE, snapshot)
    doings = first.record.doings
    assert doings is second.record.doings
    assert doings.jobs["x"] == "load"
    assert "y" in doings.jobs
    assert list(doings.tokens) == ["7"]
    assert doings.jobs_gap is doings.tokens_gap is None


def test_jobs_and_tokens_that_were_refused_are_a_gap():
    principals = [{"id": "7", "applicationId": "x"}]
    snapshot = given(account_service_principals=principals, jobs=refused(), tokens=refused())
    doings = found(MACHINE, snapshot)[0].record.doings
    assert doings.jobs_gap.cause is doings.tokens_gap.cause is Cause.FORBIDDEN

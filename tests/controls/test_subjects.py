from __future__ import annotations

import pytest

from controls.kit import cut
from lakewarden.controls.kit.subjects import (
    ACCOUNT,
    BUCKET,
    CLUSTER,
    JOB_ACL,
    ROLE,
    SECRET_SCOPE,
    TOKEN,
    WORKSPACE,
    Absence,
    Subject,
    name_of,
)
from lakewarden.estate.account import CREDENTIALS, WORKSPACES
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import ACCOUNT_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot, Meta
from lakewarden.ledger.finding import SubjectRef


def found(kind, snapshot):
    return list(kind.find(Estate(snapshot)))


def refs(kind, snapshot):
    return [(entry.ref.id, entry.ref.name, entry.ref.workspace) for entry in found(kind, snapshot)]


def workspace(identity, **fields):
    return {"workspace_id": identity, "workspace_name": f"ws{identity}", **fields}


def credential(identity, role):
    arn = f"arn:aws:iam::123456789012:role/path/{role}"
    return {"credentials_id": identity, "aws_credentials": {"sts_role": {"role_arn": arn}}}


def test_there_is_one_account_even_when_it_was_not_read():
    assert refs(ACCOUNT, given()) == [(ACCOUNT_ID, ACCOUNT_ID, "")]
    nameless = MemorySnapshot(Meta("2026-01-01T00:00:00+00:00"), {})
    assert refs(ACCOUNT, nameless) == [("account", "the account", "")]


def test_workspaces_go_by_their_names_or_else_by_their_ids():
    snapshot = given(
        workspaces=[workspace(1), {"workspace_id": 2}, workspace(3, workspace_name="")]
    )
    assert refs(WORKSPACE, snapshot) == [("1", "ws1", "1"), ("2", "2", "2"), ("3", "3", "3")]
    assert [name_of(entry.workspace) for entry in found(WORKSPACE, snapshot)] == ["ws1", "2", "3"]


def test_things_in_a_workspace_carry_it():
    clusters = [{"cluster_id": "c1", "cluster_name": "etl"}, {"cluster_id": "c2"}]
    first, second = found(CLUSTER, given(clusters=clusters))
    assert first.ref == SubjectRef("cluster", "c1", "etl", "1")
    assert second.ref.name == "c2"
    assert first.record.id == "c1"
    assert first.workspace.id == 1


def test_names_come_from_what_people_see():
    assert refs(TOKEN, given(tokens=[{"token_id": "t", "comment": ""}])) == [("t", "t", "1")]
    acl = {"id": "7", "name": "load", "access_control_list": []}
    assert refs(JOB_ACL, given(job_permissions=[acl])) == [("7", "load", "1")]
    assert refs(SECRET_SCOPE, given(secret_scopes=[{"name": "s"}])) == [("s", "s", "1")]


def test_each_workspace_answers_for_itself():
    snapshot = given(workspaces=[workspace(1), workspace(2)], clusters=[])
    first, second = found(CLUSTER, snapshot)
    assert (first.ref.workspace, first.gap) == ("1", None)
    assert second.ref == SubjectRef("cluster", "*", "every cluster of ws2", "2")
    assert second.gap.cause is Cause.NOT_READ


def test_a_list_of_workspaces_that_was_cut_leaves_an_absence_at_the_end():
    snapshot = cut(given(clusters=[{"cluster_id": "c1"}]), WORKSPACES)
    entry, rest = found(CLUSTER, snapshot)
    assert isinstance(entry, Subject)
    assert rest.ref == SubjectRef("cluster", "*", "every cluster")
    assert rest.gap.cause is Cause.TIMEOUT


def test_a_role_is_judged_once_however_many_workspaces_use_it():
    snapshot = given(
        workspaces=[
            workspace(1, credentials_id="a"),
            workspace(2, credentials_id="b"),
            workspace(3, credentials_id="c"),
        ],
        credentials=[credential("a", "one"), credential("b", "one"), credential("c", "two")],
    )
    assert [ref[1] for ref in refs(ROLE, snapshot)] == ["one", "two"]
    assert {entry.workspace for entry in found(ROLE, snapshot)} == {None}


def test_a_credential_that_nobody_uses_is_no_cross_account_role():
    serverless = {"compute_mode": "SERVERLESS"}
    snapshot = given(workspace=serverless, credentials=[credential("logs", "delivery")])
    assert found(ROLE, snapshot) == [Absence(SubjectRef("role", "*", "every role"), None)]


def test_a_classic_workspace_without_a_credential_is_an_answer_cut_short():
    [absence] = found(ROLE, given(credentials=[credential("logs", "delivery")]))
    assert absence.gap.cause is Cause.MISSING_FIELD
    assert "credentials_id" in absence.gap.detail


@pytest.mark.parametrize("credentials", [[], refused(), [{"credentials_id": "a"}]])
def test_a_role_that_cannot_be_named_is_an_absence(credentials):
    snapshot = given(workspace={"credentials_id": "a"}, credentials=credentials)
    (absence,) = found(ROLE, snapshot)
    assert isinstance(absence, Absence)
    assert absence.gap.source == CREDENTIALS.source


def test_buckets_come_with_their_purposes():
    storage = {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "root"}}
    lake = {"name": "lake", "url": "s3://lake/path"}
    snapshot = given(
        workspace={"storage_configuration_id": "s1"},
        storage_configurations=[storage],
        log_deliveries=[],
        external_locations=[lake],
    )
    assert [(s.ref.id, s.record.is_root) for s in found(BUCKET, snapshot)] == [
        ("lake", False),
        ("root", True),
    ]


def test_buckets_are_not_named_before_it_is_known_which_are_roots():
    snapshot = given(storage_configurations=refused(), log_deliveries=[], external_locations=[])
    (absence,) = found(BUCKET, snapshot)
    assert absence.ref == SubjectRef("bucket", "*", "every bucket")
    assert absence.gap.cause is Cause.FORBIDDEN


@pytest.mark.parametrize("kind", [WORKSPACE, BUCKET, ROLE, CLUSTER], ids=lambda k: k.name)
def test_an_empty_deployment_is_said_to_be_empty(kind):
    snapshot = given(
        workspaces=[], storage_configurations=[], log_deliveries=[], external_locations=[]
    )
    [absence] = found(kind, snapshot)
    assert absence == Absence(SubjectRef(kind.name, "*", f"every {kind.name}"), None)

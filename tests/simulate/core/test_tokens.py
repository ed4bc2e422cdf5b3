from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from databricks.sdk.service.settings import TokenAccessControlRequest, TokenPermissionLevel

from simulate.core.kit import Lab

ENGINEER = "amelie.roux@typical.example"
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _conf_put_back(typical: Lab) -> Iterator[None]:
    places = typical.simulation.account.workspaces
    before = {key: dict(place.conf) for key, place in places.items()}
    yield
    for key, conf in before.items():
        places[key].conf = conf


def test_a_token_opens_its_workspace_and_no_other(typical: Lab) -> None:
    made = typical.workspace(2001, ENGINEER).tokens.create(comment="mine", lifetime_seconds=600)
    token = made.token_value or ""
    assert token.startswith("dapi")
    assert typical.workspace(2001, token=token).current_user.me().user_name == ENGINEER
    with pytest.raises(Unauthenticated):
        typical.workspace(2002, token=token).current_user.me()
    answer = typical.http(token=token).get("/api/2.0/accounts/x/workspaces")
    assert answer.status_code == 401


def test_a_deleted_token_is_dead_at_once(typical: Lab) -> None:
    own = typical.workspace(2001, ENGINEER)
    made = own.tokens.create(comment="short-lived", lifetime_seconds=600)
    assert made.token_info
    assert made.token_info.token_id in {t.token_id for t in own.tokens.list()}
    own.tokens.delete(made.token_info.token_id or "")
    with pytest.raises(Unauthenticated):
        typical.workspace(2001, token=made.token_value).current_user.me()


def test_nobody_deletes_or_sees_somebody_elses_token_without_being_admin(typical: Lab) -> None:
    client = typical.workspace(2001, "farid.haddad@typical.example")
    token = next(iter(typical.workspace(2001).token_management.list()))
    assert list(client.tokens.list()) == []
    with pytest.raises(NotFound):
        client.tokens.delete(token.token_id or "")
    with pytest.raises(PermissionDenied):
        client.token_management.delete(token.token_id or "")


def test_an_expired_token_is_refused(typical: Lab) -> None:
    made = typical.workspace(2001, ENGINEER).tokens.create(comment="blink", lifetime_seconds=1)
    time.sleep(1.1)
    with pytest.raises(Unauthenticated):
        typical.workspace(2001, token=made.token_value).current_user.me()


def test_the_lifetime_limit_counts_at_creation(typical: Lab) -> None:
    client = typical.workspace(2002, "bruno.costa@typical.example")
    with pytest.raises(InvalidParameterValue, match="90 days"):
        client.tokens.create(lifetime_seconds=91 * 86_400)
    info = client.tokens.create(comment="as long as may be").token_info
    assert info
    assert info.expiry_time
    assert info.creation_time
    assert info.expiry_time - info.creation_time == 90 * DAY_MS


def test_without_a_limit_a_token_may_never_expire(typical: Lab) -> None:
    typical.workspace(2001).workspace_conf.set_status({"maxTokenLifetimeDays": ""})
    info = typical.workspace(2001, ENGINEER).tokens.create(comment="for ever").token_info
    assert info
    assert info.expiry_time == -1


def test_switching_tokens_off_stops_those_that_exist(typical: Lab) -> None:
    made = typical.workspace(2001, ENGINEER).tokens.create(comment="x", lifetime_seconds=600)
    typical.workspace(2001).workspace_conf.set_status({"enableTokensConfig": "false"})
    with pytest.raises(PermissionDenied, match="disabled"):
        typical.workspace(2001, token=made.token_value).current_user.me()
    with pytest.raises(PermissionDenied, match="disabled"):
        typical.workspace(2001, ENGINEER).tokens.create(comment="y")
    assert typical.workspace(2001).current_user.me().active


def test_only_those_on_the_list_may_have_tokens(typical: Lab) -> None:
    analyst = typical.workspace(2001, "jana.novak@typical.example")
    with pytest.raises(PermissionDenied, match="not allowed to use"):
        analyst.tokens.create(comment="no")
    admin = typical.workspace(2001)
    entry = TokenAccessControlRequest(
        group_name="ty-data-analysts", permission_level=TokenPermissionLevel.CAN_USE
    )
    admin.token_management.update_permissions(access_control_list=[entry])
    made = analyst.tokens.create(comment="yes", lifetime_seconds=600)
    assert typical.workspace(2001, token=made.token_value).current_user.me().active
    shown = admin.token_management.get_permissions().access_control_list or []
    assert {e.group_name for e in shown} == {"ty-data-engineers", "ty-data-analysts", "admins"}
    entry.group_name = "ty-data-engineers"
    admin.token_management.set_permissions(access_control_list=[entry])
    with pytest.raises(PermissionDenied, match="not allowed to use"):
        typical.workspace(2001, token=made.token_value).current_user.me()


def test_tokens_on_behalf_of_a_service_principal(typical: Lab) -> None:
    admin = typical.workspace(2001)
    robot = next(iter(admin.service_principals_v2.list(filter='displayName eq "ty-etl"')))
    made = admin.token_management.create_obo_token(
        application_id=robot.application_id or "", lifetime_seconds=600, comment="etl"
    )
    me = typical.workspace(2001, token=made.token_value).current_user.me()
    assert me.user_name == robot.application_id
    assert made.token_info
    assert made.token_info.owner_id == int(robot.id or 0)
    assert made.token_info.created_by_username == typical.simulation.client_id


def test_restricted_admins_make_no_tokens_for_others(typical: Lab) -> None:
    admin = typical.workspace(2002)
    settings = typical.simulation.account.workspaces[2002].table("settings")
    status = {"status": "RESTRICT_TOKENS_AND_JOB_RUN_AS"}
    settings["restrict_workspace_admins"] = {"restrict_workspace_admins": status}
    robot = next(iter(admin.service_principals_v2.list(filter='displayName eq "ty-ci"')))
    with pytest.raises(PermissionDenied, match="on behalf"):
        admin.token_management.create_obo_token(application_id=robot.application_id or "")


def test_the_admins_list_filters_by_creator(typical: Lab) -> None:
    typical.workspace(2001, ENGINEER).tokens.create(comment="z", lifetime_seconds=600)
    found = list(typical.workspace(2001).token_management.list(created_by_username=ENGINEER))
    assert found
    assert {token.created_by_username for token in found} == {ENGINEER}
    assert list(typical.workspace(2001).token_management.list(created_by_id=1)) == []


def test_whoever_leaves_takes_no_token_along(typical: Lab) -> None:
    name = "hugo.martin@typical.example"
    made = typical.workspace(2001, name).tokens.create(comment="hugo's", lifetime_seconds=600)
    user = next(iter(typical.account().users_v2.list(filter=f'userName eq "{name}"')))
    typical.account().users_v2.delete(user.id or "")
    left = {token.comment for token in typical.workspace(2001).token_management.list()}
    assert "hugo's" not in left
    with pytest.raises(Unauthenticated):
        typical.workspace(2001, token=made.token_value).current_user.me()

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service import provisioning
from databricks.sdk.service.iam import Patch, PatchOp, PatchSchema
from databricks.sdk.service.settings import ListType

from lakewarden.simulate.server import load_families
from lakewarden.simulate.state import Account, Workspace
from lakewarden.simulate.web import ACCOUNT, WORKSPACE, Route
from lakewarden.simulate.workspace.support_access import vendor_admitted
from simulate.core.kit import OUTSIDE, Lab

Own = Callable[..., Lab]
SCHEMAS = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


def _events(folder: Path, workspace_id: int) -> list[dict[str, Any]]:
    files = sorted(folder.glob(f"workspaceId={workspace_id}/date=*/auditlogs_*.json"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def _named(events: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    return [event for event in events if event["actionName"] == action]


@pytest.fixture
def audited(own: Own, tmp_path: Path) -> Lab:
    return own("typical", audit_dir=tmp_path)


def test_setting_a_world_up_leaves_no_trace(own: Own, tmp_path: Path) -> None:
    own("fresh", audit_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_record_has_the_delivered_shape(audited: Lab, tmp_path: Path) -> None:
    audited.workspace(2001).workspace_conf.set_status({"enableDcs": "true", "enableGp3": "false"})
    first, second = _named(_events(tmp_path, 2001), "workspaceConfEdit")
    assert first["requestParams"] == {
        "workspaceConfKeys": "enableDcs",
        "workspaceConfValues": "true",
    }
    assert second["requestParams"]["workspaceConfKeys"] == "enableGp3"
    assert (first["serviceName"], first["actionName"]) == ("workspace", "workspaceConfEdit")
    assert first["userIdentity"]["email"] == audited.simulation.client_id
    assert first["sourceIPAddress"] == "203.0.113.10"
    assert (first["workspaceId"], first["auditLevel"]) == ("2001", "WORKSPACE_LEVEL")
    assert first["response"] == {"statusCode": 200, "errorMessage": None, "result": None}
    assert first["accountId"] == audited.simulation.account_id
    (login,) = _named(_events(tmp_path, 2001), "oidcTokenAuthorization")
    assert first["requestId"] == second["requestId"] == login["requestId"]
    audited.workspace(2001).workspace_conf.set_status({"enableDcs": "false"})
    assert (
        _named(_events(tmp_path, 2001), "workspaceConfEdit")[-1]["requestId"] != first["requestId"]
    )


def test_ip_list_events_name_no_addresses(audited: Lab, tmp_path: Path) -> None:
    client = audited.workspace(2001)
    made = client.ip_access_lists.create("x", ListType.BLOCK, ip_addresses=[OUTSIDE])
    assert made.ip_access_list
    (event,) = _named(_events(tmp_path, 2001), "createIpAccessList")
    assert set(event["requestParams"]) == {"ipAccessListId", "userId"}
    assert event["requestParams"]["ipAccessListId"] == made.ip_access_list.list_id


def test_refused_calls_are_recorded_with_their_status(audited: Lab, tmp_path: Path) -> None:
    client = audited.workspace(2001, "amelie.roux@typical.example")
    with pytest.raises(PermissionDenied):
        client.token_management.delete("1")
    (event,) = _named(_events(tmp_path, 2001), "revokeDbToken")
    assert event["response"]["statusCode"] == 403
    assert event["response"]["errorMessage"].startswith("Only workspace admins")


def test_a_token_and_its_logins_never_show_the_token(audited: Lab, tmp_path: Path) -> None:
    made = audited.workspace(2001, "amelie.roux@typical.example").tokens.create(
        comment="mine", lifetime_seconds=600
    )
    audited.workspace(2001, token=made.token_value).current_user.me()
    events = _events(tmp_path, 2001)
    (created,) = _named(events, "generateDbToken")
    login = _named(events, "tokenLogin")[-1]
    assert made.token_info
    assert created["requestParams"]["tokenExpirationTime"] == str(made.token_info.expiry_time)
    assert login["requestParams"]["tokenId"] == made.token_info.token_id
    assert login["userIdentity"]["email"] == "amelie.roux@typical.example"
    assert (made.token_value or "-") not in json.dumps(events)


def test_strangers_are_recorded_when_they_are_turned_away(audited: Lab, tmp_path: Path) -> None:
    headers = {"X-Forwarded-For": OUTSIDE}
    audited.http(2001).get("/api/2.0/token/list", headers=headers)
    audited.http().get(f"/api/2.0/accounts/{audited.simulation.account_id}/x", headers=headers)
    (denied,) = _named(_events(tmp_path, 2001), "IpAccessDenied")
    assert denied["requestParams"]["path"] == "/api/2.0/token/list"
    assert denied["sourceIPAddress"] == OUTSIDE
    (failed,) = _named(_events(tmp_path, 0), "accountIpAclsValidationFailed")
    assert failed["requestParams"]["sourceIpAddress"] == OUTSIDE


def test_account_events_are_filed_under_zero(audited: Lab, tmp_path: Path) -> None:
    account = audited.account()
    user = next(iter(account.users_v2.list(filter='userName sw "bruno"')))
    grant = Patch(op=PatchOp.ADD, path="roles", value=[{"value": "account_admin"}])
    account.users_v2.patch(user.id or "", operations=[grant], schemas=SCHEMAS)
    account.workspaces.update(
        2001, provisioning.Workspace(custom_tags={"a": "b"}), update_mask="custom_tags"
    )
    events = _events(tmp_path, 0)
    (admin,) = _named(events, "setAccountAdmin")
    assert admin["requestParams"]["targetUserName"] == "bruno.costa@typical.example"
    assert (admin["workspaceId"], admin["auditLevel"]) == ("0", "ACCOUNT_LEVEL")
    (update,) = _named(events, "updateWorkspaceConfiguration")
    assert json.loads(update["response"]["result"])["workspace"]["workspace_name"] == "ty-analytics"


def test_settings_are_named_by_their_type(audited: Lab, tmp_path: Path) -> None:
    api = audited.workspace(2001).settings.disable_legacy_dbfs
    api.update(allow_missing=True, setting=api.get(), field_mask="disable_legacy_dbfs.value")
    (event,) = _named(_events(tmp_path, 2001), "setSetting")
    assert event["requestParams"]["settingTypeName"] == "disable_legacy_dbfs"
    assert event["requestParams"]["settingName"] == ""


def test_the_attack_is_in_the_log(own: Own, tmp_path: Path) -> None:
    lab = own("under-attack", audit_dir=tmp_path)
    workspace, account = _events(tmp_path, 2001), _events(tmp_path, 0)
    assert [e["userIdentity"]["email"] for e in _named(workspace, "deleteIpAccessList")] == [
        "adm-mara.lindqvist@typical.example"
    ]
    assert len(_named(workspace, "IpAccessDenied")) == 4
    (made,) = _named(workspace, "generateDbToken")
    assert made["requestParams"]["tokenExpirationTime"] == "-1"
    assert _named(workspace, "databricksAccess")
    assert len(_named(workspace, "getSecret")) == 12
    assert len(_named(workspace, "workspaceExport")) == 120
    (cluster,) = _named(workspace, "create")
    assert cluster["requestParams"]["node_type_id"] == "p4d.24xlarge"
    assert len(_named(workspace, "samlLogin")) == 67
    assert _named(account, "setAccountAdmin")
    (delivery,) = _named(account, "updateLogDeliveryConfiguration")
    assert delivery["requestParams"]["status"] == "DISABLED"
    times = [event["timestamp"] for event in workspace]
    assert len({event["timestamp"] // 86_400_000 for event in workspace}) >= 20
    assert max(times) - min(times) > 19 * 86_400_000
    assert lab.workspace(2001).workspace_conf.get_status(keys="enableIpAccessLists") == {
        "enableIpAccessLists": "false"
    }


READING = {
    "/api/2.0/clusters/events",
    "/api/2.1/clusters/events",
    "/api/2.0/mlflow/experiments/search",
}
NOTED_ELSEWHERE = ("/scim/v2/", "/settings/")  # tests above and of SCIM see these events


def _silent(route: Route) -> bool:
    return route.audit is None and "audit" not in route.handler.__code__.co_names


def test_every_route_that_changes_something_names_an_event() -> None:
    load_families()
    routes: list[Route] = [*ACCOUNT, *WORKSPACE]
    silent = {route.path for route in routes if route.method != "GET" and _silent(route)}
    assert {
        path
        for path in silent - READING
        if not any(part in path for part in NOTED_ELSEWHERE) and "/permissions/" not in path
    } == set()


@pytest.mark.parametrize(
    ("until", "admitted"),
    [
        (None, True),
        ("indefinite", True),
        ("", False),
        ("1998-01-01T00:00:00.000Z", False),
        ("2999-01-01T00:00:00.000Z", True),
    ],
)
def test_the_vendors_staff_come_only_while_they_are_approved(
    until: str | None, *, admitted: bool
) -> None:
    workspace = Workspace(Account("a"), 1, "w")
    if until is not None:
        workspace.conf["customerApprovedWSLoginExpirationTime"] = until
    assert vendor_admitted(workspace, now=1_790_000_000_000) is admitted

from __future__ import annotations

from collections.abc import Callable

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceConflict
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, PatchSchema

from lakewarden.simulate import scim
from lakewarden.simulate.web import ApiError
from simulate.core.kit import Lab

Shared = Callable[[str], Lab]
SCHEMAS = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


def _user_id(lab: Lab, name: str) -> str:
    return next(iter(lab.account().users_v2.list(filter=f'userName eq "{name}"'))).id or ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "amelie.roux@typical.example"', 1),
        ('userName co "roux"', 1),
        ('displayName sw "adm-"', 2),
        ("externalId pr", 35),
        ("not (externalId pr)", 5),
        ("active eq false", 0),
        ('roles.value eq "account_admin"', 2),
        ('userName sw "amelie" or userName sw "bruno"', 2),
        ('userName sw "amelie" and userName ew "nowhere"', 0),
        ('userName ne "amelie.roux@typical.example"', 39),
    ],
)
def test_filters(shared: Shared, text: str, expected: int) -> None:
    assert len(list(shared("typical").account().users_v2.list(filter=text))) == expected


@pytest.mark.parametrize("text", ["userName", 'userName is "x"', '(userName eq "x"', "eq"])
def test_a_filter_that_can_not_be_read_is_refused(shared: Shared, text: str) -> None:
    with pytest.raises(BadRequest, match="Invalid filter"):
        list(shared("typical").account().users_v2.list(filter=text))


def test_pages_honour_start_index_and_count(shared: Shared) -> None:
    lab = shared("typical")
    path = f"/api/2.0/accounts/{lab.simulation.account_id}/scim/v2/Users"
    page = lab.http().get(path, params={"startIndex": 39, "count": 10}).json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (40, 39, 2)
    beyond = lab.http().get(path, params={"startIndex": 41, "count": 10}).json()
    assert beyond["Resources"] == []


def test_attributes_and_order(shared: Shared) -> None:
    account = shared("typical").account()
    users = list(account.users_v2.list(attributes="userName", sort_by="userName"))
    names = [user.user_name or "" for user in users]
    assert names == sorted(names)
    assert all(not user.roles and not user.emails for user in users)
    bare = next(iter(account.users_v2.list(excluded_attributes="emails,roles")))
    assert not bare.emails
    assert bare.user_name


def test_errors_come_in_scims_own_shape(shared: Shared) -> None:
    lab = shared("typical")
    with pytest.raises(NotFound):
        lab.account().users_v2.get("12345")
    answer = lab.http(2001).get("/api/2.0/preview/scim/v2/Users/12345")
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.json()["status"] == "404"


def test_a_user_comes_changes_and_goes(typical: Lab) -> None:
    account = typical.account()
    made = account.users_v2.create(user_name="new.person@typical.example", external_id="e-1")
    with pytest.raises(ResourceConflict):
        account.users_v2.create(user_name="New.Person@typical.example")
    account.users_v2.patch(
        made.id or "",
        operations=[
            Patch(op=PatchOp.ADD, path="roles", value=[{"value": "account_admin"}]),
            Patch(op=PatchOp.REPLACE, path="displayName", value="New Person"),
        ],
        schemas=SCHEMAS,
    )
    held = account.users_v2.get(made.id or "")
    assert (held.display_name, held.external_id) == ("New Person", "e-1")
    assert [role.value for role in held.roles or []] == ["account_admin"]
    assert list(typical.account("new.person@typical.example").workspaces.list())
    account.users_v2.patch(
        made.id or "",
        operations=[Patch(op=PatchOp.REMOVE, path='roles[value eq "account_admin"]')],
        schemas=SCHEMAS,
    )
    with pytest.raises(PermissionDenied):
        list(typical.account("new.person@typical.example").workspaces.list())
    account.users_v2.delete(made.id or "")
    with pytest.raises(NotFound):
        account.users_v2.get(made.id or "")


@pytest.mark.parametrize("value", [[ComplexValue(value="false").as_dict()], "false", False])
def test_a_deactivated_user_can_not_sign_in(typical: Lab, value: object) -> None:
    name = "emil.hansen@typical.example"
    client = typical.workspace(2001, name)
    assert client.current_user.me().active
    user_id = _user_id(typical, name)

    def switch(active: object) -> None:
        operation = Patch(op=PatchOp.REPLACE, path="active", value=active)
        typical.account().users_v2.patch(user_id, operations=[operation], schemas=SCHEMAS)

    switch(value)
    with pytest.raises(PermissionDenied, match="deactivated"):
        client.current_user.me()
    switch(active=True)
    assert client.current_user.me().active


def test_deactivation_on_a_workspace_concerns_that_workspace_only(typical: Lab) -> None:
    name = "chiara.conti@typical.example"
    user_id = _user_id(typical, name)
    typical.workspace(2001).users_v2.patch(
        user_id,
        operations=[Patch(op=PatchOp.REPLACE, path="active", value=False)],
        schemas=SCHEMAS,
    )
    with pytest.raises(PermissionDenied, match="deactivated"):
        typical.workspace(2001, name).current_user.me()
    assert typical.workspace(2002, name).current_user.me().active
    assert typical.account().users_v2.get(user_id).active


def test_groups_and_their_members(typical: Lab) -> None:
    account = typical.account()
    one, two = (_user_id(typical, f"{n}@typical.example") for n in ("tomas.kral", "wanda.nowak"))
    group = account.groups_v2.create(display_name="night-shift", members=[ComplexValue(value=one)])
    account.groups_v2.patch(
        group.id or "",
        operations=[Patch(op=PatchOp.ADD, path="members", value=[{"value": two}])],
        schemas=SCHEMAS,
    )
    members = account.groups_v2.get(group.id or "").members or []
    assert [member.display for member in members] == ["tomas.kral", "wanda.nowak"]
    account.groups_v2.patch(
        group.id or "",
        operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{one}"]')],
        schemas=SCHEMAS,
    )
    assert len(account.groups_v2.get(group.id or "").members or []) == 1
    with pytest.raises(BadRequest, match="does not exist"):
        account.groups_v2.patch(
            group.id or "",
            operations=[Patch(op=PatchOp.ADD, path="members", value=[{"value": "1"}])],
            schemas=SCHEMAS,
        )


def test_the_workspaces_view_of_people(shared: Shared) -> None:
    client = shared("typical").workspace(2001)
    groups = {group.display_name: group for group in client.groups_v2.list()}
    assert groups["admins"].meta
    assert groups["admins"].meta.resource_type == "WorkspaceGroup"
    engineers = groups["ty-data-engineers"]
    assert engineers.meta
    assert engineers.meta.resource_type == "Group"
    amelie = next(iter(client.users_v2.list(filter='userName sw "amelie"')))
    kinds = {group.display: group.type for group in amelie.groups or []}
    assert kinds == {"ty-data-engineers": "direct", "users": "indirect"}
    assert not amelie.roles


def test_entitlements_are_taken_away_from_a_group(typical: Lab) -> None:
    client = typical.workspace(2001)
    users = next(iter(client.groups_v2.list(filter='displayName eq "users"')))
    client.groups_v2.patch(
        users.id or "",
        operations=[Patch(op=PatchOp.REMOVE, path='entitlements[value eq "allow-cluster-create"]')],
        schemas=SCHEMAS,
    )
    held = client.groups_v2.get(users.id or "").entitlements or []
    assert {e.value for e in held} == {"databricks-sql-access", "workspace-access"}
    with pytest.raises(BadRequest, match="Unknown entitlements"):
        client.groups_v2.patch(
            users.id or "",
            operations=[Patch(op=PatchOp.ADD, path="entitlements", value=[{"value": "fly"}])],
            schemas=SCHEMAS,
        )


def test_joining_the_group_admins_makes_a_workspace_admin(typical: Lab) -> None:
    name = "bruno.costa@typical.example"
    user_id = _user_id(typical, name)
    client = typical.workspace(2002)
    admins = next(iter(client.groups_v2.list(filter='displayName eq "admins"')))
    client.groups_v2.patch(
        admins.id or "",
        operations=[Patch(op=PatchOp.ADD, path="members", value=[{"value": user_id}])],
        schemas=SCHEMAS,
    )
    assert list(typical.workspace(2002, name).token_management.list())
    client.groups_v2.patch(
        admins.id or "",
        operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{user_id}"]')],
        schemas=SCHEMAS,
    )
    with pytest.raises(PermissionDenied):
        list(typical.workspace(2002, name).token_management.list())


def test_local_groups_and_service_principals_of_a_workspace(typical: Lab) -> None:
    client = typical.workspace(2001)
    group = client.groups_v2.create(display_name="local-only")
    assert client.groups_v2.get(group.id or "").meta
    client.groups_v2.delete(group.id or "")
    with pytest.raises(NotFound):
        client.groups_v2.get(group.id or "")
    robot = client.service_principals_v2.create(display_name="robot")
    assert robot.application_id
    on_account = typical.account().service_principals_v2.get(robot.id or "")
    assert on_account.application_id == robot.application_id


def test_patch_without_a_path_takes_attributes_from_the_value() -> None:
    body = {"Operations": [{"op": "Replace", "value": {"displayName": "B", "active": "False"}}]}
    changed = scim.patch({"displayName": "A", "active": True}, body)
    assert changed == {"displayName": "B", "active": False}


@pytest.mark.parametrize(
    "body",
    [{}, {"Operations": []}, {"Operations": [{"op": "move"}]}, {"Operations": [{"op": "add"}]}],
)
def test_a_patch_that_can_not_be_read_is_refused(body: object) -> None:
    with pytest.raises(ApiError):
        scim.patch({}, body)

from __future__ import annotations

import base64

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service.workspace import AclPermission

from lakewarden.simulate.state import Workspace
from lakewarden.simulate.workspace import secrets
from simulate.compute.lab import ADMIN, MAKER, USER, Client


@pytest.fixture
def scope(client: Client, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("[", "-").replace("]", "")[:128]
    client(MAKER).secrets.create_scope(name)
    return name


def test_a_secret_is_written_listed_read_and_removed(client: Client, scope: str) -> None:
    maker = client(MAKER)
    maker.secrets.put_secret(scope, "text", string_value="hidden")
    maker.secrets.put_secret(scope, "bytes", bytes_value=base64.b64encode(b"\x00\x01").decode())
    listed = list(maker.secrets.list_secrets(scope))
    assert [item.key for item in listed] == ["text", "bytes"]
    assert all(item.last_updated_timestamp for item in listed)
    read = maker.secrets.get_secret(scope, "text")
    assert base64.b64decode(read.value or "") == b"hidden"
    maker.secrets.delete_secret(scope, "text")
    with pytest.raises(ResourceDoesNotExist):
        maker.secrets.get_secret(scope, "text")
    with pytest.raises(ResourceDoesNotExist):
        maker.secrets.delete_secret(scope, "text")
    maker.secrets.delete_scope(scope)
    with pytest.raises(ResourceDoesNotExist):
        list(maker.secrets.list_secrets(scope))


def test_levels_limit_what_others_do(client: Client, scope: str) -> None:
    maker, user = client(MAKER), client(USER)
    maker.secrets.put_secret(scope, "key", string_value="x")
    assert scope not in {item.name for item in user.secrets.list_scopes()}
    with pytest.raises(PermissionDenied, match="READ"):
        list(user.secrets.list_secrets(scope))
    maker.secrets.put_acl(scope, "analysts", AclPermission.READ)
    assert scope in {item.name for item in user.secrets.list_scopes()}
    assert user.secrets.get_secret(scope, "key").key == "key"
    with pytest.raises(PermissionDenied, match="WRITE"):
        user.secrets.put_secret(scope, "key", string_value="y")
    with pytest.raises(PermissionDenied, match="MANAGE"):
        list(user.secrets.list_acls(scope))
    maker.secrets.put_acl(scope, USER, AclPermission.WRITE)
    user.secrets.put_secret(scope, "key", string_value="y")
    maker.secrets.delete_acl(scope, USER)
    maker.secrets.delete_acl(scope, "analysts")
    with pytest.raises(PermissionDenied):
        user.secrets.get_secret(scope, "key")
    with pytest.raises(ResourceDoesNotExist):
        maker.secrets.delete_acl(scope, USER)


def test_admins_manage_every_scope_and_read_no_value(
    client: Client, admin: WorkspaceClient, scope: str
) -> None:
    client(MAKER).secrets.put_secret(scope, "key", string_value="x")
    assert [item.key for item in admin.secrets.list_secrets(scope)] == ["key"]
    (acl,) = admin.secrets.list_acls(scope)
    assert (acl.principal, acl.permission) == (MAKER, AclPermission.MANAGE)
    assert admin.secrets.get_acl(scope, MAKER).permission is AclPermission.MANAGE
    with pytest.raises(PermissionDenied, match="no READ permission"):
        admin.secrets.get_secret(scope, "key")


def test_a_scope_may_belong_to_everybody(client: Client) -> None:
    maker = client(MAKER)
    maker.secrets.create_scope("for-all", initial_manage_principal="users")
    (acl,) = client(USER).secrets.list_acls("for-all")
    assert acl.principal == "users"
    with pytest.raises(ResourceAlreadyExists):
        maker.secrets.create_scope("for-all")
    with pytest.raises(InvalidParameterValue, match="initial_manage_principal"):
        maker.secrets.create_scope("for-one", initial_manage_principal="analysts")


def test_names_and_sizes_have_limits(
    client: Client, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = client(MAKER)
    for bad in ("", "with space", "x" * 129):
        with pytest.raises(InvalidParameterValue):
            maker.secrets.create_scope(bad)
        with pytest.raises(InvalidParameterValue):
            maker.secrets.put_secret(scope, bad, string_value="x")
    with pytest.raises(InvalidParameterValue, match="128 KB"):
        maker.secrets.put_secret(scope, "big", string_value="x" * (secrets.BYTES_MOST + 3))
    with pytest.raises(BadRequest, match="one of string_value and bytes_value"):
        maker.secrets.put_secret(scope, "nothing")
    monkeypatch.setattr(secrets, "SECRETS_MOST", 1)
    maker.secrets.put_secret(scope, "first", string_value="x")
    maker.secrets.put_secret(scope, "first", string_value="y")
    with pytest.raises(BadRequest, match="at most 1 secrets"):
        maker.secrets.put_secret(scope, "second", string_value="x")
    monkeypatch.setattr(secrets, "SCOPES_MOST", 0)
    with pytest.raises(BadRequest, match="at most 0 scopes"):
        maker.secrets.create_scope("one-more")


def test_values_stay_in_the_scope(client: Client, scope: str, workspace: Workspace) -> None:
    admin = client(ADMIN)
    client(MAKER).secrets.put_secret(scope, "key", string_value="hidden")
    body = admin.api_client.do("GET", "/api/2.0/secrets/list", query={"scope": scope})
    assert "value" not in str(body)
    assert workspace.table(secrets.KIND)[scope]["secrets"]["key"]["value"]

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    BadRequest,
    DatabricksError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
)
from databricks.sdk.service.catalog import (
    ArtifactMatcher,
    ArtifactType,
    AwsIamRoleRequest,
    CatalogIsolationMode,
    IsolationMode,
    MatchType,
    PermissionsChange,
    Privilege,
    WorkspaceBinding,
)
from databricks.sdk.service.sharing import AuthenticationType

from lakewarden.simulate.state import Workspace
from simulate.compute.lab import MAKER, USER, Client

METASTORE = "6d657461-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def metastore(lab: object, request: pytest.FixtureRequest) -> Iterator[dict[str, object]]:
    place: Workspace = request.getfixturevalue("workspace")
    account = place.account
    body: dict[str, object] = {
        "metastore_id": METASTORE,
        "name": "lab",
        "region": "us-east-1",
        "owner": MAKER,
        "delta_sharing_recipient_token_lifetime_in_seconds": 86400,
    }
    account.table("metastores")[METASTORE] = body
    account.table("metastore-assignments")["1"] = {
        "metastore_id": METASTORE,
        "workspace_id": 1,
        "default_catalog_name": "main",
    }
    yield body
    for kind in ("catalogs", "external-locations", "storage-credentials", "recipients"):
        account.table(f"{kind}@{METASTORE}").clear()
    for kind in ("grants", "bindings", "system-schemas", "artifact-allowlists", "schemas"):
        account.table(f"{kind}@{METASTORE}").clear()
    account.table("metastores").clear()
    account.table("metastore-assignments").clear()


def test_the_workspace_knows_its_metastore(client: Client) -> None:
    user = client(USER)
    assert user.metastores.current().default_catalog_name == "main"
    summary = user.metastores.summary()
    assert summary.metastore_id == METASTORE
    assert summary.global_metastore_id == f"aws:us-east-1:{METASTORE}"
    with pytest.raises(PermissionDenied):
        user.metastores.get(METASTORE)
    with pytest.raises(PermissionDenied):
        list(user.metastores.list())
    maker = client(MAKER)
    maker.metastores.update(METASTORE, owner="analysts")
    assert user.metastores.get(METASTORE).owner == "analysts"


def test_without_a_metastore_there_is_nothing(admin: WorkspaceClient, workspace: Workspace) -> None:
    workspace.account.table("metastore-assignments").clear()
    with pytest.raises(NotFound) as caught:
        admin.metastores.summary()
    assert caught.value.error_code == "METASTORE_DOES_NOT_EXIST"


def test_system_schemas_are_switched_by_metastore_admins(client: Client) -> None:
    maker = client(MAKER)

    def states() -> dict[str, str]:
        listed = maker.system_schemas.list(METASTORE)
        return {str(s.schema): str(s.state).rpartition(".")[2] for s in listed}

    assert states()["access"] == "AVAILABLE"
    maker.system_schemas.enable(METASTORE, "access")
    assert states()["access"] == "ENABLE_COMPLETED"
    maker.system_schemas.disable(METASTORE, "access")
    assert states()["access"] == "AVAILABLE"
    with pytest.raises(NotFound):
        maker.system_schemas.enable(METASTORE, "none")
    with pytest.raises(NotFound):
        list(maker.system_schemas.list("another"))
    with pytest.raises(PermissionDenied):
        client(USER).system_schemas.enable(METASTORE, "access")


def test_allow_lists_are_replaced_whole(client: Client) -> None:
    maker, kind = client(MAKER), ArtifactType.LIBRARY_JAR
    assert not maker.artifact_allowlists.get(kind).artifact_matchers
    matcher = ArtifactMatcher("/Volumes/main/jars/", MatchType.PREFIX_MATCH)
    maker.artifact_allowlists.update(kind, [matcher])
    assert maker.artifact_allowlists.get(kind).artifact_matchers == [matcher]
    with pytest.raises(PermissionDenied):
        client(USER).artifact_allowlists.get(kind)
    path = "/api/2.1/unity-catalog/artifact-allowlists/WHEEL"
    with pytest.raises(InvalidParameterValue, match="artifact type"):
        maker.api_client.do("GET", path)


def test_a_location_needs_its_credential(admin: WorkspaceClient) -> None:
    role = AwsIamRoleRequest(role_arn="arn:aws:iam::123456789012:role/uc")
    with pytest.raises(NotFound):
        admin.external_locations.create("landing", "s3://bucket/a", "uc")
    credential = admin.storage_credentials.create("uc", aws_iam_role=role)
    assert credential.aws_iam_role is not None
    assert credential.aws_iam_role.external_id
    assert "UCMasterRole" in (credential.aws_iam_role.unity_catalog_iam_arn or "")
    location = admin.external_locations.create("landing", "s3://bucket/a", "uc")
    assert location.credential_id == credential.id
    assert [e.name for e in admin.external_locations.list()] == ["landing"]
    admin.external_locations.update("landing", read_only=True, new_name="inbox")
    assert admin.external_locations.get("inbox").read_only is True
    admin.external_locations.delete("inbox")
    with pytest.raises(NotFound):
        admin.external_locations.get("inbox")
    with pytest.raises(BadRequest, match="url"):
        admin.external_locations.create("odd", "", "uc")


def test_isolated_securables_show_where_they_are_bound(admin: WorkspaceClient) -> None:
    late = {"name": "secret", "isolation_mode": "ISOLATED", "owner": USER}
    admin.api_client.do("POST", "/api/2.1/unity-catalog/catalogs", body=late)
    made = admin.catalogs.get("secret")
    assert (made.isolation_mode, made.owner == USER) == (CatalogIsolationMode.OPEN, False)
    with pytest.raises(DatabricksError, match="already exists"):
        admin.catalogs.create("secret")
    admin.catalogs.update("secret", isolation_mode=CatalogIsolationMode.ISOLATED)
    assert list(admin.catalogs.list()) == []
    assert [c.name for c in admin.catalogs.list(include_unbound=True)] == ["secret"]
    here = WorkspaceBinding(workspace_id=1)
    admin.workspace_bindings.update_bindings("catalog", "secret", add=[here])
    assert [c.name for c in admin.catalogs.list()] == ["secret"]
    bound = list(admin.workspace_bindings.get_bindings("catalog", "secret"))
    assert [b.workspace_id for b in bound] == [1]
    admin.workspace_bindings.update_bindings("catalog", "secret", remove=[here])
    assert list(admin.catalogs.list()) == []
    with pytest.raises(InvalidParameterValue, match="cannot be bound"):
        list(admin.workspace_bindings.get_bindings("share", "x"))


def test_locations_are_isolated_by_their_own_word(admin: WorkspaceClient) -> None:
    role = AwsIamRoleRequest(role_arn="arn:aws:iam::123456789012:role/uc")
    admin.storage_credentials.create("uc", aws_iam_role=role)
    isolated = IsolationMode.ISOLATION_MODE_ISOLATED
    admin.storage_credentials.update("uc", isolation_mode=isolated)
    assert list(admin.storage_credentials.list()) == []
    assert [c.name for c in admin.storage_credentials.list(include_unbound=True)] == ["uc"]


def test_grants_open_securables_to_others(client: Client, admin: WorkspaceClient) -> None:
    user = client(USER)
    admin.catalogs.create("main")
    with pytest.raises(NotFound):
        user.catalogs.get("main")
    use = [Privilege.USE_CATALOG, Privilege.SELECT]
    change = PermissionsChange(principal="analysts", add=use)
    admin.grants.update("catalog", "main", changes=[change])
    assert user.catalogs.get("main").name == "main"
    with pytest.raises(PermissionDenied):
        user.catalogs.delete("main")
    with pytest.raises(PermissionDenied, match="CREATE CATALOG"):
        user.catalogs.create("mine")
    (row,) = user.grants.get("catalog", "main").privilege_assignments or ()
    assert (row.principal, row.privileges) == ("analysts", use)
    away = PermissionsChange(principal="analysts", remove=use)
    admin.grants.update("catalog", "main", changes=[away])
    with pytest.raises(NotFound):
        user.catalogs.get("main")
    with pytest.raises(InvalidParameterValue, match="not a type"):
        admin.grants.get("planet", "main")


def test_recipients_get_tokens_that_end(admin: WorkspaceClient) -> None:
    made = admin.recipients.create("partner", AuthenticationType.TOKEN)
    (token,) = made.tokens or ()
    assert token.expiration_time
    assert made.created_at
    assert token.expiration_time - made.created_at == 86_400_000
    later = admin.recipients.update("partner", expiration_time=4_102_444_800_000)
    assert [token.expiration_time for token in later.tokens or ()] == [4_102_444_800_000]
    friend = admin.recipients.create("friend", AuthenticationType.DATABRICKS)
    assert not friend.tokens
    with pytest.raises(InvalidParameterValue, match="has no token"):
        admin.recipients.update("friend", expiration_time=4_102_444_800_000)
    assert {r.name for r in admin.recipients.list()} == {"partner", "friend"}


def test_the_legacy_catalog_belongs_to_the_workspace(
    admin: WorkspaceClient, workspace: Workspace
) -> None:
    workspace.table("hive-tables")["hive_metastore.default.t"] = {
        "full_name": "hive_metastore.default.t",
        "catalog_name": "hive_metastore",
        "schema_name": "default",
        "name": "t",
        "storage_location": "dbfs:/user/hive/warehouse/t",
    }
    (table,) = admin.tables.list("hive_metastore", "default")
    assert table.storage_location == "dbfs:/user/hive/warehouse/t"
    assert admin.tables.get("hive_metastore.default.t").name == "t"
    assert [s.name for s in admin.schemas.list("hive_metastore")] == ["default"]
    with pytest.raises(NotFound):
        list(admin.tables.list("none", "default"))
    with pytest.raises(NotFound):
        admin.tables.get("hive_metastore.default.none")


def test_the_schema_that_a_catalog_begins_with_can_be_removed(admin: WorkspaceClient) -> None:
    admin.catalogs.create("bare")
    admin.schemas.delete("bare.default")
    assert list(admin.schemas.list("bare")) == []
    with pytest.raises(NotFound):
        admin.schemas.delete("bare.default")


def test_schemas_are_made_and_changed(admin: WorkspaceClient) -> None:
    admin.catalogs.create("shop")
    made = admin.schemas.create("sales", "shop", comment="orders")
    assert (made.full_name, made.owner) == ("shop.sales", admin.current_user.me().user_name)
    admin.schemas.update("shop.sales", owner=MAKER)
    assert admin.schemas.get("shop.sales").owner == MAKER
    assert admin.schemas.get("shop.sales").comment == "orders"
    assert [s.name for s in admin.schemas.list("shop")] == ["default", "sales"]
    with pytest.raises(BadRequest, match="already exists"):
        admin.schemas.create("sales", "shop")
    admin.schemas.delete("shop.sales")
    with pytest.raises(NotFound):
        admin.schemas.get("shop.sales")
    admin.catalogs.delete("shop")

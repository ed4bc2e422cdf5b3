"""Unity Catalog: metastores, what they hold, which workspaces may use it, and who gets shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_BASE: Final = "GET /api/2.1/unity-catalog"
_ADMIN: Final = "metastore admin"


@record
class Metastore(Record):
    """A metastore. `token_seconds` is how long tokens of recipients live; 0 is for ever."""

    id: str = key("metastore_id")
    name: Fact[str] = fact("name")
    region: Fact[str] = fact("region")
    owner: Fact[str] = fact("owner")
    sharing: Fact[str] = fact("delta_sharing_scope")
    token_seconds: Fact[int] = fact("delta_sharing_recipient_token_lifetime_in_seconds")
    external_access: Fact[bool] = fact("external_access_enabled")


@record
class MetastoreAssignment(Record):
    """The metastore of a workspace; None when it certainly has none."""

    workspace_id: int = key("workspace_id")
    metastore_id: Fact[str | None] = fact("metastore_id", absent=None)


@record
class Catalog(Record):
    """A catalog. `isolation` is OPEN or ISOLATED; `root` is where its managed tables lie."""

    name: str = key("name")
    type: Fact[str] = fact("catalog_type")
    isolation: Fact[str] = fact("isolation_mode")
    root: Fact[str | None] = fact("storage_root", absent=None)


@dataclass(frozen=True, slots=True)
class Binding:
    """A workspace that may use an isolated securable."""

    workspace_id: int
    binding_type: str = ""


@record
class CatalogBindings(Record):
    """The workspaces that a catalog is bound to."""

    name: str = key("name")
    bindings: Fact[tuple[Binding, ...]] = fact("bindings")


@record
class StorageCredential(Record):
    """A credential by which Unity Catalog reaches a bucket: of AWS a role, of others none."""

    name: str = key("name")
    isolation: Fact[str] = fact("isolation_mode")
    role_arn: Fact[str | None] = fact("aws_iam_role.role_arn", absent=None)


@dataclass(frozen=True, slots=True)
class RecipientToken:
    """A token of a recipient; `expiration_time` is a Unix time in ms, 0 for never."""

    id: str
    expiration_time: int = 0


@record
class Recipient(Record):
    """Somebody outside whom data is shared with."""

    name: str = key("name")
    authentication: Fact[str] = fact("authentication_type")
    addresses: Fact[tuple[str, ...]] = fact("ip_access_list.allowed_ip_addresses", absent=())
    tokens: Fact[tuple[RecipientToken, ...]] = fact("tokens")


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one principal may do with a securable."""

    principal: str
    privileges: tuple[str, ...] = ()


@record
class MetastoreGrants(Record):
    """Who holds which privileges on a metastore as a whole."""

    id: str = key("metastore_id")
    assignments: Fact[tuple[Assignment, ...]] = fact("privilege_assignments")


METASTORES: Final = Kind(
    "metastores",
    Metastore,
    Scope.ACCOUNT,
    "GET /api/2.0/accounts/{account_id}/metastores",
    "account admin",
)
METASTORE_ASSIGNMENTS: Final = Kind(
    "metastore_assignments",
    MetastoreAssignment,
    Scope.WORKSPACE,
    f"{_BASE}/current-metastore-assignment",
    "workspace access",
)
METASTORE_GRANTS: Final = Kind(
    "metastore_grants",
    MetastoreGrants,
    Scope.WORKSPACE,
    f"{_BASE}/permissions/metastore/{{metastore_id}}",
    _ADMIN,
    after=("metastore_assignments",),
)
CATALOGS: Final = Kind("catalogs", Catalog, Scope.WORKSPACE, f"{_BASE}/catalogs", _ADMIN)
CATALOG_BINDINGS: Final = Kind(
    "catalog_bindings",
    CatalogBindings,
    Scope.WORKSPACE,
    f"{_BASE}/bindings/catalog/{{name}}",
    _ADMIN,
    after=("catalogs",),
)
STORAGE_CREDENTIALS: Final = Kind(
    "storage_credentials",
    StorageCredential,
    Scope.WORKSPACE,
    f"{_BASE}/storage-credentials",
    _ADMIN,
)
RECIPIENTS: Final = Kind("recipients", Recipient, Scope.WORKSPACE, f"{_BASE}/recipients", _ADMIN)

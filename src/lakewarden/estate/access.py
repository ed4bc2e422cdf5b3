"""Who may come in and with what: IP access lists, settings, tokens, permissions, secret ACLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "workspace admin"
_ACCOUNT_ADMIN: Final = "account admin"


@record
class IpAccessList(Record):
    """An IP access list of a workspace or of the account console."""

    id: str = key("list_id")
    label: Fact[str] = fact("label")
    type: Fact[str] = fact("list_type")
    addresses: Fact[tuple[str, ...]] = fact("ip_addresses", absent=())
    enabled: Fact[bool] = fact("enabled")


@record
class ConfEntry(Record):
    """One key of workspace-conf; the value is None when nobody ever set it."""

    name: str = key("key")
    value: Fact[str | None] = fact("value", absent=None)


@record
class Setting(Record):
    """One typed setting; the value is None when nobody ever set it."""

    name: str = key("name")
    value: Fact[Any] = fact("value", absent=None)


@record
class Token(Record):
    """A personal access token. Times are Unix times in ms.

    `expiry` is -1 for never. `creator` made it for `owner_id`, mostly the same. `last_used` is true
    to a day; what it means when it is absent is documented nowhere. `scopes` are absent from a
    token that was made without any, which may then call every API.
    """

    id: str = key("token_id")
    comment: Fact[str] = fact("comment", absent="")
    created: Fact[int] = fact("creation_time")
    expiry: Fact[int] = fact("expiry_time")
    creator: Fact[str] = fact("created_by_username")
    owner_id: Fact[int] = fact("owner_id")
    last_used: Fact[int] = fact("last_used_day")
    scopes: Fact[tuple[str, ...] | None] = fact("scopes", absent=None)


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission level; `inherited` when it comes from an object above."""

    permission_level: str
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Grantee:
    """One entry of an access control list; one of the three names is set."""

    all_permissions: tuple[Permission, ...]
    user_name: str = ""
    group_name: str = ""
    service_principal_name: str = ""

    @property
    def name(self) -> str:
        """Return the principal's name, whatever its kind."""
        return self.user_name or self.group_name or self.service_principal_name

    def may(self, level: str) -> bool:
        """Return whether the entry grants a level, directly or by inheritance."""
        return any(entry.permission_level == level for entry in self.all_permissions)


@record
class ObjectPermissions(Record):
    """The access control list of one object."""

    id: str = key("id")
    name: Fact[str] = fact("name")
    owner: Fact[str | None] = fact("owner", absent=None)
    acl: Fact[tuple[Grantee, ...]] = fact("access_control_list")


@dataclass(frozen=True, slots=True)
class ScopeGrant:
    """One entry of a secret scope's access control list."""

    principal: str
    permission: str


@record
class SecretScope(Record):
    """A secret scope with its access control list; never a secret."""

    name: str = key("name")
    acl: Fact[tuple[ScopeGrant, ...]] = fact("items")


ACCOUNT_IP_LISTS: Final = Kind(
    "account_ip_lists",
    IpAccessList,
    Scope.ACCOUNT,
    "GET /api/2.0/accounts/{account_id}/ip-access-lists",
    _ACCOUNT_ADMIN,
)
ACCOUNT_SETTINGS: Final = Kind(
    "account_settings",
    Setting,
    Scope.ACCOUNT,
    "GET /api/2.0/accounts/{account_id}/settings/types/{key}/names/default",
    _ACCOUNT_ADMIN,
    keyed=True,
)
IP_LISTS: Final = Kind(
    "ip_lists", IpAccessList, Scope.WORKSPACE, "GET /api/2.0/ip-access-lists", _ADMIN
)
WORKSPACE_CONF: Final = Kind(
    "workspace_conf",
    ConfEntry,
    Scope.WORKSPACE,
    "GET /api/2.0/workspace-conf",
    _ADMIN,
    keyed=True,
)
WORKSPACE_SETTINGS: Final = Kind(
    "workspace_settings",
    Setting,
    Scope.WORKSPACE,
    "GET /api/2.0/settings/types/{key}/names/default",
    _ADMIN,
    keyed=True,
)
WORKSPACE_SETTINGS_V2: Final = Kind(
    "workspace_settings_v2",
    Setting,
    Scope.WORKSPACE,
    "GET /api/2.1/settings/{key}",
    _ADMIN,
    keyed=True,
)
TOKENS: Final = Kind(
    "tokens", Token, Scope.WORKSPACE, "GET /api/2.0/token-management/tokens", _ADMIN
)
AUTHORIZATION: Final = Kind(
    "authorization",
    ObjectPermissions,
    Scope.WORKSPACE,
    "GET /api/2.0/permissions/authorization/{key}",
    _ADMIN,
    keyed=True,
)
JOB_PERMISSIONS: Final = Kind(
    "job_permissions",
    ObjectPermissions,
    Scope.WORKSPACE,
    "GET /api/2.0/permissions/jobs/{job_id}",
    _ADMIN,
    after=("jobs",),
)
SECRET_SCOPES: Final = Kind(
    "secret_scopes",
    SecretScope,
    Scope.WORKSPACE,
    "GET /api/2.0/secrets/acls/list",
    "MANAGE on each secret scope",
)

"""The workspace that a backup goes to, as far as planning asks for it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import hands
from lakewarden.apply.hands.assets import ACL, ASSET
from lakewarden.apply.shelf import Held
from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.errors import ConnectionFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target as Thing

Json = Mapping[str, Any]
Assumed = Callable[[Held], str | None]
_ME: Final = "/api/2.0/preview/scim/v2/Me"
_METASTORE: Final = "/api/2.1/unity-catalog/metastore_summary"
_RULE_SETS: Final = "/api/2.0/preview/accounts/access-control/rule-sets"
_USER: Final = "roles/servicePrincipal.user"
_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Me:
    """Who restores.

    Attributes:
        name: the user name, or the application id.
        field: by which permissions name them.
        admin: whether they are an admin of the workspace, so that nothing locks them out.
        groups: the names of their groups.
    """

    name: str
    field: str
    admin: bool
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What a target has under a key.

    Attributes:
        document: definition and digest of the content; None where there is nothing.
        acl: direct permissions; None where there are none, or nobody asked.
        problem: why it cannot be read.
    """

    document: Json | None = None
    acl: list[dict[str, str]] | None = None
    problem: str = ""


class TargetWorkspace:
    """Reads the workspace that a backup goes to."""

    def __init__(self, doors: Doors, scope: str) -> None:
        """Stand before a workspace, `workspace/3001`."""
        self.doors = doors
        self.scope = scope
        self.catalogue = doors.catalogue(scope)

    @functools.cached_property
    def me(self) -> Me:
        """Return who restores.

        Raises:
            CallFailedError: the workspace does not say.
        """
        answer = self.catalogue.host.get(_ME)
        groups = frozenset(str(group.get("display")) for group in answer.get("groups") or ())
        machine = bool(answer.get("applicationId"))
        name = answer.get("applicationId") if machine else answer.get("userName")
        field = "service_principal_name" if machine else "user_name"
        return Me(str(name), field, "admins" in groups, groups)

    @functools.cached_property
    def may_manage_account(self) -> bool:
        """Return whether whoever restores is an admin of the account, or nobody says that not."""
        try:
            path = f"/api/2.0/accounts/{self.doors.account_id}/scim/v2/Groups"
            self.doors.databricks("account").get(path, {"count": "1"})
        except CallFailedError as error:
            return error.cause is not Cause.FORBIDDEN
        except (ConnectionFailedError, KeyError):
            return True
        return True

    def may_act_as(self, application: str) -> bool:
        """Return whether whoever restores may let things run as a service principal.

        That takes the role Service Principal User, of admins as well. Where it cannot be read who
        has it, they may.
        """
        account = self.doors.account_id
        name = f"accounts/{account}/servicePrincipals/{application}/ruleSets/default"
        try:
            answer = self.catalogue.host.get(_RULE_SETS, {"name": name, "etag": ""})
            rules = answer.get("grant_rules") or ()
            users = {p for r in rules if r["role"] == _USER for p in r.get("principals") or ()}
        except (CallFailedError, AttributeError, KeyError, TypeError):
            return True
        folder = "users" if self.me.field == "user_name" else "servicePrincipals"
        mine = {f"{folder}/{self.me.name}", *(f"groups/{group}" for group in self.me.groups)}
        return not account or bool(mine & users)

    @functools.cached_property
    def people(self) -> frozenset[str]:
        """Return the names of all principals of the workspace.

        Raises:
            CallFailedError: they cannot be listed.
        """
        named = ("user", "group", "service_principal")
        return frozenset(held.key for kind in named for held in self.catalogue.all(kind))

    @functools.cached_property
    def metastore(self) -> bool:
        """Return whether Unity Catalog is there for the workspace."""
        try:
            self.catalogue.host.get(_METASTORE)
        except CallFailedError:
            return False
        return True

    @functools.cached_property
    def account_groups(self) -> Mapping[str, str]:
        """Return the ids of the groups of the account, empty where the account cannot be read."""
        try:
            account = self.doors.databricks("account")
            path = f"/api/2.0/accounts/{self.doors.account_id}/scim/v2/Groups"
            found = items(account.get, path, "Resources", Paging.SCIM)
            return {str(group["displayName"]): str(group["id"]) for group in found}
        except (CallFailedError, ConnectionFailedError, KeyError):
            return {}

    def unset(self, kind: Kind, key: str) -> Json | None:
        """Return the definition that means what something is where it was never set, if known."""
        if kind.unset is None:
            return None
        try:
            held = self.catalogue.held(kind.name, key)
            return kind.unset(self.catalogue.whole(held) if held else {}, key)
        except CallFailedError:
            return None

    def thing(self, prefix: str, kind: str, key: str) -> Thing:
        """Return what a change is about."""
        return Thing(f"{prefix}{kind}", self.scope, key)

    def read(
        self, keys: list[tuple[str, str, bool]], assumed: Assumed = lambda _: None
    ) -> dict[tuple[str, str], Found]:
        """Return what there is of each kind and key, with its permissions where these count.

        Args:
            keys: kind, key, and whether permissions count.
            assumed: says which bytes an asset still has, so that they need not be read.
        """
        with ThreadPoolExecutor(_AT_ONCE, "look") as pool:
            found = pool.map(lambda one: self._one(one, assumed), keys)
            return {(kind, key): one for (kind, key, _), one in zip(keys, found, strict=True)}

    def _one(self, one: tuple[str, str, bool], assumed: Assumed) -> Found:
        kind, key, acl = one
        try:
            document = self._document(kind, key, assumed)
            if document is None or not acl or not kinds()[kind].acl:
                return Found(document)
            granted = hands()[f"{ACL}{kind}"].read(self.doors, self.thing(ACL, kind, key))
            return Found(document, (granted or {}).get("acl"))
        except CallFailedError as error:
            return Found(problem=str(error))

    def _document(self, kind: str, key: str, assumed: Assumed) -> Json | None:
        held = self.catalogue.held(kind, key)
        content = assumed(held) if held else None
        if held is not None and content is not None:
            return {"spec": self.catalogue.definition(held, held.raw), "content": content}
        thing = self.thing(ASSET, kind, key)
        return hands()[thing.kind].read(self.doors, thing)

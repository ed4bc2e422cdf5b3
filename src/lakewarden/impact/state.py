"""`State`: what holds before a plan, or after it, as far as plan and snapshot know."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from lakewarden.estate.access import (
    ACCOUNT_IP_LISTS,
    ACCOUNT_SETTINGS,
    AUTHORIZATION,
    IP_LISTS,
    JOB_PERMISSIONS,
    WORKSPACE_SETTINGS,
)
from lakewarden.estate.account import PRIVATE_ACCESS, WORKSPACES, Workspace
from lakewarden.estate.code import ARTIFACT_ALLOW_LISTS
from lakewarden.estate.compute import CLUSTER_POLICIES, CLUSTERS, JOBS, NODE_TYPES, Cluster, Job
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.workloads import (
    CLUSTER_PERMISSIONS,
    POLICY_PERMISSIONS,
    POOL_PERMISSIONS,
    WAREHOUSE_PERMISSIONS,
)
from lakewarden.impact.people import People
from lakewarden.plan.change import Attributes, Change
from lakewarden.plan.paths import with_values
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError
from lakewarden.semantics.cluster_policy import parse as parse_rules

T = TypeVar("T")

TWINS: Final = {
    "enableExportNotebook": "enable-export-notebook",
    "enableResultsDownloading": "enable-results-downloading",
    "enableNotebookTableClipboard": "enable-notebook-table-clipboard",
}
"""Keys of workspace-conf that are also typed settings: one switch, two names."""
_ACLS: Final = {
    "clusters": CLUSTER_PERMISSIONS,
    "cluster-policies": POLICY_PERMISSIONS,
    "instance-pools": POOL_PERMISSIONS,
    "jobs": JOB_PERMISSIONS,
    "warehouses": WAREHOUSE_PERMISSIONS,
}
_PRINCIPALS: Final = ("user_name", "group_name", "service_principal_name")


class Side(StrEnum):
    """Which end of a plan."""

    BEFORE = "before"
    AFTER = "after"


class UnknownError(Exception):
    """Neither the plan nor a snapshot says."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The IP access lists of a workspace or of the account, the enabled ones.

    Attributes:
        on: whether they are enforced.
        allow: networks that may come; none at all lets every address come.
        block: networks that may not, whatever allows them.
    """

    on: bool
    allow: tuple[Any, ...]
    block: tuple[Any, ...]

    def admit(self, address: str) -> bool:
        """Return whether an address may come."""
        if not self.on:
            return True
        found = ipaddress.ip_address(address)
        if any(found in network for network in self.block):
            return False
        return not self.allow or any(found in network for network in self.allow)


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of an access control list."""

    principal: str
    is_group: bool
    level: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A cluster policy: its rules, and how many clusters each user may have by it."""

    name: str
    rules: Definition
    most: int | None


class State:
    """What holds before or after a plan. Everything else raises `UnknownError`."""

    def __init__(self, side: Side, changes: Iterable[Change], estate: Estate | None) -> None:
        """Stand at one end of a plan.

        Args:
            side: which end.
            changes: the plan's.
            estate: the deployment before the plan; None where nothing but the plan is known.
        """
        self.side = side
        self._changes: dict[tuple[str, str], dict[str, Change]] = {}
        for change in changes:
            target = change.target
            self._changes.setdefault((target.kind, target.scope), {})[target.key] = change
        self._estate = estate
        self._people: dict[str, People] = {}

    def changed(self, kind: str, scope: str) -> Mapping[str, Change]:
        """Return the plan's changes of one kind in a scope, by key."""
        return self._changes.get((kind, scope), {})

    def at(self, change: Change) -> Attributes | None:
        """Return the values of a change at this end; None where the thing is not there."""
        return change.before if self.side is Side.BEFORE else change.after

    @functools.cache  # noqa: B019  # a state lives as long as its replay
    def conf(self, scope: str, name: str) -> str | None:
        """Return a value of workspace-conf, None where nobody ever set it."""
        change = self.changed("workspace_conf", scope).get(name)
        if change is not None:
            value = (self.at(change) or {}).get("/value")
            return None if value is None else str(value)
        twin = self.changed("workspace_setting", scope).get(TWINS.get(name, ""))
        if twin is not None:
            switch = (self.at(twin) or {}).get("/value")
            return None if switch is None else str(switch).lower()
        return self._read(lambda estate: estate.conf(self.workspace(scope), name).get())

    def is_off(self, scope: str, name: str) -> bool:
        """Return whether a key of workspace-conf is set to false."""
        return str(self.conf(scope, name)).lower() == "false"

    def is_on(self, scope: str, name: str) -> bool:
        """Return whether a key of workspace-conf is set to true."""
        return str(self.conf(scope, name)).lower() == "true"

    @functools.cache  # noqa: B019  # likewise
    def setting(self, scope: str, name: str) -> Any:
        """Return the value of a typed setting, None where nobody ever set it."""
        kind = "account_setting" if scope == "account" else "workspace_setting"
        for found in (kind, "workspace_setting_v2"):
            change = self.changed(found, scope).get(name)
            if change is not None:
                return next(iter((self.at(change) or {}).values()), None)
        collection = ACCOUNT_SETTINGS if scope == "account" else WORKSPACE_SETTINGS
        inside = None if scope == "account" else scope
        return self._read(
            lambda estate: estate.value(
                collection, name, None if inside is None else self.workspace(inside)
            ).get()
        )

    @functools.cache  # noqa: B019  # likewise
    def addresses(self, scope: str) -> Addresses:
        """Return the IP access lists of the account or of a workspace."""
        if scope == "account":
            on = self.setting(scope, "acct_ip_acl_enable") is True
        else:
            on = self.is_on(scope, "enableIpAccessLists")
        if not on:
            return Addresses(on=False, allow=(), block=())
        documents = self._documents("ip_access_list", scope, self._lists(scope)).values()
        lists = [d for d in documents if d.get("enabled") is not False]
        allow, block = (
            tuple(
                ipaddress.ip_network(text, strict=False)
                for one in lists
                if one.get("list_type") == kind
                for text in one.get("ip_addresses") or ()
            )
            for kind in ("ALLOW", "BLOCK")
        )
        return Addresses(on, allow, block)

    @functools.lru_cache(maxsize=65_536)  # noqa: B019  # likewise
    def admits(self, scope: str, address: str) -> bool:
        """Return whether the IP access lists of a scope let an address come."""
        return self.addresses(scope).admit(address)

    @functools.cache  # noqa: B019  # likewise
    def public_door_shut(self, scope: str) -> bool | None:
        """Return whether a workspace is reached through PrivateLink alone; None: it has none."""
        identity = self._read(lambda _: self.workspace(scope).private_access_id.get())
        if identity is None:
            return None
        change = self.changed("private_access_settings", "account").get(identity)
        if change is not None and "/public_access_enabled" in (self.at(change) or {}):
            return (self.at(change) or {})["/public_access_enabled"] is False
        return self._read(
            lambda estate: not estate.need(PRIVATE_ACCESS, identity).public_access.get()
        )

    @functools.cache  # noqa: B019  # likewise
    def grants(self, scope: str, kind: str, key: str) -> tuple[Grant, ...]:
        """Return who was granted what on an object, admins apart."""
        change = self.changed("permissions", scope).get(f"{kind}/{key}")
        if change is not None:
            entries = (self.at(change) or {}).get("/access_control_list") or ()
            return tuple(_grant(entry, entry["permission_level"]) for entry in entries)
        collection = AUTHORIZATION if kind == "authorization" else _ACLS[kind]
        acl = self._read(
            lambda estate: estate.need(collection, key, self.workspace(scope)).acl.get()
        )
        return tuple(
            Grant(entry.name, bool(entry.group_name), held.permission_level)
            for entry in acl
            for held in entry.all_permissions
        )

    @functools.cache  # noqa: B019  # likewise
    def policy(self, scope: str, identity: str) -> Policy | None:
        """Return a cluster policy, None for one that does not exist."""
        change = self.changed("cluster_policy", scope).get(identity)
        found = self._read(
            lambda estate: estate.find(CLUSTER_POLICIES, identity, self.workspace(scope))
        )
        if found is None:
            return None
        try:
            rules = dict(parse_rules(self._read(lambda _: found.definition.get())).rules)
        except MalformedDefinitionError as error:
            raise UnknownError(f"the policy {identity}: {error}") from None
        document: dict[str, Any] = {"definition": rules}
        document["max_clusters_per_user"] = self._read(lambda _: found.max_clusters_per_user.get())
        if change is not None:
            document = with_values(document, self.at(change) or {})
        overrides = document.get("policy_family_definition_overrides")
        own = overrides if isinstance(overrides, Mapping) else {}
        kept = {p: r for p, r in {**document["definition"], **own}.items() if r is not None}
        name = self._read(lambda _: found.name.get())
        return Policy(name, Definition(kept), document.get("max_clusters_per_user"))

    @functools.cache  # noqa: B019  # likewise
    def clusters_of(self, scope: str, identity: str) -> Mapping[str, int]:
        """Return how many clusters each creator has running by a policy."""
        counts: dict[str, int] = {}

        def count(estate: Estate) -> None:
            for one in estate.of(CLUSTERS, self.workspace(scope)).each():
                if one.policy_id.get() == identity and one.state.get() != "TERMINATED":
                    name = one.creator.get() or ""
                    counts[name] = counts.get(name, 0) + 1

        self._read(count)
        return counts

    @functools.cache  # noqa: B019  # likewise
    def allowed_artifacts(self, scope: str, kind: str) -> tuple[str, ...]:
        """Return what an artifact allow list lets through: beginnings of paths or coordinates."""
        for one in [scope, *self._scopes()]:  # the metastore has the list, and shows it everywhere
            change = self.changed("artifact_allowlist", one).get(kind)
            if change is not None:
                matchers = (self.at(change) or {}).get("/artifact_matchers") or ()
                return tuple(str(matcher["artifact"]) for matcher in matchers)
        return self._read(
            lambda estate: tuple(
                m.artifact
                for m in estate.need(
                    ARTIFACT_ALLOW_LISTS, kind, self.workspace(scope)
                ).matchers.get()
            )
        )

    @functools.cache  # noqa: B019  # likewise
    def encrypts_traffic(self, scope: str, node_type: str) -> bool:
        """Return whether a kind of machine encrypts what it sends to others."""
        return self._read(
            lambda estate: estate.need(
                NODE_TYPES, node_type, self.workspace(scope)
            ).encrypted_in_transit.get()
        )

    def cluster(self, scope: str, identity: str) -> Cluster | None:
        """Return a cluster of the snapshot, None for one that it does not have."""
        return self._read(lambda estate: estate.find(CLUSTERS, identity, self.workspace(scope)))

    def job(self, scope: str, identity: str) -> Job | None:
        """Return a job of the snapshot, None for one that it does not have."""
        return self._read(lambda estate: estate.find(JOBS, identity, self.workspace(scope)))

    def people(self, scope: str) -> People:
        """Return who is who in a workspace or in the account."""
        if scope not in self._people:
            known = self._read(lambda estate: estate)
            place = None if scope == "account" else self.workspace(scope)
            self._people[scope] = self._read(lambda _: People.of(known, place, self._given()))
        return self._people[scope]

    @functools.cache  # noqa: B019  # likewise
    def workspace(self, scope: str) -> Workspace:
        """Return a workspace."""
        identity = scope.partition("/")[2]
        return self._read(lambda estate: estate.need(WORKSPACES, identity))

    def _given(self) -> dict[tuple[str, str], dict[str, Attributes | None]]:
        return {
            place: {key: self.at(change) for key, change in found.items()}
            for place, found in self._changes.items()
        }

    def _scopes(self) -> list[str]:
        return [scope for _, scope in self._changes if scope.startswith("workspace/")]

    def _lists(self, scope: str) -> dict[str, dict[str, Any]]:
        """Return the IP access lists of the snapshot by id."""

        def collected(estate: Estate) -> dict[str, dict[str, Any]]:
            account = scope == "account"
            lists = (
                estate.of(ACCOUNT_IP_LISTS)
                if account
                else estate.of(IP_LISTS, self.workspace(scope))
            )
            return {
                one.id: {
                    "list_type": one.type.get(),
                    "ip_addresses": list(one.addresses.get()),
                    "enabled": one.enabled.get(),
                }
                for one in lists.each()
            }

        return self._read(collected)

    def _documents(
        self, kind: str, scope: str, known: dict[str, dict[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        """Return documents with what the plan's changes make of them at this end."""
        made = dict(known)
        for key, change in self.changed(kind, scope).items():
            values = self.at(change)
            if values is None:
                made.pop(key, None)
            else:
                made[key] = with_values(made.get(key), values)
        return made

    def _read(self, ask: Callable[[Estate], T]) -> T:
        if self._estate is None:
            raise UnknownError("the plan alone does not say; give a snapshot or the deployment")
        try:
            return ask(self._estate)
        except UnreadError as error:
            raise UnknownError(f"not in the snapshot: {error}") from None


def _grant(entry: Mapping[str, Any], level: str) -> Grant:
    name = next(str(entry[field]) for field in _PRINCIPALS if entry.get(field))
    return Grant(name, bool(entry.get("group_name")), level)

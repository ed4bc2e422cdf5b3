"""`State`: what holds before a plan, or after it, as far as plan and snapshot know."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.estate.access import (
    ACCOUNT_IP_LISTS,
    AUTHORIZATION,
    IP_LISTS,
    JOB_PERMISSIONS,
)
from lakewarden.estate.account import PRIVATE_ACCESS
from lakewarden.estate.code import ARTIFACT_ALLOW_LISTS
from lakewarden.estate.compute import CLUSTER_POLICIES, CLUSTERS, JOBS, NODE_TYPES, Cluster, Job
from lakewarden.estate.estate import Estate
from lakewarden.estate.workloads import (
    CLUSTER_PERMISSIONS,
    POLICY_PERMISSIONS,
    POOL_PERMISSIONS,
    WAREHOUSE_PERMISSIONS,
)
from lakewarden.impact.known import Known, Side, UnknownError
from lakewarden.impact.people import People
from lakewarden.plan.change import Attributes, Change
from lakewarden.plan.paths import with_values
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError
from lakewarden.semantics.cluster_policy import parse as parse_rules

_ACLS: Final = {
    "clusters": CLUSTER_PERMISSIONS,
    "cluster-policies": POLICY_PERMISSIONS,
    "instance-pools": POOL_PERMISSIONS,
    "jobs": JOB_PERMISSIONS,
    "warehouses": WAREHOUSE_PERMISSIONS,
}
_PRINCIPALS: Final = ("user_name", "group_name", "service_principal_name")


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


class State(Known):
    """What holds before or after a plan. Everything else raises `UnknownError`."""

    def __init__(self, side: Side, changes: Iterable[Change], estate: Estate | None) -> None:
        super().__init__(side, changes, estate)
        self._people: dict[str, People] = {}

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
                _network(text)
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
        identity = self.read(lambda _: self.workspace(scope).private_access_id.get())
        if identity is None:
            return None
        change = self.changed("private_access_settings", "account").get(identity)
        if change is not None and "/public_access_enabled" in (self.at(change) or {}):
            return (self.at(change) or {})["/public_access_enabled"] is False
        return self.read(
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
        acl = self.read(
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
        found = self.read(
            lambda estate: estate.find(CLUSTER_POLICIES, identity, self.workspace(scope))
        )
        if found is None:
            return None
        try:
            rules = dict(parse_rules(self.read(lambda _: found.definition.get())).rules)
        except MalformedDefinitionError as error:
            raise UnknownError(f"the policy {identity}: {error}") from None
        document: dict[str, Any] = {"definition": rules}
        document["max_clusters_per_user"] = self.read(lambda _: found.max_clusters_per_user.get())
        if change is not None:
            document = with_values(document, self._own_rules(change))
        overrides = document.get("policy_family_definition_overrides")
        own = overrides if isinstance(overrides, Mapping) else {}
        kept = {p: r for p, r in {**document["definition"], **own}.items() if r is not None}
        name = self.read(lambda _: found.name.get())
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

        self.read(count)
        return counts

    @functools.cache  # noqa: B019  # likewise
    def allowed_artifacts(self, scope: str, kind: str) -> tuple[str, ...]:
        """Return what an artifact allow list lets through: beginnings of paths or coordinates."""
        for one in [scope, *self._scopes()]:  # the metastore has the list, and shows it everywhere
            change = self.changed("artifact_allowlist", one).get(kind)
            if change is not None:
                matchers = (self.at(change) or {}).get("/artifact_matchers") or ()
                return tuple(str(matcher["artifact"]) for matcher in matchers)
        return self.read(
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
        return self.read(
            lambda estate: estate.need(
                NODE_TYPES, node_type, self.workspace(scope)
            ).encrypted_in_transit.get()
        )

    def cluster(self, scope: str, identity: str) -> Cluster | None:
        """Return a cluster of the snapshot, None for one that it does not have."""
        return self.read(lambda estate: estate.find(CLUSTERS, identity, self.workspace(scope)))

    def job(self, scope: str, identity: str) -> Job | None:
        """Return a job of the snapshot, None for one that it does not have."""
        return self.read(lambda estate: estate.find(JOBS, identity, self.workspace(scope)))

    def people(self, scope: str) -> People:
        """Return who is who in a workspace or in the account."""
        if scope not in self._people:
            known = self.read(lambda estate: estate)
            place = None if scope == "account" else self.workspace(scope)
            self._people[scope] = self.read(lambda _: People.of(known, place, self._given()))
        return self._people[scope]

    def _own_rules(self, change: Change) -> Attributes:
        """Return the values of a change of a policy, unless they bring back what is not known."""
        values = self.at(change) or {}
        overrides = "/policy_family_definition_overrides/"
        gone = [p for p, v in values.items() if p.startswith(overrides) and v is None]
        if gone and self.side is Side.AFTER:
            raise UnknownError(f"what the family of the policy says of {gone[0]} is not read")
        return values

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

        return self.read(collected)

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


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UnknownError(f"an IP access list names {text}, which is no network") from None


def _grant(entry: Mapping[str, Any], level: str) -> Grant:
    name = next(str(entry[field]) for field in _PRINCIPALS if entry.get(field))
    return Grant(name, bool(entry.get("group_name")), level)

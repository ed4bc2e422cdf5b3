"""Private access settings and network policies leave the caller and the compute a way in.

Private access settings may shut the public way into a workspace, and the network policy that it has
may narrow it: deny rules first, then allow rules, and nothing else. Rules for people and rules for
service principals are apart, so that one for all users is none for a service principal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lakewarden.estate.account import PRIVATE_ACCESS, WORKSPACE_NETWORK, WORKSPACES
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.kind import Need
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS, ACCOUNT_USERS
from lakewarden.estate.perimeter import NETWORK_POLICIES
from lakewarden.guards import exits
from lakewarden.guards.admitted import EVERYWHERE, spans_of, unrouted
from lakewarden.guards.after import Json, Table, each_state, known, table_after
from lakewarden.guards.guard import Given, Guard, Refusal
from lakewarden.plan.change import Change
from lakewarden.proofs.network.intervals import Spans, meet, minus, union, within

NAME: Final = "front-door"
_SETTINGS: Final = "private_access_settings"
_POLICY: Final = "network_policy"
_WORKSPACE: Final = "workspace"
_HAS: Final = "private_access_settings_id"
_WHOLE_API: Final[tuple[Json, ...]] = ({}, {"scope_qualifier": "API_SCOPE_QUALIFIER_ALL"})
"""How a rule names every call of a workspace's API."""
_STEP: Final = (
    "Carry it out from where the workspace will still answer, or leave it out with "
    "--exclude-control"
)


@dataclass(frozen=True, slots=True)
class _Doors:
    """What decides who may come to which workspace.

    Attributes:
        workspaces: with the private access settings that each has, by id.
        settings: private access settings by id.
        policies: network policies by id.
        bound: the id of the policy of each workspace; None where it has none.
    """

    workspaces: Table
    settings: Table
    policies: Table
    bound: Mapping[str, str | None]

    def after(self, change: Change) -> _Doors:
        if change.target.kind == _SETTINGS:
            return replace(self, settings=table_after(self.settings, change))
        if change.target.kind == _POLICY:
            return replace(self, policies=table_after(self.policies, change))
        return replace(self, workspaces=table_after(self.workspaces, change))

    def private(self, workspace: str) -> Json | None:
        """Return the private access settings of a workspace, None where it has none."""
        identity = self.workspaces.get(workspace, {}).get(_HAS)
        return None if identity is None else self.settings.get(identity, {})

    def public(self, workspace: str, caller: _Who) -> Spans:
        """Return from where the caller comes in over the internet."""
        private = self.private(workspace)
        if private is not None and private.get("public_access_enabled") is not True:
            return ()
        policy = self.bound.get(workspace)
        ingress = {} if policy is None else self.policies.get(policy, {}).get("ingress") or {}
        return _admitted(ingress.get("public_access") or {}, caller)

    def endpoints(self, workspace: str) -> frozenset[str] | None:
        """Return the endpoints through which a workspace is reached; None for all."""
        private = self.private(workspace) or {}
        if private.get("private_access_level") != "ENDPOINT":
            return None
        return frozenset(map(str, private.get("allowed_vpc_endpoint_ids") or ()))


@dataclass(frozen=True, slots=True)
class _Who:
    """The id of the caller, empty for a stranger, and whether it is a service principal."""

    identity: str
    is_machine: bool

    def certainly(self, rule: Json) -> bool:
        """Return whether a rule is certainly for the caller's calls of the API."""
        destination = rule.get("destination") or {"all_destinations": True}
        whole = destination.get("all_destinations") is True
        whole = whole or destination.get("workspace_api") in _WHOLE_API
        return whole and self._is_meant(rule)

    def perhaps(self, rule: Json) -> bool:
        """Return whether a rule may be for the caller."""
        kind = (rule.get("authentication") or {}).get("identity_type")
        return kind != "IDENTITY_TYPE_SELECTED_IDENTITIES" or self._is_meant(rule)

    def _is_meant(self, rule: Json) -> bool:
        authentication = rule.get("authentication")
        if not authentication:
            return True
        kind = authentication.get("identity_type")
        if kind == "IDENTITY_TYPE_SELECTED_IDENTITIES":
            named = {str(one.get("principal_id")) for one in authentication.get("identities") or ()}
            return bool(self.identity) and self.identity in named
        every = "SERVICE_PRINCIPALS" if self.is_machine else "USERS"
        return bool(self.identity) and kind == f"IDENTITY_TYPE_ALL_{every}"


def _admitted(access: Json, caller: _Who) -> Spans:
    if access.get("restriction_mode") != "RESTRICTED_ACCESS":
        return EVERYWHERE
    inside: Spans = ()
    for rule in access.get("allow_rules") or ():
        if caller.certainly(rule):
            inside = union(inside, _origin(rule))
    for rule in access.get("deny_rules") or ():
        if caller.perhaps(rule):
            inside = minus(inside, _origin(rule))
    return inside


def _origin(rule: Json) -> Spans:
    """Return where the requests of a rule come from; everywhere where it does not say."""
    origin = rule.get("origin") or {}
    if included := origin.get("included_ip_ranges"):
        return spans_of(included.get("ip_ranges") or ())
    if excluded := origin.get("excluded_ip_ranges"):
        return minus(EVERYWHERE, spans_of(excluded.get("ip_ranges") or ()))
    return EVERYWHERE


def _refuse(given: Given) -> Iterator[Refusal]:
    start, caller = _doors(given.estate), _who(given)
    changes = [change for change in given.plan.changes if _is_about(change)]
    refused: set[str] = set()
    for change, now in each_state(start, changes, _Doors.after):
        for workspace in start.workspaces:
            if workspace in refused:
                continue
            found = tuple(_at(given, change, workspace, start, now, caller))
            refused |= {workspace} if found else set()
            yield from found


def _at(
    given: Given, change: Change, workspace: str, start: _Doors, now: _Doors, caller: _Who
) -> Iterator[Refusal]:
    before, left = start.public(workspace, caller), now.public(workspace, caller)
    lost, own = minus(before, left), given.caller.addresses
    privately = now.private(workspace) is not None and any(map(unrouted, own))
    kept, had = now.endpoints(workspace), start.endpoints(workspace)
    if privately and kept is not None and (had is None or had - kept):
        why = f"it is not known by which endpoint {given.caller.name} comes to {workspace}"
        yield Refusal(change.address, NAME, f"{why}, and some are shut", _STEP)
    if not lost:
        return
    routed = [address for address in own if not unrouted(address)]
    out = [address for address in routed if not within(spans_of([address]), left)]
    if not privately and (out or not routed):
        whence = ", ".join(out) or "an address that is not known"
        why = f"{given.caller.name} comes to workspace {workspace} from {whence}, which is shut out"
        yield Refusal(change.address, NAME, why, _STEP)
    for address in exits.exits(given.estate, given.estate.need(WORKSPACES, workspace)):
        if meet(spans_of([address]), lost):
            why = f"clusters of workspace {workspace} come from {address}, which is shut out"
            yield Refusal(change.address, NAME, why, "Use PrivateLink at the back end first")


def _who(given: Given) -> _Who:
    user = given.caller.user.lower()
    for machine in given.estate.of(ACCOUNT_SERVICE_PRINCIPALS).seen():
        if machine.application_id.gap is None and machine.application_id.get().lower() == user:
            return _Who(machine.id, is_machine=True)
    for person in given.estate.of(ACCOUNT_USERS).seen():
        if person.name.gap is None and person.name.get().lower() == user:
            return _Who(person.id, is_machine=False)
    return _Who("", is_machine=False)


def _doors(estate: Estate) -> _Doors:
    """Return the doors of every workspace as they were read.

    Raises:
        UnreadError: something was not read that decides who comes in.
    """
    workspaces = {str(w.id): {_HAS: w.private_access_id.get()} for w in estate.workspaces()}
    settings = {
        one.id: {
            "public_access_enabled": one.public_access.get(),
            "private_access_level": one.level.get(),
            "allowed_vpc_endpoint_ids": one.allowed_endpoints.get(),
        }
        for one in estate.of(PRIVATE_ACCESS).each()
    }
    bound = {workspace: _bound(estate, workspace) for workspace in workspaces}
    policies = {
        one.id: {"ingress": one.ingress.get(), **known(egress=one.egress)}
        for one in (estate.of(NETWORK_POLICIES).each() if any(bound.values()) else ())
    }
    return _Doors(workspaces, settings, policies, bound)


def _bound(estate: Estate, workspace: str) -> str | None:
    """Return the network policy of a workspace; in tiers that have none, None."""
    try:
        return estate.need(WORKSPACE_NETWORK, workspace).policy_id.get()
    except UnreadError as error:
        if error.gap.cause is Cause.DISABLED:
            return None
        raise


def _is_about(change: Change) -> bool:
    values: Mapping[str, Any] = {**(change.before or {}), **(change.after or {})}
    kind = change.target.kind
    return (
        kind == _SETTINGS
        or (kind == _POLICY and any(not place.startswith("/egress") for place in values))
        or (kind == _WORKSPACE and f"/{_HAS}" in values)
    )


_NEEDS: Final[tuple[Need, ...]] = (
    WORKSPACES.need(),
    PRIVATE_ACCESS.need(),
    NETWORK_POLICIES.need(),
    WORKSPACE_NETWORK.need(),
    ACCOUNT_USERS.need(),
    ACCOUNT_SERVICE_PRINCIPALS.need(),
    *exits.NEEDS,
)
GUARD: Final = Guard(NAME, _refuse, _is_about, _NEEDS)

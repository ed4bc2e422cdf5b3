"""The three ways to shut a workspace's front door, any of which is enough.

IP access lists ask for the address, a network policy for address and identity, and private access
settings close the public way. Each has a control of its own; a way that is not used is no failure
of its control where another one does the work.
"""

from __future__ import annotations

from typing import Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    any_of,
    disabled,
    expect,
    observe,
    violated,
)
from lakewarden.controls.kit.control import Context
from lakewarden.estate.access import IP_LISTS, WORKSPACE_CONF
from lakewarden.estate.account import PRIVATE_ACCESS, WORKSPACE_NETWORK, Workspace
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.perimeter import NETWORK_POLICIES, NetworkPolicy
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.ingress import open_rules
from lakewarden.semantics.ip_lists import allowed_networks, too_wide

FRONT_DOOR: Final = (
    WORKSPACE_CONF.need("enableIpAccessLists"),
    IP_LISTS.need(),
    NETWORK_POLICIES.need(),
    WORKSPACE_NETWORK.need(),
    PRIVATE_ACCESS.need(),
)
"""What must be collected to judge all three."""


def lists_guard(workspace: Workspace, at: Context) -> Condition:
    """Require that the lists are on and that the enabled allow lists name narrow networks."""
    return all_of(_switched_on(workspace, at), lambda: _narrow(workspace, at))


def lists_used(workspace: Workspace, at: Context) -> bool:
    """Return whether the lists are on and an allow list names an address.

    Raises:
        UnreadError: that is not known.
    """
    switch = at.estate.conf(workspace, "enableIpAccessLists").get()
    return switch == "true" and bool(_networks(workspace, at))


def policy_guards(workspace: Workspace, at: Context) -> Condition:
    """Require that the network policy restricts public access to narrow rules."""
    try:
        policy = policy_of(workspace, at)
    except UnreadError as error:
        if not disabled(error.gap):
            raise
        evidence = Evidence(error.gap.source, "ingress", error.gap.detail, "a network policy")
        return violated("the tier has no network policies", evidence)
    return all_of(_restricts(policy), lambda: _narrow_rules(policy))


def policy_of(workspace: Workspace, at: Context) -> NetworkPolicy:
    """Return the network policy that a workspace has.

    Raises:
        UnreadError: it or the assignment was not read.
    """
    policy_id = at.estate.need(WORKSPACE_NETWORK, workspace.id).policy_id.get()
    return at.estate.need(NETWORK_POLICIES, policy_id)


def private_only(workspace: Workspace, at: Context) -> Condition:
    """Require that the workspace answers private connections alone."""
    fact = workspace.private_access_id
    settings_id = fact.get()
    if settings_id is None:
        evidence = Evidence(fact.source, fact.field, None, "private access settings")
        return violated("the workspace has no private access settings", evidence)
    return expect(
        at.estate.need(PRIVATE_ACCESS, settings_id).public_access,
        lambda value: value is False,
        expected="false",
        otherwise="the workspace also answers the public internet",
    )


def shut(workspace: Workspace, at: Context) -> Condition:
    """Require one of the three ways."""
    return any_of(
        lambda: private_only(workspace, at),
        lambda: lists_guard(workspace, at),
        lambda: policy_guards(workspace, at),
    )


def or_else(mine: Condition, others: Condition) -> Judgement:
    """Judge a way that is not used: another one excuses it, and without any it is a failure."""
    if others.met:
        return NotApplicable(
            "another way keeps strangers out, so this one need not", others.evidence
        )
    return any_of(mine, others)


def _switched_on(workspace: Workspace, at: Context) -> Condition:
    return expect(
        at.estate.conf(workspace, "enableIpAccessLists"),
        lambda value: value == "true",
        expected="true",
        otherwise="IP access lists are switched off",
    )


def _networks(workspace: Workspace, at: Context) -> list[str]:
    return allowed_networks(at.estate.of(IP_LISTS, workspace).each())


def _narrow(workspace: Workspace, at: Context) -> Condition:
    networks = _networks(workspace, at)
    evidence = Evidence(
        IP_LISTS.source, "ip_access_lists", networks, "at least one network, none wider than /8"
    )
    if not networks:
        return violated("no enabled ALLOW list names an address", evidence)
    wide = too_wide(networks)
    return observe(not wide, evidence, otherwise=f"the ALLOW lists admit {', '.join(wide)}")


def _restricts(policy: NetworkPolicy) -> Condition:
    return expect(
        policy.public_access,
        lambda value: value == "RESTRICTED_ACCESS",
        expected="RESTRICTED_ACCESS",
        otherwise=f"network policy {policy.id} does not restrict public access: {{value}}",
    )


def _narrow_rules(policy: NetworkPolicy) -> Condition:
    wide = open_rules(policy.public_rules.get())
    fact = policy.public_rules
    shown = wide or "no rule for everybody from everywhere"
    evidence = Evidence(fact.source, fact.field, shown, "known networks or selected identities")
    otherwise = f"network policy {policy.id} admits everybody: {', '.join(wide)}"
    return observe(not wide, evidence, otherwise=otherwise)

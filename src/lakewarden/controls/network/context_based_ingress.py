"""A network policy can weigh a request by its address, its identity and what it wants, for the
workspace and its apps alike, which IP access lists cannot. It lets in what a rule names and
nothing else; a rule for everybody from everywhere, or a policy that only logs, keeps nobody out.

A workspace that answers private connections alone, or whose IP access lists are narrow, needs no
such policy; a restricting policy that it has all the same must not admit everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, any_of
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.front_door import (
    FRONT_DOOR,
    lists_guard,
    or_else,
    policy_guards,
    policy_of,
    private_only,
)
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.network_policy_wishes import restrict_ingress
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="context-based-ingress",
    title="The network policy admits known networks or selected identities only",
    paper=("P06",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=FRONT_DOOR,
    fix=Fix(
        "Give the workspace a network policy whose ingress restricts public access, with allow "
        "rules for your networks, which network.admitted_networks names; try it as a dry run "
        "first, which protects nothing yet.",
        console="Account console > Security > Networking > Context-based ingress & egress control "
        "> the workspace's policy > Ingress > Public access.",
        api="PUT /api/2.0/accounts/{account_id}/network-policies/{network_policy_id} with "
        '"ingress": {"public_access": {"restriction_mode": "RESTRICTED_ACCESS", "allow_rules": '
        '[{"origin": {"included_ip_ranges": {"ip_ranges": ["198.51.100.0/24"]}}}]}} beside egress.',
        terraform="databricks_account_network_policy with ingress.public_access.restriction_mode "
        '= "RESTRICTED_ACCESS" and allow_rules; databricks_workspace_network_option.',
        breaks="Requests that no rule names are refused in every workspace with this policy: "
        "people off the VPN, partners' tools and apps with visitors from outside.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "decides by network and identity who is let in before any password or token counts",
            Relation.SUBSET,
            nist="AC-3 AC-17 AC-17(3) SC-7(5)",
            soc2="CC6.6",
            pci="1.4.2 7.3.3",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.20",
            ccm="IVS-03 IAM-16",
            attack="T1078.004 T1550.001",
        ),
        *also(
            "asks whether ingress is restricted too, and counts no dry run as a restriction",
            sat="NS-12",
        ),
        *also(
            "closes the public way into the workspace to all but those whom a rule names",
            cis_databricks="2.1.10",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Public access is restricted to narrow rules; no restriction is excused by another way."""
    mine = policy_guards(workspace, at)
    if mine.met is not False or _restricts(workspace, at):
        return mine
    others = any_of(
        lambda: private_only(workspace, at),
        lambda: lists_guard(workspace, at),
    )
    return or_else(mine, others)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Rules for everybody from everywhere admit what the policy file names, and no more."""
    yield restrict_ingress(workspace, at)


def _restricts(workspace: Workspace, at: Context) -> bool:
    return policy_of(workspace, at).public_access.get() == "RESTRICTED_ACCESS"


def _estate(*rules: dict[str, Any], mode: str | None = None, **changes: Any) -> MemorySnapshot:
    restricted = {"restriction_mode": mode or "RESTRICTED_ACCESS", "allow_rules": list(rules)}
    kinds: dict[str, Any] = {
        "network_policies": [
            {"network_policy_id": "p1", "ingress": {"public_access": restricted}},
        ],
        "workspace_network": [{"workspace_id": 1, "network_policy_id": "p1"}],
        "private_access": [{"private_access_settings_id": "s1", "public_access_enabled": False}],
        "workspace_conf": {"enableIpAccessLists": None},
        "ip_lists": [],
    }
    return given(**{**kinds, **changes})


def _from(*networks: str, who: str = "ALL_USERS") -> dict[str, Any]:
    return {
        "label": "office",
        "origin": {"included_ip_ranges": {"ip_ranges": list(networks)}},
        "authentication": {"identity_type": f"IDENTITY_TYPE_{who}"},
    }


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, excused and unread."""
    office, anywhere = _from("198.51.100.0/24"), {"origin": {"all_ip_ranges": True}}
    yield passes("one office network", _estate(office))
    yield passes("no rule lets anybody in", _estate())
    selected = {**anywhere, "authentication": _from(who="SELECTED_IDENTITIES")["authentication"]}
    yield passes("selected identities from anywhere", _estate(office, selected))
    yield fails("everybody from anywhere", _estate(office, anywhere))
    halves = (_from("0.0.0.0/1"), _from("128.0.0.0/1"))
    yield fails("the internet in two rules", _estate(*halves))
    ours = Policy(admitted_networks=("198.51.100.0/24",))
    yield fails("the same, and the policy file names networks", _estate(*halves), ours)
    yield fails("no restriction, and networks are named", _estate(mode="FULL_ACCESS"), ours)
    robots = {**anywhere, "authentication": _from(who="ALL_SERVICE_PRINCIPALS")["authentication"]}
    yield fails("every service principal from anywhere", _estate(robots))
    spared = {"origin": {"excluded_ip_ranges": {"ip_ranges": ["203.0.113.0/24"]}}}
    yield fails("all but one network", _estate(spared))
    yield fails("no restriction and nothing else", _estate(mode="FULL_ACCESS"))
    dry = [{"network_policy_id": "p1", "ingress_dry_run": {"public_access": {}}}]
    yield fails("only a dry run", _estate(network_policies=dry))
    private: dict[str, Any] = {"workspace": {"private_access_settings_id": "s1"}}
    yield exempt("private connections alone", _estate(mode="FULL_ACCESS", **private))
    yield fails("private, yet a rule admits everybody", _estate(anywhere, **private))
    allow = {"list_id": "1", "list_type": "ALLOW", "ip_addresses": ["10.0.0.1"], "enabled": True}
    allowed: dict[str, Any] = {"ip_lists": [{**allow, "label": "x"}]}
    on = {"enableIpAccessLists": "true"}
    yield exempt("IP access lists", _estate(mode="FULL_ACCESS", workspace_conf=on, **allowed))
    yield unclear("a rule without an origin", _estate({"label": "x"}))
    yield unclear("policies may not be read", _estate(network_policies=refused()))
    unread = _estate(mode="FULL_ACCESS", workspace_conf=refused(), **allowed)
    yield unclear("no restriction, and the lists may not be read", unread)
    gone = refused(Cause.DISABLED, "not available in the pricing tier")
    yield exempt("no policies in the tier", _estate(workspace_network=gone))
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))

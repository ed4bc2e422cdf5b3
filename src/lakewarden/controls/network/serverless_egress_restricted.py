"""Serverless compute runs outside your network, so neither your firewall nor your endpoints see
what it sends. A network policy is the only wall around it. A policy that merely logs, or the
default one that allows all, lets a notebook post a table to any address there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, all_of, expect
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.destination_wishes import adding, wanted_domains
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.front_door import policy_of
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.network_policy_wishes import ACCESS, policy_wish
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import WORKSPACE_NETWORK, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.perimeter import NETWORK_POLICIES
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="serverless-egress-restricted",
    title="Serverless compute connects to listed destinations only",
    paper=("P11",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(NETWORK_POLICIES.need(), WORKSPACE_NETWORK.need()),
    fix=Fix(
        "Assign the workspace a network policy with restriction_mode RESTRICTED_ACCESS and the "
        "destinations of network.allowed_destinations. Run it in DRY_RUN until its log shows "
        "nothing you need, then set enforcement_mode to ENFORCED.",
        console="Account console > Security > Networking > Context-based ingress & egress "
        "control: a policy with restricted access, then attach it to the workspace.",
        api="PUT /api/2.0/accounts/{account_id}/network-policies/{network_policy_id} with "
        '"egress": {"network_access": {"restriction_mode": "RESTRICTED_ACCESS", '
        '"policy_enforcement": {"enforcement_mode": "ENFORCED"}}}; PUT '
        "/api/2.0/accounts/{account_id}/workspaces/{id}/network.",
        terraform="databricks_account_network_policy with egress.network_access.restriction_mode "
        '= "RESTRICTED_ACCESS", and databricks_workspace_network_option.',
        breaks="Notebooks, jobs, models and warehouses on serverless compute lose every "
        "destination that no allow list names, package indexes among them.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "lets serverless compute connect to nothing that no rule names",
            Relation.SUBSET,
            nist="AC-4 SC-7(5) CM-7",
            soc2="CC6.6 CC6.7",
            pci="1.3.2",
            hipaa="164.312(e)(1)",
            iso="A.8.12 A.8.20 A.8.23",
            ccm="IVS-03 UEM-11",
            dasf="DASF-65",
            attack="T1048 T1537",
        ),
        *also(
            "wants the same: a policy that restricts and is enforced", Relation.EQUAL, sat="NS-9"
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The policy that the workspace has restricts, and does more than log."""
    policy_id = at.estate.need(WORKSPACE_NETWORK, workspace.id).policy_id.get()
    policy = at.estate.need(NETWORK_POLICIES, policy_id)
    return all_of(
        expect(
            policy.restriction,
            lambda value: value == "RESTRICTED_ACCESS",
            expected="RESTRICTED_ACCESS",
            otherwise=f"network policy {policy_id} grants {{value}}",
        ),
        expect(
            policy.enforcement,
            lambda value: value == "ENFORCED",
            expected="ENFORCED",
            otherwise=f"network policy {policy_id} is in mode {{value}}",
        ),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """The policy restricts and is enforced, and all that is wanted is allowed before it is.

    A policy that restricts and only logs may stand as it is where the file wants nothing more.
    """
    policy = policy_of(workspace, at)
    edits: dict[str, Any] = {
        f"{ACCESS}/restriction_mode": "RESTRICTED_ACCESS",
        f"{ACCESS}/policy_enforcement/enforcement_mode": "ENFORCED",
    }
    if policy.restriction.get() != "RESTRICTED_ACCESS" or at.policy.allowed_destinations:
        edits[f"{ACCESS}/allowed_internet_destinations"] = adding(wanted_domains(policy, at))
    yield policy_wish(policy, at, edits)


def _estate(policies: Items, *, network: Items | None = None) -> MemorySnapshot:
    assigned = [{"workspace_id": 1, "network_policy_id": "default-policy"}]
    return given(network_policies=policies, workspace_network=network or assigned)


def _policy(restriction: str, enforcement: str | None) -> list[dict[str, Any]]:
    access: dict[str, Any] = {"restriction_mode": restriction}
    if enforcement:
        access["policy_enforcement"] = {"enforcement_mode": enforcement}
    return [{"network_policy_id": "default-policy", "egress": {"network_access": access}}]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    good = _policy("RESTRICTED_ACCESS", "ENFORCED")
    yield passes("restricted and enforced", _estate(good))
    yield fails("everything allowed", _estate(_policy("FULL_ACCESS", None)))
    yield fails("logged only", _estate(_policy("RESTRICTED_ACCESS", "DRY_RUN")))
    yield fails("enforcing that everything is allowed", _estate(_policy("FULL_ACCESS", "ENFORCED")))
    yield unclear("the mode is missing", _estate(_policy("RESTRICTED_ACCESS", None)))
    yield unclear("policies may not be read", _estate(refused()))
    yield unclear("the assignment may not be read", _estate(good, network=refused()))
    yield unclear("the assigned policy was not listed", _estate([]))
    gone = refused(Cause.DISABLED, "not available in the pricing tier")
    yield exempt("the tier has no network policies", _estate(gone, network=gone))
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))

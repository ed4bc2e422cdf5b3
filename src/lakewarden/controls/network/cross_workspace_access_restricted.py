"""Workspaces are split so that a breach of one stays there. Serverless compute of one workspace may
still call the API of another with a stolen token, from inside the platform, where no IP access list
looks. A network policy can close that door and name the few workspaces that may use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect, observe
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
from lakewarden.controls.kit.front_door import policy_of
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.network_policy_wishes import policy_wish
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import WORKSPACE_NETWORK, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.perimeter import NETWORK_POLICIES, NetworkPolicy
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.semantics.ingress import any_workspace

CONTROL = Control(
    id="cross-workspace-access-restricted",
    title="Other workspaces reach this one only where a rule names them",
    paper=("P11", "P22"),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORK_POLICIES.need(), WORKSPACE_NETWORK.need()),
    fix=Fix(
        "Set cross_workspace_access of the workspace's network policy to RESTRICTED_ACCESS and "
        "name the workspaces that must call this one in allow rules.",
        console="Account console > Security > Networking > Context-based ingress & egress control "
        "> the workspace's policy > Ingress > Cross-workspace access.",
        api="PUT /api/2.0/accounts/{account_id}/network-policies/{network_policy_id} with "
        '"ingress": {"cross_workspace_access": {"restriction_mode": "RESTRICTED_ACCESS"}} beside '
        "the rest of the policy.",
        terraform="databricks_account_network_policy with "
        'ingress.cross_workspace_access.restriction_mode = "RESTRICTED_ACCESS".',
        breaks="Jobs on serverless compute of other workspaces that call this one's API are "
        "refused until a rule names their workspace.",
    ),
    tier=Tier.ENTERPRISE,
    maps=also(
        "keeps one workspace's serverless compute from calling another without a rule",
        Relation.SUBSET,
        nist="AC-4 SC-7(5) SC-7(21)",
        soc2="CC6.1",
        pci="1.4.2",
        hipaa="164.308(a)(4)(i)",
        iso="A.8.22 A.8.31",
        ccm="IVS-03 IVS-06",
        dasf="DASF-62",
        attack="T1550.001 T1213",
    ),
)

_MODE: Final = "/ingress/cross_workspace_access/restriction_mode"


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The policy restricts, and no allow rule names every workspace of the account."""
    policy = policy_of(workspace, at)
    return all_of(
        expect(
            policy.cross_workspace,
            lambda value: value == "RESTRICTED_ACCESS",
            expected="RESTRICTED_ACCESS",
            otherwise=f"network policy {policy.id} does not restrict other workspaces: {{value}}",
        ),
        lambda: _named(policy),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """The policy restricts; which workspaces a rule for all of them is meant for, a person says."""
    policy = policy_of(workspace, at)
    wide = any_workspace(policy.cross_workspace_rules.get())
    if wide:
        raise CannotPlanError(
            f"name the workspaces that {', '.join(wide)} of network policy {policy.id} is for"
        )
    yield policy_wish(policy, at, {_MODE: "RESTRICTED_ACCESS"})


def _named(policy: NetworkPolicy) -> Condition:
    fact = policy.cross_workspace_rules
    wide = any_workspace(fact.get())
    evidence = Evidence(fact.source, fact.field, wide, "no rule for all source workspaces")
    otherwise = f"network policy {policy.id} admits every workspace: {', '.join(wide)}"
    return observe(not wide, evidence, otherwise=otherwise)


def _estate(mode: str | None, *origins: dict[str, Any] | None) -> MemorySnapshot:
    rules = [{"label": "x", "origin": origin} for origin in origins]
    access = {"restriction_mode": mode, "allow_rules": rules}
    policy = {"network_policy_id": "p1", "ingress": {"cross_workspace_access": access}}
    assigned = [{"workspace_id": 1, "network_policy_id": "p1"}]
    return given(network_policies=[policy], workspace_network=assigned)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    named = {"selected_workspaces": {"workspace_ids": [2]}}
    yield passes("nobody", _estate("RESTRICTED_ACCESS"))
    yield passes("one other workspace", _estate("RESTRICTED_ACCESS", named))
    everyone = {"all_source_workspaces": True}
    yield fails("a rule for every workspace", _estate("RESTRICTED_ACCESS", named, everyone))
    yield fails("everything allowed", _estate("FULL_ACCESS"))
    yield fails("as it was before policies", _estate("LEGACY_MODE"))
    yield fails("never set", _estate(None))
    yield unclear("a rule without an origin", _estate("RESTRICTED_ACCESS", None))
    unread = given(network_policies=refused(), workspace_network=refused())
    yield unclear("policies may not be read", unread)
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))

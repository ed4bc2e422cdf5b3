"""A served model answers whoever holds a token, from wherever the workspace answers. An agent or a
model that reads company data is worth stealing a token for, and its calls look like ordinary
traffic. So a workspace that serves models must keep strangers out before they can try.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.admission import workspace_lists
from lakewarden.controls.kit.condition import Judgement, NotApplicable
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
from lakewarden.controls.kit.front_door import FRONT_DOOR, shut
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.perimeter import SERVING_ENDPOINTS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="model-endpoints-guarded",
    title="A workspace that serves models keeps strangers out",
    paper=("P06", "P07"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(SERVING_ENDPOINTS.need(), *FRONT_DOOR),
    fix=Fix(
        "Close the public way to the workspace by private access settings, by narrow IP access "
        "lists or by a network policy, before it serves models.",
        console="Account console > Cloud resources > Network > Private access settings, or "
        "Security > Networking for a network policy.",
        api='PATCH /api/2.0/workspace-conf {"enableIpAccessLists": "true"} after creating an '
        "ALLOW list, or PUT /api/2.0/accounts/{account_id}/private-access-settings/{id} with "
        '"public_access_enabled": false.',
        terraform="databricks_ip_access_list with databricks_workspace_conf, or "
        "databricks_mws_private_access_settings with public_access_enabled = false.",
        breaks="Applications that call the models from other networks are refused until their "
        "addresses are listed or they connect privately.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "keeps strangers from calling models even with a stolen token",
            Relation.SUBSET,
            nist="AC-3 SC-7 SC-7(5)",
            soc2="CC6.1 CC6.6",
            pci="1.4.2",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.20",
            ccm="IVS-03 IAM-16",
            dasf="DASF-3 DASF-4 DASF-64",
            attack="T1550.001",
        ),
        *also("asks too whether a workspace that serves models is shut", sat="NS-7"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """A workspace with model endpoints is shut in one of the three ways."""
    endpoints = at.estate.of(SERVING_ENDPOINTS, workspace)
    if next(iter(endpoints.seen()), None) is None:
        list(endpoints.each())
        evidence = Evidence(SERVING_ENDPOINTS.source, "endpoints", 0, "a model that is served")
        return NotApplicable("the workspace serves no models", (evidence,))
    return shut(workspace, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Narrow IP access lists: of the three ways, the one that shuts out no other workspace."""
    return workspace_lists(workspace, at)


def _estate(endpoints: Items, switch: Any = None, **changes: Any) -> MemorySnapshot:
    allow = {"list_id": "1", "label": "x", "list_type": "ALLOW", "enabled": True}
    kinds: dict[str, Any] = {
        "serving_endpoints": endpoints,
        "workspace_conf": {"enableIpAccessLists": switch},
        "ip_lists": [{**allow, "ip_addresses": ["198.51.100.0/24"]}],
        "network_policies": [{"network_policy_id": "p1"}],
        "workspace_network": [{"workspace_id": 1, "network_policy_id": "p1"}],
        "private_access": [{"private_access_settings_id": "s1", "public_access_enabled": False}],
    }
    return given(**{**kinds, **changes})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show each way to be shut, open doors, unread and out of scope."""
    model = [{"name": "churn"}]
    yield passes("IP access lists", _estate(model, "true"))
    private = {"private_access_settings_id": "s1"}
    yield passes("private connections alone", _estate(model, workspace=private))
    rules = {"public_access": {"restriction_mode": "RESTRICTED_ACCESS"}}
    policy = [{"network_policy_id": "p1", "ingress": rules}]
    yield passes("a network policy", _estate(model, network_policies=policy))
    yield fails("none of the three", _estate(model))
    unread = _estate(model, network_policies=refused())
    yield unclear("no lists, and policies may not be read", unread)
    yield unclear("endpoints may not be read", _estate(refused(), "true"))
    yield exempt("no models", _estate([]))
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))

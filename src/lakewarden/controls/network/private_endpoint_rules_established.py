"""Serverless compute reaches your databases and buckets through private endpoints that you asked
for and somebody accepted. One that was rejected, expired or never accepted carries nothing, and the
usual repair is to open the public way instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
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
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.perimeter import CONNECTIVITY_RULES, PrivateEndpointRule
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="private-endpoint-rules-established",
    title="Every private endpoint of serverless compute is established and enabled",
    paper=("P07",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(CONNECTIVITY_RULES.need(),),
    fix=Fix(
        "Accept the pending connections at the endpoint service, and delete the rules that were "
        "rejected, expired or are not used any more.",
        console="Account console > Security > Networking > Network connectivity configurations > "
        "Private endpoint rules; VPC console > Endpoint services > Accept the connection.",
        api='EC2 AcceptVpcEndpointConnections {"ServiceId": "vpce-svc-...", "VpcEndpointIds": '
        '["vpce-..."]}; DELETE /api/2.0/accounts/{account_id}/network-connectivity-configs/'
        "{id}/private-endpoint-rules/{rule_id}.",
        terraform="databricks_mws_ncc_private_endpoint_rule, and "
        "aws_vpc_endpoint_connection_accepter at the service.",
        breaks="Nothing by accepting; a deleted rule takes its connection away from every "
        "workspace that shares the configuration.",
        no_api="The owner of the service must accept the connection; whether one that was "
        "refused is still wanted, only a person knows.",
    ),
    tier=Tier.ENTERPRISE,
    maps=also(
        "tells which private connections of serverless compute really carry the traffic",
        nist="AC-4 SC-7 CA-9 CM-6",
        soc2="CC6.6 CC6.7",
        hipaa="164.312(e)(1)",
        iso="A.8.9 A.8.20 A.8.21",
        ccm="IVS-03",
        dasf="DASF-4",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Each rule of the workspace's connectivity configuration is ESTABLISHED and enabled."""
    fact = workspace.connectivity_id
    config_id = fact.get()
    if config_id is None:
        evidence = Evidence(fact.source, fact.field, None, "a connectivity configuration")
        return NotApplicable("the workspace has no connectivity configuration", (evidence,))
    rules = at.estate.need(CONNECTIVITY_RULES, config_id).rules
    shown = [f"{_name(rule)}: {_state(rule)}" for rule in rules.get()]
    evidence = Evidence(rules.source, rules.field, shown, "ESTABLISHED and enabled")
    if not shown:
        return NotApplicable("serverless compute has no private endpoints", (evidence,))
    broken = [text for text in shown if not text.endswith(": ESTABLISHED")]
    otherwise = f"private endpoints do not work: {', '.join(broken)}"
    return observe(not broken, evidence, otherwise=otherwise)


def _name(rule: PrivateEndpointRule) -> str:
    return rule.endpoint_service or rule.rule_id


def _state(rule: PrivateEndpointRule) -> str:
    return rule.connection_state if rule.enabled else f"{rule.connection_state}, disabled"


def _estate(*rules: dict[str, Any]) -> MemorySnapshot:
    return given(
        workspace={"network_connectivity_config_id": "c1"},
        connectivity_rules=[{"network_connectivity_config_id": "c1", "items": list(rules)}],
    )


def _rule(state: str | None = "ESTABLISHED", *, enabled: bool | None = True) -> dict[str, Any]:
    whole = {"rule_id": "r1", "connection_state": state, "enabled": enabled}
    return {key: value for key, value in whole.items() if value is not None}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    yield passes("one that works", _estate(_rule()))
    yield fails("one of two is pending", _estate(_rule(), _rule("PENDING")))
    yield fails("rejected", _estate(_rule("REJECTED")))
    yield fails("switched off", _estate(_rule(enabled=False)))
    yield unclear("its state is missing", _estate(_rule(None)))
    yield unclear("whether it is enabled is missing", _estate(_rule(enabled=None)))
    config = {"network_connectivity_config_id": "c1"}
    unread = given(workspace=config, connectivity_rules=refused())
    yield unclear("rules may not be read", unread)
    yield exempt("no rules", _estate())
    yield exempt("no configuration", given(connectivity_rules=[]))
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))

"""Clusters call the control plane all day with credentials that open it. Over the public internet
that needs a way out of the network, and the same way out serves data theft. With a private back
end the calls stay on the provider's network, and the way out can be closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    expect,
    violated,
)
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import in_own_network
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, REGISTERED_ENDPOINTS, Network, Workspace
from lakewarden.estate.fact import Fact
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="private-link-back-end",
    title="Clusters reach the control plane through private connections",
    paper=("P07",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), REGISTERED_ENDPOINTS.need()),
    fix=Fix(
        "Create VPC endpoints for the REST API and for the relay, register both with the "
        "account and give the workspace a network configuration that names them.",
        console="VPC console > Endpoints > Create; account console > Cloud resources > Network > "
        "VPC endpoint registrations, then a network configuration with Back-end private "
        "connectivity.",
        api='POST /api/2.0/accounts/{account_id}/vpc-endpoints {"vpc_endpoint_name": "...", '
        '"aws_vpc_endpoint_id": "vpce-...", "region": "..."} for both, then POST .../networks '
        'with "vpc_endpoints": {"rest_api": [...], "dataplane_relay": [...]} and PATCH the '
        "workspace's network_id.",
        terraform="aws_vpc_endpoint and databricks_mws_vpc_endpoint for each, and vpc_endpoints "
        "{ rest_api, dataplane_relay } in databricks_mws_networks.",
        breaks="Clusters must be stopped for the new network; endpoints with shut ports or "
        "without private names keep them from starting.",
        no_api="It takes endpoints and a new network configuration, and a workspace takes that "
        "only while none of its clusters runs.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "keeps calls between clusters and control plane off the public internet",
            Relation.SUBSET,
            nist="AC-4 SC-7 SC-7(4) SC-8",
            soc2="CC6.6 CC6.7",
            pci="1.4.1",
            hipaa="164.312(e)(1)",
            iso="A.5.14 A.8.20 A.8.21",
            ccm="IVS-03 DSP-10",
            dasf="DASF-4",
            attack="T1040",
        ),
        *also(
            "asks for private connections as well, here from the clusters' side",
            cis_databricks="2.1.11",
        ),
    ),
)

_REST: Final = frozenset({"GENERAL_ACCESS", "WORKSPACE_ACCESS"})
_RELAY: Final = frozenset({"DATAPLANE_RELAY_ACCESS"})


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The network names working endpoints of the right kind for the API and for the relay."""
    return in_own_network(workspace, at, lambda network: _sound(network, at))


def _sound(network: Network, at: Context) -> Judgement:
    return all_of(
        lambda: _linked(network.rest_endpoints, _REST, "REST API", at),
        lambda: _linked(network.relay_endpoints, _RELAY, "relay", at),
    )


def _linked(ids: Fact[tuple[str, ...]], uses: frozenset[str], what: str, at: Context) -> Condition:
    if not ids.get():
        evidence = Evidence(ids.source, ids.field, [], f"an endpoint for the {what}")
        return violated(f"the network has no endpoint for the {what}", evidence)
    return all_of(*(lambda i=i: _works(i, uses, what, at) for i in ids.get()))


def _works(identity: str, uses: frozenset[str], what: str, at: Context) -> Condition:
    endpoint = at.estate.find(REGISTERED_ENDPOINTS, identity)
    if endpoint is None:
        source = REGISTERED_ENDPOINTS.source
        evidence = Evidence(source, "vpc_endpoint_id", None, f"endpoint {identity}")
        return violated(f"endpoint {identity} is not registered", evidence)
    return all_of(
        expect(
            endpoint.use_case,
            lambda value: value in uses,
            expected=" or ".join(sorted(uses)),
            otherwise=f"endpoint {identity} for the {what} is for {{value}}",
        ),
        expect(
            endpoint.state,
            lambda value: value.lower() == "available",
            expected="available",
            otherwise=f"endpoint {identity} for the {what} is {{value}}",
        ),
    )


def _estate(
    endpoints: Items, rest: tuple[str, ...] = ("e1",), relay: tuple[str, ...] = ("e2",)
) -> MemorySnapshot:
    links = {"rest_api": list(rest), "dataplane_relay": list(relay)}
    return given(
        workspace={"network_id": "n1"},
        networks=[{"network_id": "n1", "vpc_endpoints": links}],
        registered_endpoints=endpoints,
    )


def _endpoints(state: str = "available", **use: str) -> list[dict[str, object]]:
    cases = {"e1": "GENERAL_ACCESS", "e2": "DATAPLANE_RELAY_ACCESS", **use}
    return [{"vpc_endpoint_id": i, "use_case": c, "state": state} for i, c in cases.items()]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    yield passes("both endpoints work", _estate(_endpoints()))
    yield passes("the newer use case", _estate(_endpoints(e1="WORKSPACE_ACCESS")))
    yield fails("no endpoint for the relay", _estate(_endpoints(), relay=()))
    yield fails("one endpoint for both", _estate(_endpoints(), relay=("e1",)))
    yield fails("still pending", _estate(_endpoints("pendingAcceptance")))
    yield fails("not registered", _estate([]))
    yield fails("a network that Databricks manages", given(registered_endpoints=[]))
    yield unclear("endpoints may not be read", _estate(refused()))
    elsewhere = given(workspace={"network_id": "n1"}, networks=refused(), registered_endpoints=[])
    yield unclear("networks may not be read", elsewhere)
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))

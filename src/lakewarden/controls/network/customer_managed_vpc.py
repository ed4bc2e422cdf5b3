"""In a network that Databricks manages, nobody can add a firewall, watch the traffic or close a
way out. In your own you can, as long as the machines in it have no public addresses: one such
address makes a cluster reachable from the internet and lets it reach anything there directly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    expect,
    observe,
)
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import in_own_network, network_of
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import SUBNETS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="customer-managed-vpc",
    title="Clusters run in your own VPC, in private subnets of two zones",
    paper=("P10",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), SUBNETS.need()),
    fix=Fix(
        "Register your VPC as a network configuration with private subnets in two zones. "
        "A workspace that was made without one cannot change: make a new one and move.",
        console="Account console > Cloud resources > Network > Add network configuration; choose "
        "it when the workspace is created.",
        api='POST /api/2.0/accounts/{account_id}/networks {"network_name": "...", "vpc_id": '
        '"vpc-...", "subnet_ids": [...], "security_group_ids": [...]}, then PATCH '
        '/api/2.0/accounts/{account_id}/workspaces/{id} {"network_id": "..."}.',
        terraform="databricks_mws_networks with vpc_id, subnet_ids and security_group_ids, and "
        "network_id in databricks_mws_workspaces; aws_subnet with map_public_ip_on_launch = "
        "false.",
        breaks="A workspace without a network of its own must be built anew and moved; changing "
        "a network asks for all its clusters to be stopped.",
    ),
    maps=(
        *also(
            "puts clusters into private subnets whose traffic you govern yourself",
            Relation.SUBSET,
            nist="SC-7 SC-7(21) CM-6",
            soc2="CC6.6",
            pci="1.4.1 1.4.4",
            hipaa="164.312(a)(1)",
            iso="A.8.20 A.8.22",
            ccm="IVS-03 IVS-06",
            dasf="DASF-62",
        ),
        *also(
            "asks whether a network of your own is attached, and whether its subnets are private",
            Relation.SUPERSET,
            sat="NS-4",
        ),
        *also(
            "asks for a network of your own too, in the terms of another cloud",
            cis_databricks="2.1.1",
        ),
    ),
)

_LEAST: Final = 2


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """A valid network is attached, and its subnets are private and apart."""
    return in_own_network(workspace, at, lambda network: _sound(network, at))


def _sound(network: Network, at: Context) -> Judgement:
    return all_of(
        expect(
            network.status,
            lambda value: value == "VALID",
            expected="VALID",
            otherwise="Databricks found the network to be {value}",
        ),
        lambda: _private(network, at),
        lambda: _apart(network, at),
    )


def _private(network: Network, at: Context) -> Condition:
    def closed(subnet_id: str) -> Condition:
        return expect(
            at.estate.need(SUBNETS, subnet_id).maps_public_addresses,
            lambda value: value is False,
            expected="false",
            otherwise=f"subnet {subnet_id} gives machines public addresses",
        )

    return all_of(*(lambda s=s: closed(s) for s in network.subnet_ids.get()))


def _apart(network: Network, at: Context) -> Condition:
    ids = network.subnet_ids.get()
    zones = sorted({at.estate.need(SUBNETS, subnet_id).zone.get() for subnet_id in ids})
    expected = f"subnets in at least {_LEAST} zones"
    evidence = Evidence(SUBNETS.source, "AvailabilityZone", zones, expected)
    otherwise = f"the subnets lie in {', '.join(zones) or 'no zone'}; {_LEAST} zones are needed"
    return observe(len(zones) >= _LEAST, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Let subnets give new machines no public addresses; what has to be built is for people."""
    network = network_of(workspace, at)
    for identity in network.subnet_ids.get():
        if at.estate.need(SUBNETS, identity).maps_public_addresses.get():
            target = Target("subnet", AWS, f"{workspace.region.get()}/{identity}")
            place = "/MapPublicIpOnLaunch"
            yield Wish(target, identity, {place: True}, {place: False})
    if network.status.get() != "VALID" or not _apart(network, at).met:
        yield Step(
            f"Mend or replace the network {network.id} of the workspace: two subnets in two zones, "
            "both of them valid to Databricks.",
            "the account console shows the network as valid, with subnets in two zones",
        )


def _estate(subnets: Items, status: str = "VALID", count: int = 2) -> MemorySnapshot:
    ids = ["s1", "s2"][:count]
    return given(
        workspace={"network_id": "n1"},
        networks=[{"network_id": "n1", "vpc_status": status, "subnet_ids": ids}],
        subnets=subnets,
    )


def _subnets(*zones: str, public: bool = False) -> list[dict[str, object]]:
    return [
        {"SubnetId": f"s{n}", "AvailabilityZone": zone, "MapPublicIpOnLaunch": public and n == 1}
        for n, zone in enumerate(zones, 1)
    ]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    two = _subnets("us-east-1a", "us-east-1b")
    yield passes("private subnets in two zones", _estate(two))
    yield fails("a network that Databricks manages", given(networks=[], subnets=[]))
    yield fails("the network is broken", _estate(two, status="BROKEN"))
    yield fails("two subnets in one zone", _estate(_subnets("us-east-1a", "us-east-1a")))
    yield fails("one subnet", _estate(two, count=1))
    open_subnet = _subnets("us-east-1a", "us-east-1b", public=True)
    yield fails("one of two gives public addresses", _estate(open_subnet))
    yield unclear("subnets may not be read", _estate(refused()))
    yield unclear("one subnet was not found", _estate(two[:1]))
    nothing = given(workspace={"network_id": "n1"}, networks=refused(), subnets=two)
    yield unclear("networks may not be read", nothing)
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))

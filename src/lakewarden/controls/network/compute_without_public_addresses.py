"""A cluster machine with a public address can be reached from the internet and reaches it without
passing a NAT gateway or a firewall. Subnets say what new machines get; this looks at what the
running ones have, for an address can be given to a machine by hand or by an older network.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, NotApplicable, all_of, observe
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
from lakewarden.controls.kit.networks import in_own_network, own_network
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import INSTANCES, Instance
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="compute-without-public-addresses",
    title="No running cluster machine has a public address",
    paper=("P10",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), INSTANCES.need()),
    fix=Fix(
        "Switch the public addresses of the workspace's subnets off, restart the clusters, and "
        "release elastic addresses that were attached to cluster machines by hand.",
        console="VPC console > Subnets > Edit subnet settings > Enable auto-assign public IPv4 "
        "address off; EC2 console > Elastic IPs > Disassociate.",
        api='EC2 ModifySubnetAttribute {"SubnetId": "subnet-...", "MapPublicIpOnLaunch": '
        '{"Value": false}}; DisassociateAddress {"AssociationId": "eipassoc-..."}.',
        terraform="aws_subnet with map_public_ip_on_launch = false; no aws_eip_association for "
        "machines of Databricks.",
        breaks="Clusters without a NAT gateway or private endpoints lose the control plane and "
        "the internet when they restart.",
        no_api="A machine keeps the address that it was started with: mend the subnets, see "
        "customer-managed-vpc, and restart the clusters.",
        no_terraform="Machines of clusters are no resources of Terraform; their subnets are.",
    ),
    maps=(
        *also(
            "leaves machines that process data without an address that strangers can reach",
            Relation.SUBSET,
            nist="AC-4 SC-7 SC-7(3)",
            soc2="CC6.6",
            pci="1.4.2 1.4.4",
            hipaa="164.312(a)(1)",
            iso="A.8.20 A.8.22",
            ccm="IVS-03 IVS-09",
            attack="T1046 T1190",
        ),
        *also(
            "asks too whether clusters sit in a private network", sat="NS-4", cis_databricks="2.1.9"
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No instance that Databricks launched in the VPC has a public address."""
    return in_own_network(workspace, at, lambda network: _hidden(network, at), demanded=False)


def _hidden(network: Network, at: Context) -> Judgement:
    vpc = network.vpc_id.get()
    collection = at.estate.of(INSTANCES)
    public = {}
    for instance in collection.seen():
        if instance.vpc_id.get() == vpc and (address := _address(instance)):
            public[instance.id] = address
    count = 0
    if not public:
        count = sum(instance.vpc_id.get() == vpc for instance in collection.each())
    expected = "no public address"
    shown = [f"{identity}: {address}" for identity, address in sorted(public.items())]
    evidence = Evidence(INSTANCES.source, "PublicIpAddress", shown or f"none of {count}", expected)
    if not public and not count:
        return NotApplicable(f"no machine of Databricks runs in {vpc} now", (evidence,))
    otherwise = f"machines of Databricks in {vpc} have public addresses: {', '.join(shown)}"
    return all_of(observe(not public, evidence, otherwise=otherwise))


def _address(instance: Instance) -> str:
    """Return a public address, which EC2 tells in two places; empty when there is none."""
    found = [i.public.address for i in instance.interfaces.get() if i.public and i.public.address]
    return instance.public_address.get() or next(iter(found), "")


def _estate(*instances: dict[str, Any]) -> MemorySnapshot:
    return own_network(instances=list(instances))


def _instance(number: int = 1, vpc: str = "vpc-1", **changes: Any) -> dict[str, Any]:
    plain = {"InstanceId": f"i-{number}", "VpcId": vpc, "NetworkInterfaces": []}
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    address = {"PublicIpAddress": "203.0.113.9"}
    second = {"NetworkInterfaceId": "eni-1", "Association": {"PublicIp": "203.0.113.9"}}
    yield passes("a machine without one", _estate(_instance()))
    yield passes(
        "one elsewhere", _estate(_instance(), _instance(2, "vpc-2", PublicIpAddress="203.0.113.9"))
    )
    yield fails("one of two", _estate(_instance(), _instance(2, **address)))
    yield fails("at another interface", _estate(_instance(NetworkInterfaces=[second])))
    yield unclear("interfaces are missing", _estate(_instance(NetworkInterfaces=None)))
    yield unclear("instances may not be read", own_network(instances=refused()))
    yield exempt("nothing runs", _estate())
    yield exempt("a network that Databricks manages", given(networks=[], instances=[]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))

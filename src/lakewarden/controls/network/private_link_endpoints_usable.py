"""A private connection that is registered and does not work is worse than none: clusters cannot
start, and the quickest repair is to open a way to the internet, which then stays. The platform
knows that an endpoint is there; whether names lead to it and its ports are open only EC2 knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    any_of,
    expect,
    unknown,
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
from lakewarden.controls.kit.endpoint_ports import admits_clusters
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.group_mending import admitting, endpoint_of
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.networks import OWN, in_own_network, network_of, own_network
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import NETWORKS, REGISTERED_ENDPOINTS, Network, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import SECURITY_GROUPS, SUBNETS, VPC_ENDPOINTS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Step, Wish

_CSP: Final = "shield_csp_enablement_ws_db"
_REST_PORTS: Final = (443, *range(8443, 8452))
_RELAY_PORTS: Final = (6666,)
_COMPLIANT_PORT: Final = 2443
"""The relay's port where the compliance security profile asks for validated encryption."""

CONTROL = Control(
    id="private-link-endpoints-usable",
    title="The private connections to the control plane answer the clusters",
    paper=("P07",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(
        NETWORKS.need(),
        REGISTERED_ENDPOINTS.need(),
        VPC_ENDPOINTS.need(),
        SECURITY_GROUPS.need(),
        SUBNETS.need(),
        WORKSPACE_SETTINGS.need(_CSP),
    ),
    fix=Fix(
        "Switch private DNS names of the endpoints on, and let the clusters' security group "
        "reach ports 443 and 8443-8451 of the REST endpoint and 6666 and 2443 of the relay.",
        console="VPC console > Endpoints > Modify private DNS name; Security groups > the "
        "endpoints' group > Inbound rules.",
        api='EC2 ModifyVpcEndpoint {"VpcEndpointId": "vpce-...", "PrivateDnsEnabled": true}; '
        "AuthorizeSecurityGroupIngress for the ports, from the clusters' group.",
        terraform="aws_vpc_endpoint with private_dns_enabled = true and security_group_ids; "
        "aws_vpc_security_group_ingress_rule for each port.",
        breaks="Nothing that works stops; with private names the public address of the control "
        "plane is no longer used from this VPC.",
    ),
    tier=Tier.ENTERPRISE,
    maps=also(
        "shows that traffic to the control plane can take the private way and open ports",
        nist="SC-7 SC-7(4) CA-9 CM-6",
        cis_databricks="2.1.11",
        soc2="CC6.6 CC6.7",
        pci="1.2.5",
        hipaa="164.312(e)(1)",
        iso="A.8.9 A.8.20 A.8.21",
        ccm="IVS-03",
        dasf="DASF-4",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Each registered endpoint is available in EC2, has private names and admits the clusters."""
    return in_own_network(
        workspace, at, lambda network: _usable(workspace, network, at), demanded=False
    )


def _usable(workspace: Workspace, network: Network, at: Context) -> Judgement:
    rest, relay = network.rest_endpoints.get(), network.relay_endpoints.get()
    if not rest and not relay:
        fact = network.rest_endpoints
        evidence = Evidence(fact.source, fact.field, [], "an endpoint")
        return NotApplicable("the network has no private connections to judge", (evidence,))
    return all_of(
        *(lambda i=i: _answers(i, _REST_PORTS, network, at) for i in rest),
        *(lambda i=i: _answers(i, _RELAY_PORTS, network, at) for i in relay),
        *(lambda i=i: _compliant(i, workspace, network, at) for i in relay),
    )


def _answers(identity: str, ports: tuple[int, ...], network: Network, at: Context) -> Condition:
    endpoint = endpoint_of(identity, at)
    vpc = endpoint.vpc_id.get()
    if vpc != network.vpc_id.get():
        detail = f"{endpoint.id} lies in {vpc}; ways and names between networks are not followed"
        return unknown(VPC_ENDPOINTS.gap(Cause.NOT_READ, detail))
    return all_of(
        expect(
            endpoint.state,
            lambda value: value.lower() == "available",
            expected="available",
            otherwise=f"endpoint {endpoint.id} is {{value}}",
        ),
        expect(
            endpoint.private_dns,
            lambda value: value is True,
            expected="true",
            otherwise=f"private names do not lead to endpoint {endpoint.id}",
        ),
        lambda: admits_clusters(endpoint, ports, network, at),
    )


def _compliant(identity: str, workspace: Workspace, network: Network, at: Context) -> Condition:
    """Require the port of validated encryption where the compliance security profile is on."""
    return any_of(
        lambda: admits_clusters(endpoint_of(identity, at), (_COMPLIANT_PORT,), network, at),
        lambda: expect(
            at.estate.value(WORKSPACE_SETTINGS, _CSP, workspace),
            lambda value: value is not True,
            expected="off, or the port is open",
            otherwise="the compliance security profile is on",
        ),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Switch private names on, and admit the clusters to the ports that are shut."""
    network = network_of(workspace, at)
    region = workspace.region.get()
    for identity in dict.fromkeys([*network.rest_endpoints.get(), *network.relay_endpoints.get()]):
        endpoint = endpoint_of(identity, at)
        if endpoint.state.get().lower() != "available":
            do = f"Have the connection of endpoint {endpoint.id} accepted, or make another."
            yield Step(do, f"`aws ec2 describe-vpc-endpoints` says that {endpoint.id} is available")
            continue
        if endpoint.private_dns.get() is not True:
            target = Target("vpc_endpoint", AWS, f"{region}/{endpoint.id}")
            place = "/PrivateDnsEnabled"
            now = {place: endpoint.private_dns.get()}
            yield Wish(target, endpoint.id, now, {place: True}, instead={place: False})
        yield from admitting(endpoint, region, network, at)


def _estate(*ports: tuple[int, int], csp: Any = None, **changes: Any) -> MemorySnapshot:
    linked = {"vpc_endpoints": {"rest_api": ["e1"], "dataplane_relay": ["e1"]}}
    endpoint = {
        "VpcEndpointId": "vpce-1",
        "VpcId": "vpc-1",
        "State": "available",
        "PrivateDnsEnabled": True,
        "Groups": [{"GroupId": "sg-9"}],
        **changes,
    }
    rules = [_rule(*span, UserIdGroupPairs=[{"GroupId": "sg-1"}]) for span in ports]
    return _world(linked, [endpoint], rules, csp)


def _rule(first: int, last: int, **peers: Any) -> dict[str, Any]:
    lists = ("UserIdGroupPairs", "IpRanges", "Ipv6Ranges", "PrefixListIds")
    span = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last}
    return {**span, **{name: [] for name in lists}, **peers}


def _world(linked: dict[str, Any], endpoints: Any, rules: Any, csp: Any = None) -> MemorySnapshot:
    return own_network(
        networks=[{**OWN, **linked}],
        registered_endpoints=[{"vpc_endpoint_id": "e1", "aws_vpc_endpoint_id": "vpce-1"}],
        vpc_endpoints=endpoints,
        security_groups=[{"GroupId": "sg-9", "IpPermissions": rules}],
        subnets=[{"SubnetId": f"s{n}", "CidrBlock": f"10.0.{n}.0/24"} for n in (1, 2)],
        workspace_settings={_CSP: csp},
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show ports and their edges, the ways to be wrong, not followed, unread and out of scope."""
    usual = ((443, 443), (6666, 6666), (8443, 8451))
    yield passes("the usual ports", _estate(*usual))
    linked = {"vpc_endpoints": {"rest_api": ["e1"], "dataplane_relay": []}}
    endpoint = {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "State": "available"}
    whole = {**endpoint, "PrivateDnsEnabled": True, "Groups": [{"GroupId": "sg-9"}]}
    network = _rule(0, 65535, IpRanges=[{"CidrIp": "10.0.0.0/16"}])
    yield passes("every port for the subnets' addresses", _world(linked, [whole], [network]))
    half = _rule(0, 65535, IpRanges=[{"CidrIp": "10.0.1.0/24"}])
    yield fails("one of two subnets", _world(linked, [whole], [half]))
    yield fails("one port short", _estate((443, 443), (6666, 6666), (8443, 8450)))
    yield fails("the relay's port is shut", _estate((443, 443), (8443, 8451)))
    yield fails("the compliance profile without its port", _estate(*usual, csp=True))
    yield passes("the compliance profile with it", _estate(*usual, (2443, 2443), csp=True))
    yield fails("no private names", _estate(*usual, PrivateDnsEnabled=False))
    yield fails("deleted in EC2", _estate(*usual, State="deleted"))
    yield unclear("in another network", _estate(*usual, VpcId="vpc-2"))
    odd = _rule(0, 65535, IpRanges=[{"CidrIp": "10.0.0.0/99"}])
    yield unclear("a range that is none", _world(linked, [whole], [odd]))
    yield unclear("EC2 may not be read", _world(linked, refused(), []))
    yield exempt("no endpoints", own_network())
    yield exempt("a network that Databricks manages", given(networks=[]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))

"""A spoke without a way out, as the APIs answer, and what a test makes of it."""

from __future__ import annotations

import copy

from collect.served import extended
from lakewarden.estate.account import NETWORKS, WORKSPACES
from lakewarden.estate.estate import Estate
from lakewarden.estate.given import given
from lakewarden.estate.kind import Scope
from lakewarden.proofs.network.egress import egress
from lakewarden.proofs.network.reading import NEEDS, network_of, topology_of

ME = "111111111111"
THEM = "222222222222"
ANY4 = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
NOTHING = {"UserIdGroupPairs": [], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
OPEN = [
    {"RuleNumber": 100, "Egress": out, "Protocol": "-1", "RuleAction": "allow"}
    | {"CidrBlock": "0.0.0.0/0"}
    for out in (True, False)
]


def vpc(name, number, owner=ME):
    """Make a VPC of account ME, in a region that nothing blocks."""
    block = {"CidrBlock": f"10.{number}.0.0/16", "CidrBlockState": {"State": "associated"}}
    return {
        "VpcId": f"vpc-{name}",
        "region": "us-east-1",
        "reader": ME,
        "OwnerId": owner,
        "CidrBlockAssociationSet": [block],
        "DhcpOptionsId": "dopt-1",
    }


def subnet(name, cidr, of="spoke", owner=ME):
    """Make a subnet of a VPC."""
    return {
        "SubnetId": f"subnet-{name}",
        "VpcId": f"vpc-{of}",
        "OwnerId": owner,
        "CidrBlock": cidr,
        "AvailabilityZone": "us-east-1a",
        "MapPublicIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [],
    }


def table(name, *routes, of="spoke", main=False):
    """Make the table of a subnet, or the main one, with the local route of its VPC."""
    local = {"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "local", "State": "active"}
    bound = {"Main": main} | ({} if main else {"SubnetId": f"subnet-{name}"})
    return {
        "RouteTableId": f"rtb-{name}",
        "VpcId": f"vpc-{of}",
        "Associations": [bound],
        "Routes": [local, *routes],
    }


def route(cidr, **to):
    """Make an active route, or what else `to` says."""
    return {"DestinationCidrBlock": cidr, "State": "active"} | to


def acl(name, *subnets, of="spoke"):
    """Make an ACL that lets everything through."""
    return {
        "NetworkAclId": f"acl-{name}",
        "VpcId": f"vpc-{of}",
        "Entries": copy.deepcopy(OPEN),
        "Associations": [{"SubnetId": f"subnet-{one}"} for one in subnets],
    }


BASE = {
    "networks": [
        {
            "network_id": "n",
            "vpc_id": "vpc-spoke",
            "subnet_ids": ["subnet-dp"],
            "security_group_ids": ["sg-dp"],
        }
    ],
    "region_vpcs": [vpc("spoke", 1)],
    "vpc_dns": [
        {
            "vpc": "vpc-spoke",
            "EnableDnsSupport": {"Value": True},
            "EnableDnsHostnames": {"Value": False},
        }
    ],
    "dhcp_options": [
        {
            "DhcpOptionsId": "dopt-1",
            "DhcpConfigurations": [
                {"Key": "domain-name", "Values": [{"Value": "ec2.internal"}]},
                {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
            ],
        }
    ],
    "region_subnets": [subnet("dp", "10.1.1.0/24")],
    "region_route_tables": [table("dp")],
    "region_security_groups": [
        {
            "GroupId": "sg-dp",
            "VpcId": "vpc-spoke",
            "IpPermissions": [],
            "IpPermissionsEgress": [NOTHING | ANY4[0]],
        }
    ],
    "network_acls": [acl("dp", "dp")],
    "vpc_blocks": [
        {"region": "us-east-1", "State": "default-state", "InternetGatewayBlockMode": "off"}
    ],
    "instances": [{"InstanceId": "i-1", "VpcId": "vpc-spoke"}],
    "region_interfaces": [
        {
            "NetworkInterfaceId": "eni-1",
            "VpcId": "vpc-spoke",
            "SubnetId": "subnet-dp",
            "InterfaceType": "interface",
            "SourceDestCheck": True,
            "Groups": [],
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.1.1.9"}],
            "Attachment": {"InstanceId": "i-1"},
        }
    ],
}


def estate(**changes):
    """Return the spoke with some collections replaced; a list that nobody names is empty."""
    empty = {kind.name: [] for kind in NEEDS}
    return Estate(given(**{**empty, **copy.deepcopy(BASE), **changes}))


def seen(found):
    """Return the topology and the place of the one workspace."""
    (network,) = found.of(NETWORKS).seen()
    (workspace,) = found.of(WORKSPACES).seen()
    return topology_of(found, network), network_of(found, workspace, network)


def verdict(found):
    """Return where the workspace's packets go."""
    return egress(*seen(found))


def node(name="eni-1", instance="i-1", public=None):
    """Make the interface of a node."""
    address = {"PrivateIpAddress": "10.1.1.9"}
    if public:
        address["Association"] = {"PublicIp": public}
    return BASE["region_interfaces"][0] | {
        "NetworkInterfaceId": name,
        "PrivateIpAddresses": [address],
        "Attachment": {"InstanceId": instance},
    }


def collected_for(aws, network):
    """Read over HTTP, in order, all that a verdict on a registered network needs."""
    wanted = [kind for kind in NEEDS if kind.scope is Scope.AWS]
    asked = {kind.name for kind in wanted}
    ordered = []
    while len(ordered) < len(wanted):
        ready = {kind.name for kind in ordered}
        ordered += [k for k in wanted if k not in ordered and ready >= asked & set(k.after)]
    return Estate(extended(aws, given(networks=[network]), *ordered))


GATEWAY = {
    "InternetGatewayId": "igw-1",
    "Attachments": [{"VpcId": "vpc-spoke", "State": "available"}],
}
NAT = {
    "NatGatewayId": "nat-1",
    "VpcId": "vpc-spoke",
    "SubnetId": "subnet-nat",
    "State": "available",
    "ConnectivityType": "public",
    "NatGatewayAddresses": [],
}
BY_NAT = {
    "region_subnets": [subnet("dp", "10.1.1.0/24"), subnet("nat", "10.1.2.0/24")],
    "region_route_tables": [
        table("dp", route("0.0.0.0/0", NatGatewayId="nat-1")),
        table("nat", route("0.0.0.0/0", GatewayId="igw-1")),
    ],
    "network_acls": [acl("dp", "dp", "nat")],
    "region_nats": [NAT],
    "internet_gateways": [GATEWAY],
}
"""A way out by a NAT gateway."""


def by_nat(**changes):
    """Return the spoke with a way out, and changes to that."""
    return estate(**{**copy.deepcopy(BY_NAT), **changes})

"""Small networks for the examples of controls about where packets can go, as EC2 answers."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.proofs.network.reading import NEEDS

ACCOUNT: Final = "111122223333"
Item = dict[str, Any]


def vpc(name: str, number: int) -> Item:
    """Return a VPC with the addresses `10.number.0.0/16`."""
    block = {"CidrBlock": f"10.{number}.0.0/16", "CidrBlockState": {"State": "associated"}}
    return {
        "VpcId": f"vpc-{name}",
        "region": "us-east-1",
        "reader": ACCOUNT,
        "OwnerId": ACCOUNT,
        "CidrBlockAssociationSet": [block],
    }


def subnet(name: str, cidr: str, of: str = "own") -> Item:
    """Return a subnet of a VPC."""
    return {
        "SubnetId": f"subnet-{name}",
        "VpcId": f"vpc-{of}",
        "OwnerId": ACCOUNT,
        "CidrBlock": cidr,
        "AvailabilityZone": "us-east-1a",
        "MapPublicIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [],
    }


def route(cidr: str, **through: str) -> Item:
    """Return a route to a destination; an IPv6 one is known by its colons."""
    key = "DestinationIpv6CidrBlock" if ":" in cidr else "DestinationCidrBlock"
    return {key: cidr, "State": "active", **through}


def table(name: str, *routes: Item, of: str = "own", **association: str) -> Item:
    """Return the route table of a subnet, or of what `association` names, with a local route."""
    local = {"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "local", "State": "active"}
    bound = {"Main": False, **(association or {"SubnetId": f"subnet-{name}"})}
    return {
        "RouteTableId": f"rtb-{name}",
        "VpcId": f"vpc-{of}",
        "Associations": [bound],
        "Routes": [local, *routes],
    }


def acl(name: str, *subnets: str, of: str = "own") -> Item:
    """Return an ACL that lets everything through, for some subnets."""
    whole = {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    return {
        "NetworkAclId": f"acl-{name}",
        "VpcId": f"vpc-{of}",
        "IsDefault": False,
        "Associations": [{"SubnetId": f"subnet-{one}"} for one in subnets],
        "Entries": [{**whole, "Egress": out} for out in (True, False)],
    }


def group(*ranges: str, **more: Any) -> Item:
    """Return the group of the nodes, which sends anything to some ranges."""
    rule = {
        "IpProtocol": "-1",
        "UserIdGroupPairs": [],
        "IpRanges": [{"CidrIp": cidr} for cidr in ranges],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
    }
    return {
        "GroupId": "sg-nodes",
        "VpcId": "vpc-own",
        "IpPermissions": [],
        "IpPermissionsEgress": [{**rule, **more}],
    }


def node(public: str = "") -> Item:
    """Return the interface of a running node, perhaps with a public address."""
    address: Item = {"PrivateIpAddress": "10.1.1.9"}
    if public:
        address["Association"] = {"PublicIp": public}
    return {
        "NetworkInterfaceId": "eni-1",
        "VpcId": "vpc-own",
        "SubnetId": "subnet-nodes",
        "InterfaceType": "interface",
        "SourceDestCheck": True,
        "Groups": [],
        "PrivateIpAddresses": [address],
        "Attachment": {"InstanceId": "i-1"},
    }


GATEWAY: Final[Item] = {
    "InternetGatewayId": "igw-1",
    "Attachments": [{"VpcId": "vpc-own", "State": "available"}],
}
NAT: Final[Item] = {
    "NatGatewayId": "nat-1",
    "VpcId": "vpc-own",
    "SubnetId": "subnet-nat",
    "State": "available",
    "ConnectivityType": "public",
    "NatGatewayAddresses": [],
}
_CLOSED: Final[Item] = {
    "workspace": {"network_id": "n1"},
    "networks": [
        {
            "network_id": "n1",
            "vpc_id": "vpc-own",
            "subnet_ids": ["subnet-nodes"],
            "security_group_ids": ["sg-nodes"],
        }
    ],
    "region_vpcs": [vpc("own", 1)],
    "region_subnets": [subnet("nodes", "10.1.1.0/24")],
    "region_route_tables": [table("nodes")],
    "region_security_groups": [group("0.0.0.0/0")],
    "network_acls": [acl("own", "nodes")],
    "vpc_blocks": [
        {"region": "us-east-1", "State": "default-state", "InternetGatewayBlockMode": "off"}
    ],
    "instances": [{"InstanceId": "i-1", "VpcId": "vpc-own"}],
    "region_interfaces": [node()],
}
_BY_NAT: Final[Item] = {
    "region_subnets": [subnet("nodes", "10.1.1.0/24"), subnet("nat", "10.1.2.0/24")],
    "region_route_tables": [
        table("nodes", route("0.0.0.0/0", NatGatewayId="nat-1")),
        table("nat", route("0.0.0.0/0", GatewayId="igw-1")),
    ],
    "network_acls": [acl("own", "nodes", "nat")],
    "region_nats": [NAT],
    "internet_gateways": [GATEWAY],
}
_ARN: Final = f"arn:aws:network-firewall:us-east-1:{ACCOUNT}"


def closed(**changes: Any) -> MemorySnapshot:
    """Return a network without a way out; lists that nobody names are empty."""
    empty: Item = {kind.name: [] for kind in NEEDS}
    return given(**{**empty, **_CLOSED, **changes})


def by_nat(**changes: Any) -> MemorySnapshot:
    """Return a network with a way out by a NAT gateway."""
    return closed(**{**_BY_NAT, **changes})


def by_firewall(*names: str, **changes: Any) -> MemorySnapshot:
    """Return a network whose way out leads through a firewall that passes some names by TLS."""
    ways: Item = {
        "region_subnets": [*_BY_NAT["region_subnets"], subnet("wall", "10.1.3.0/24")],
        "region_route_tables": [
            table("nodes", route("0.0.0.0/0", NatGatewayId="nat-1")),
            table("nat", route("0.0.0.0/0", GatewayId="vpce-wall")),
            table("wall", route("0.0.0.0/0", GatewayId="igw-1")),
            table("edge", route("10.1.2.0/24", GatewayId="vpce-wall"), GatewayId="igw-1"),
        ],
        "network_acls": [acl("own", "nodes", "nat", "wall")],
        "region_endpoints": [
            {
                "VpcEndpointId": "vpce-wall",
                "VpcId": "vpc-own",
                "VpcEndpointType": "GatewayLoadBalancer",
                "State": "available",
            }
        ],
    }
    return by_nat(**{**ways, **_walls(names), **changes})


def _walls(names: tuple[str, ...]) -> Item:
    """Return a firewall with its policy and the names that it passes."""
    listed = {
        "Targets": list(names),
        "TargetTypes": ["TLS_SNI"],
        "GeneratedRulesType": "ALLOWLIST",
    }
    policy = {
        "arn": f"{_ARN}:firewall-policy/strict",
        "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
        "StatefulDefaultActions": ["aws:drop_strict"],
        "StatelessDefaultActions": ["aws:forward_to_sfe"],
        "StatelessFragmentDefaultActions": ["aws:forward_to_sfe"],
        "StatefulRuleGroupReferences": [
            {"ResourceArn": f"{_ARN}:stateful-rulegroup/names", "Priority": 1}
        ],
    }
    return {
        "region_firewalls": [
            {
                "FirewallArn": f"{_ARN}:firewall/wall",
                "FirewallName": "wall",
                "VpcId": "vpc-own",
                "FirewallPolicyArn": policy["arn"],
                "endpoints": [
                    {"EndpointId": "vpce-wall", "SubnetId": "subnet-wall", "zone": "us-east-1a"}
                ],
            }
        ],
        "firewall_policies": [policy],
        "firewall_rule_groups": [
            {
                "arn": f"{_ARN}:stateful-rulegroup/names",
                "RuleGroupResponse": {"Type": "STATEFUL"},
                "RuleGroup": {"RulesSource": {"RulesSourceList": listed}},
            }
        ],
    }


def _hop(name: str) -> list[Item]:
    return [{"TransitGatewayAttachmentId": f"tgw-attach-{name}"}]


def _attachment(name: str) -> Item:
    return {
        "TransitGatewayAttachmentId": f"tgw-attach-{name}",
        "TransitGatewayId": "tgw-1",
        "TransitGatewayOwnerId": ACCOUNT,
        "ResourceOwnerId": ACCOUNT,
        "ResourceType": "vpc",
        "ResourceId": f"vpc-{name}",
        "State": "available",
        "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"},
    }


def _joined(name: str, inside: str) -> Item:
    return {
        "TransitGatewayAttachmentId": f"tgw-attach-{name}",
        "VpcId": f"vpc-{name}",
        "SubnetIds": [f"subnet-{inside}"],
        "Options": {"ApplianceModeSupport": "disable", "Ipv6Support": "disable"},
    }


def by_hub(**changes: Any) -> MemorySnapshot:
    """Return a network whose way out leads through a transit gateway into a hub with NAT."""
    there = {"State": "active", "Type": "static"}
    routes = [
        {**there, "DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayAttachments": _hop("hub")},
        {**there, "DestinationCidrBlock": "10.1.0.0/16", "TransitGatewayAttachments": _hop("own")},
    ]
    back = route("10.1.0.0/16", TransitGatewayId="tgw-1")
    ways: Item = {
        "region_vpcs": [vpc("own", 1), vpc("hub", 2)],
        "region_subnets": [
            subnet("nodes", "10.1.1.0/24"),
            subnet("in", "10.2.1.0/24", "hub"),
            subnet("nat", "10.2.2.0/24", "hub"),
        ],
        "region_route_tables": [
            table("nodes", route("0.0.0.0/0", TransitGatewayId="tgw-1")),
            table("in", route("0.0.0.0/0", NatGatewayId="nat-1"), of="hub"),
            table("nat", route("0.0.0.0/0", GatewayId="igw-1"), back, of="hub"),
        ],
        "network_acls": [acl("own", "nodes"), acl("hub", "in", "nat", of="hub")],
        "region_nats": [{**NAT, "VpcId": "vpc-hub"}],
        "internet_gateways": [
            {**GATEWAY, "Attachments": [{"VpcId": "vpc-hub", "State": "available"}]}
        ],
        "transit_attachments": [_attachment("own"), _attachment("hub")],
        "transit_vpcs": [_joined("own", "nodes"), _joined("hub", "in")],
        "transit_route_tables": [
            {
                "TransitGatewayRouteTableId": "tgw-rtb-1",
                "TransitGatewayId": "tgw-1",
                "routes": routes,
            }
        ],
    }
    return closed(**{**ways, **changes})


def by_route(cidr: str, **through: str) -> list[Item]:
    """Return the tables of a network whose nodes have one route."""
    return [table("nodes", route(cidr, **through))]


def by_six() -> Item:
    """Return a network whose IPv6 leaves by an egress-only gateway."""
    state = {"State": "associated"}
    block = [{"Ipv6CidrBlock": "2600:1f18::/56", "Ipv6CidrBlockState": state}]
    inner = [{"Ipv6CidrBlock": "2600:1f18::/64", "Ipv6CidrBlockState": state}]
    whole = {"RuleNumber": 101, "Protocol": "-1", "RuleAction": "allow", "Ipv6CidrBlock": "::/0"}
    rules = [{**whole, "Egress": out} for out in (True, False)]
    held = {"NetworkAclId": "acl-own", "VpcId": "vpc-own", "IsDefault": False}
    attached = [{"VpcId": "vpc-own", "State": "attached"}]
    return {
        "region_vpcs": [{**vpc("own", 1), "Ipv6CidrBlockAssociationSet": block}],
        "region_subnets": [
            {**subnet("nodes", "10.1.1.0/24"), "Ipv6CidrBlockAssociationSet": inner}
        ],
        "region_route_tables": by_route("::/0", EgressOnlyInternetGatewayId="eigw-1"),
        "region_security_groups": [group(Ipv6Ranges=[{"CidrIpv6": "::/0"}])],
        "network_acls": [
            {**held, "Associations": [{"SubnetId": "subnet-nodes"}], "Entries": rules}
        ],
        "egress_only_gateways": [
            {"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": attached}
        ],
    }


def peered() -> Item:
    """Return a network whose default route leads to a peer."""
    sides = {
        f"{side}VpcInfo": {
            "VpcId": f"vpc-{name}",
            "OwnerId": "111122223333",
            "CidrBlockSet": [{"CidrBlock": f"10.{number}.0.0/16"}],
        }
        for side, name, number in (("Requester", "own", 1), ("Accepter", "peer", 3))
    }
    return {
        "region_vpcs": [vpc("own", 1), vpc("peer", 3)],
        "region_route_tables": by_route("0.0.0.0/0", VpcPeeringConnectionId="pcx-1"),
        "peerings": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, **sides}],
    }


def to_list(cidr: str) -> Item:
    """Return a group that sends to a prefix list alone."""
    return {
        "region_security_groups": [group(PrefixListIds=[{"PrefixListId": "pl-1"}])],
        "prefix_lists": [
            {"PrefixListId": "pl-1", "PrefixListName": "partners", "entries": [{"Cidr": cidr}]}
        ],
    }


def by_endpoint() -> Item:
    """Return a network whose only route leads to a gateway endpoint for S3."""
    way = {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-s3", "State": "active"}
    return {
        "region_route_tables": [table("nodes", way)],
        "prefix_lists": [
            {
                "PrefixListId": "pl-s3",
                "PrefixListName": "com.amazonaws.us-east-1.s3",
                "entries": [{"Cidr": "198.51.100.0/24"}],
            }
        ],
        "region_endpoints": [
            {
                "VpcEndpointId": "vpce-s3",
                "VpcId": "vpc-own",
                "VpcEndpointType": "Gateway",
                "ServiceName": "com.amazonaws.us-east-1.s3",
                "State": "available",
                "RouteTableIds": ["rtb-nodes"],
                "SubnetIds": [],
                "Groups": [],
                "NetworkInterfaceIds": [],
            }
        ],
    }

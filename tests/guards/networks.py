"""A VPC with one subnet and one NAT gateway, and a way out."""

from __future__ import annotations

from typing import Any

NETWORK = {"network_id": "n1", "vpc_id": "vpc-1", "subnet_ids": ["s1"], "security_group_ids": []}
NAT = {
    "NatGatewayId": "nat-1",
    "VpcId": "vpc-1",
    "SubnetId": "s0",
    "State": "available",
    "ConnectivityType": "public",
    "NatGatewayAddresses": [{"PublicIp": "192.0.2.10"}],
}


def table(target: str) -> dict[str, Any]:
    """Return the route table of the VPC, whose way out is a target; empty for none."""
    name = "NatGatewayId" if target.startswith("nat-") else "GatewayId"
    routes = [
        {"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "local"},
        {"DestinationCidrBlock": "0.0.0.0/0", name: target},
    ]
    return {
        "RouteTableId": "rtb-1",
        "VpcId": "vpc-1",
        "Associations": [{"Main": True}],
        "Routes": routes if target else routes[:1],
    }

"""A hub and a spoke, built in a pretend AWS, collected over HTTP, and judged."""

from __future__ import annotations

import pytest

from collect.served import account
from lakewarden.proofs.network.egress import Outcome
from proofs.network.estates import collected_for, verdict

ANYWHERE = "0.0.0.0/0"


class Network:
    """A spoke whose default route leads by a transit gateway to a hub with a NAT gateway."""

    def __init__(self, ec2):
        self.ec2 = ec2
        self.spoke, self.dp, self.spoke_table = self._vpc("10.1", "1")
        self.hub, self.entry, self.hub_table = self._vpc("10.2", "1")
        self.public, self.public_table = self._subnet(self.hub, "10.2", "2")
        self._out()
        self._transit()

    def _vpc(self, start, third):
        vpc = self.ec2.create_vpc(CidrBlock=f"{start}.0.0/16")["Vpc"]["VpcId"]
        return vpc, *self._subnet(vpc, start, third)

    def _subnet(self, vpc, start, third):
        subnet = self.ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"{start}.{third}.0/24", AvailabilityZone="us-east-1a"
        )["Subnet"]["SubnetId"]
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return subnet, table

    def _out(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.hub)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.nat = self.ec2.create_nat_gateway(SubnetId=self.public, AllocationId=address)[
            "NatGateway"
        ]["NatGatewayId"]
        self._route(self.public_table, ANYWHERE, GatewayId=gateway)
        self._route(self.hub_table, ANYWHERE, NatGatewayId=self.nat)

    def _transit(self):
        tgw = self.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        attached = [
            self.ec2.create_transit_gateway_vpc_attachment(
                TransitGatewayId=tgw, VpcId=vpc, SubnetIds=[subnet]
            )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
            for vpc, subnet in ((self.spoke, self.dp), (self.hub, self.entry))
        ]
        (table,) = self.ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"]
        self.table = table["TransitGatewayRouteTableId"]
        self.ec2.create_transit_gateway_route(
            DestinationCidrBlock=ANYWHERE,
            TransitGatewayRouteTableId=self.table,
            TransitGatewayAttachmentId=attached[1],
        )
        self._route(self.spoke_table, ANYWHERE, TransitGatewayId=tgw)
        self._route(self.public_table, "10.1.0.0/16", TransitGatewayId=tgw)

    def _route(self, table, cidr, **to):
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=cidr, **to)

    def registered(self):
        """Return the spoke as the Databricks account knows it."""
        (group,) = self.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [self.spoke]}]
        )["SecurityGroups"]
        return {
            "network_id": "n",
            "vpc_id": self.spoke,
            "subnet_ids": [self.dp],
            "security_group_ids": [group["GroupId"]],
        }


@pytest.fixture(scope="module")
def served():
    with account() as aws:
        yield aws, Network(aws.client("ec2", "us-east-1"))


def judged(aws, network):
    """Read everything that a verdict needs, and judge."""
    return verdict(collected_for(aws, network.registered()))


def test_a_way_out_by_a_hub_is_found_over_http(served):
    aws, network = served
    found = judged(aws, network)
    assert found.outcome is Outcome.ARBITRARY, str(found)
    assert network.table in found.path
    assert network.nat in found.path


def test_a_region_that_blocks_everything_lets_nothing_out(served):
    aws, network = served
    modify = network.ec2.modify_vpc_block_public_access_options
    modify(InternetGatewayBlockMode="block-bidirectional")
    assert judged(aws, network).outcome is Outcome.NO_INTERNET
    modify(InternetGatewayBlockMode="off")
    assert judged(aws, network).outcome is Outcome.ARBITRARY

"""What moto gets wrong and the simulator puts right."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakewarden.simulate.aws import start
from simulate.aws.kit import Connect


@pytest.fixture(scope="module")
def ec2(connect: Connect) -> Iterator[Any]:
    with start() as server:
        yield connect(server.url, "ec2")


def attached(ec2: Any, cidr: str, **options: str) -> tuple[str, str, str]:
    """Attach a new VPC to a new gateway; return the default table, the attachment, the VPC."""
    gateway = ec2.create_transit_gateway(Options=options)["TransitGateway"]
    vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
    made = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway["TransitGatewayId"], VpcId=vpc, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    (table,) = ec2.describe_transit_gateway_route_tables(
        Filters=[{"Name": "transit-gateway-id", "Values": [gateway["TransitGatewayId"]]}]
    )["TransitGatewayRouteTables"]
    return table["TransitGatewayRouteTableId"], made, vpc


def association(ec2: Any, attachment: str) -> Any:
    answer = ec2.describe_transit_gateway_attachments(TransitGatewayAttachmentIds=[attachment])
    return answer["TransitGatewayAttachments"][0].get("Association")


def routes(ec2: Any, table: str, *types: str) -> list[tuple[str, str, str]]:
    filters = [{"Name": "state", "Values": ["active", "blackhole"]}]
    filters += [{"Name": "type", "Values": list(types)}] if types else []
    answer = ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=filters)
    return [
        (
            route["DestinationCidrBlock"],
            route["Type"],
            "".join(
                hop["TransitGatewayAttachmentId"] for hop in route["TransitGatewayAttachments"]
            ),
        )
        for route in answer["Routes"]
    ]


def test_an_attachment_is_associated_with_one_table_at_a_time(ec2: Any) -> None:
    table, attachment, _ = attached(ec2, "10.1.0.0/24")
    assert association(ec2, attachment)["TransitGatewayRouteTableId"] == table
    pair = {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": attachment}
    with pytest.raises(ClientError, match="AlreadyAssociated"):
        ec2.associate_transit_gateway_route_table(**pair)
    ec2.disassociate_transit_gateway_route_table(**pair)
    assert association(ec2, attachment) is None
    ec2.associate_transit_gateway_route_table(**pair)
    assert association(ec2, attachment)["State"] == "associated"


def test_a_gateway_that_associates_nothing_leaves_attachments_alone(ec2: Any) -> None:
    options = {"DefaultRouteTableAssociation": "disable", "DefaultRouteTablePropagation": "disable"}
    table, attachment, _ = attached(ec2, "10.2.0.0/24", **options)
    assert association(ec2, attachment) is None
    assert routes(ec2, table) == []


def test_what_attachments_propagate_is_among_the_routes(ec2: Any) -> None:
    table, attachment, _ = attached(ec2, "10.3.0.0/24")
    assert routes(ec2, table) == [("10.3.0.0/24", "propagated", attachment)]
    ec2.create_transit_gateway_route(
        DestinationCidrBlock="10.3.0.0/24",
        TransitGatewayRouteTableId=table,
        TransitGatewayAttachmentId=attachment,
    )
    assert routes(ec2, table) == [("10.3.0.0/24", "static", attachment)]
    assert routes(ec2, table, "propagated") == []
    pair = {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": attachment}
    ec2.delete_transit_gateway_route(
        DestinationCidrBlock="10.3.0.0/24", TransitGatewayRouteTableId=table
    )
    ec2.disable_transit_gateway_route_table_propagation(**pair)
    assert routes(ec2, table) == []


def test_a_peer_tells_every_block_of_its_addresses(ec2: Any) -> None:
    one, other = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/24")["Vpc"]["VpcId"] for n in (4, 5))
    ec2.associate_vpc_cidr_block(VpcId=other, CidrBlock="10.6.0.0/24")
    made = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=other)["VpcPeeringConnection"]
    (peering,) = ec2.describe_vpc_peering_connections(
        VpcPeeringConnectionIds=[made["VpcPeeringConnectionId"]]
    )["VpcPeeringConnections"]
    blocks = peering["AccepterVpcInfo"]["CidrBlockSet"]
    assert [block["CidrBlock"] for block in blocks] == ["10.5.0.0/24", "10.6.0.0/24"]


def test_a_nat_gateway_is_public_unless_somebody_says_otherwise(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/24")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/25")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    kinds: list[dict[str, str]] = [{"AllocationId": address}, {"ConnectivityType": "private"}]
    for more in kinds:
        ec2.create_nat_gateway(SubnetId=subnet, **more)
    answer = ec2.describe_nat_gateways(Filter=[{"Name": "vpc-id", "Values": [vpc]}])
    found = {nat["ConnectivityType"] for nat in answer["NatGateways"]}
    assert found == {"public", "private"}


def test_interfaces_of_an_endpoint_lie_in_its_subnets(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.3.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.sts",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
    )["VpcEndpoint"]["NetworkInterfaceIds"]
    listed = ec2.describe_network_interfaces(NetworkInterfaceIds=made)["NetworkInterfaces"]
    homes = [ipaddress.ip_address(one["PrivateIpAddress"]) for one in listed]
    assert homes
    assert all(home in ipaddress.ip_network("10.77.3.0/24") for home in homes)

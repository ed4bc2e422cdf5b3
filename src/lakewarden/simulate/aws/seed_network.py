"""Networks of a world: VPCs, subnets, routes, security groups, endpoints and flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakewarden.simulate.aws import seed_firewall
from lakewarden.simulate.aws.builder import Builder, Table, tags

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANYWHERE = "0.0.0.0/0"


def networks(builder: Builder, world: Table) -> None:
    """Create every `[[networks]]` table with its subnets, gateways and security groups."""
    for network in world.get("networks", []):
        _vpc(builder, network)
        _subnets(builder, network)
        _default_route(builder, network)
        _security_groups(builder, network)


def _tagged(kind: str, name: str, table: Table) -> list[Table]:
    return [{"ResourceType": kind, "Tags": tags(name, table.get("tags"))}]


def _vpc(builder: Builder, network: Table) -> None:
    ec2, name = builder.client("ec2"), network["name"]
    vpc = ec2.create_vpc(
        CidrBlock=network["cidr"], TagSpecifications=_tagged("vpc", name, network)
    )["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": network.get("dns", True)})
    builder.ids[f"vpc.{name}"] = vpc


def _subnets(builder: Builder, network: Table) -> None:
    """Create the subnets `<network>-<key>`, all on one route table of their own."""
    ec2, name = builder.client("ec2"), network["name"]
    vpc = builder.ids[f"vpc.{name}"]
    table = _route_table(builder, vpc, name)
    for key, subnet in network["subnets"].items():
        made = _subnet(builder, vpc, f"{name}-{key}", subnet)
        ec2.associate_route_table(RouteTableId=table, SubnetId=made)


def _subnet(builder: Builder, vpc: str, name: str, table: Table) -> str:
    ec2 = builder.client("ec2")
    subnet: str = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock=table["cidr"],
        AvailabilityZone=f"{builder.region}{table['zone']}",
        TagSpecifications=_tagged("subnet", name, table),
    )["Subnet"]["SubnetId"]
    if table.get("public_addresses"):
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    builder.ids[f"subnet.{name}"] = subnet
    return subnet


def _route_table(builder: Builder, vpc: str, name: str) -> str:
    table: str = builder.client("ec2").create_route_table(
        VpcId=vpc, TagSpecifications=_tagged("route-table", name, {})
    )["RouteTable"]["RouteTableId"]
    builder.ids[f"route_table.{name}"] = table
    return table


def _default_route(builder: Builder, network: Table) -> None:
    """Lead the subnets to the internet: `internet = "gateway"`, `"nat"`, or, left out, not.

    With `"firewall"` they lead to a firewall, whose own subnet leads to the NAT gateway, and
    answers come back the same way.
    """
    internet = network.get("internet")
    if internet is None:
        return
    ec2, name = builder.client("ec2"), network["name"]
    vpc, table = builder.ids[f"vpc.{name}"], builder.ids[f"route_table.{name}"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    if internet == "gateway":
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=_ANYWHERE, GatewayId=gateway)
        return
    public = _subnet(builder, vpc, f"{name}-nat", network["nat_subnet"])
    public_table = _route_table(builder, vpc, f"{name}-nat")
    ec2.associate_route_table(RouteTableId=public_table, SubnetId=public)
    ec2.create_route(RouteTableId=public_table, DestinationCidrBlock=_ANYWHERE, GatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"][
        "NatGatewayId"
    ]
    builder.ids[f"nat.{name}"], builder.ids[f"gateway.{name}"] = nat, gateway
    if internet == "firewall":
        inner = _subnet(builder, vpc, f"{name}-firewall", network["firewall_subnet"])
        endpoint = seed_firewall.firewall(builder, network)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=_ANYWHERE, VpcEndpointId=endpoint)
        for subnet in network["subnets"].values():  # answers pass the firewall as well
            back = {"DestinationCidrBlock": subnet["cidr"], "VpcEndpointId": endpoint}
            ec2.create_route(RouteTableId=public_table, **back)
        table = _route_table(builder, vpc, f"{name}-firewall")
        ec2.associate_route_table(RouteTableId=table, SubnetId=inner)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=_ANYWHERE, NatGatewayId=nat)


def _security_groups(builder: Builder, network: Table) -> None:
    """Create the groups first and their rules then, for a rule may name any group."""
    groups = network.get("security_groups", {})
    for name in groups:
        builder.ids[f"security_group.{name}"] = builder.client("ec2").create_security_group(
            GroupName=name,
            Description=name,
            VpcId=builder.ids[f"vpc.{network['name']}"],
            TagSpecifications=_tagged("security-group", name, {}),
        )["GroupId"]
    for name, group in groups.items():
        _rules(builder, name, group)


def _rules(builder: Builder, name: str, group: Table) -> None:
    ec2, identifier = builder.client("ec2"), builder.ids[f"security_group.{name}"]
    open_egress = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": _ANYWHERE}]}]
    ec2.revoke_security_group_egress(GroupId=identifier, IpPermissions=open_egress)
    for direction in ("ingress", "egress"):
        permissions = [
            permission
            for rule in group.get(direction, [])
            for permission in _permissions(builder, name, rule)
        ]
        if permissions:
            authorize = getattr(ec2, f"authorize_security_group_{direction}")
            authorize(GroupId=identifier, IpPermissions=permissions)


def _permissions(builder: Builder, group: str, rule: str) -> Iterator[Table]:
    """Read a rule: `tcp 443,8443-8451 10.0.0.0/16`, or `all` for any protocol and port.

    The peer is a CIDR, `self`, `prefix-list:s3`, or the name of a security group.
    """
    protocol, *ports, peer = rule.split()
    target = _peer(builder, group, peer)
    if protocol == "all":
        yield {"IpProtocol": "-1"} | target
        return
    for port in ports[0].split(","):
        first, _, last = port.partition("-")
        yield {
            "IpProtocol": protocol,
            "FromPort": int(first),
            "ToPort": int(last or first),
        } | target


def _peer(builder: Builder, group: str, peer: str) -> Table:
    if "/" in peer:
        return {"IpRanges": [{"CidrIp": peer}]}
    if peer.startswith("prefix-list:"):
        name = f"com.amazonaws.{builder.region}.{peer.partition(':')[2]}"
        lists: list[Any] = builder.client("ec2").describe_managed_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [name]}]
        )["PrefixLists"]
        return {"PrefixListIds": [{"PrefixListId": lists[0]["PrefixListId"]}]}
    other = group if peer == "self" else peer
    return {"UserIdGroupPairs": [{"GroupId": builder.ids[f"security_group.{other}"]}]}


def endpoints(builder: Builder, world: Table) -> None:
    """Create every network's endpoints `<network>-<key>`, interfaces before gateways' policies."""
    for network in world.get("networks", []):
        for key, endpoint in network.get("endpoints", {}).items():
            _endpoint(builder, network, endpoint.get("name", f"{network['name']}-{key}"), endpoint)


def _endpoint(builder: Builder, network: Table, name: str, endpoint: Table) -> None:
    service = endpoint["service"]
    if not service.startswith("vpce-svc-"):
        full_name = f"com.amazonaws.{builder.region}.{service}"
    else:
        full_name = f"com.amazonaws.vpce.{builder.region}.{service}"
    wanted: Table = {
        "VpcId": builder.ids[f"vpc.{network['name']}"],
        "ServiceName": full_name,
        "TagSpecifications": _tagged("vpc-endpoint", name, {}),
    }
    if "policy" in endpoint:
        wanted["PolicyDocument"] = builder.document(endpoint["policy"])
    if endpoint.get("gateway"):
        wanted |= {
            "VpcEndpointType": "Gateway",
            "RouteTableIds": [builder.ids[f"route_table.{network['name']}"]],
            "PrivateDnsEnabled": False,
        }
    else:
        wanted |= {
            "VpcEndpointType": "Interface",
            "SubnetIds": [builder.ids[f"subnet.{network['name']}-{k}"] for k in network["subnets"]],
            "SecurityGroupIds": [builder.ids[f"security_group.{endpoint['security_group']}"]],
            "PrivateDnsEnabled": True,
        }
    made = builder.client("ec2").create_vpc_endpoint(**wanted)
    builder.ids[f"endpoint.{name}"] = made["VpcEndpoint"]["VpcEndpointId"]


def flow_logs(builder: Builder, world: Table) -> None:
    """Send all traffic records of a network to the bucket that its `flow_logs` names.

    Raises:
        ValueError: There is no such bucket.
    """
    for network in world.get("networks", []):
        if "flow_logs" not in network:
            continue
        made = builder.client("ec2").create_flow_logs(
            ResourceIds=[builder.ids[f"vpc.{network['name']}"]],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{network['flow_logs']}",
        )
        if made["Unsuccessful"]:
            raise ValueError(f"no flow log for {network['name']}: {made['Unsuccessful']}")
        builder.ids[f"flow_log.{network['name']}"] = made["FlowLogIds"][0]

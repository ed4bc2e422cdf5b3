"""A hub and its spokes, read over HTTP as they are served; then what a stub can break."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from collect.served import account, by_id, read
from collect.stubs import collected
from collect.tables import Cloud
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.record import pack
from lakewarden.estate.region import (
    EGRESS_ONLY_GATEWAYS,
    INTERNET_GATEWAYS,
    NETWORK_ACLS,
    PEERINGS,
    PREFIX_LISTS,
    REGION_ENDPOINTS,
    REGION_INTERFACES,
    REGION_NATS,
    REGION_ROUTE_TABLES,
    REGION_SECURITY_GROUPS,
    REGION_SUBNETS,
    REGION_VPCS,
    VPC_BLOCK_EXCLUSIONS,
    VPC_BLOCKS,
)
from lakewarden.estate.resolving import DHCP_OPTIONS, DNS_FIREWALLS, VPC_DNS
from lakewarden.estate.transit import TRANSIT_ATTACHMENTS, TRANSIT_ROUTE_TABLES, TRANSIT_VPCS

LISTS = [
    (DHCP_OPTIONS, "describe_dhcp_options", "DhcpOptions"),
    (EGRESS_ONLY_GATEWAYS, "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"),
    (INTERNET_GATEWAYS, "describe_internet_gateways", "InternetGateways"),
    (NETWORK_ACLS, "describe_network_acls", "NetworkAcls"),
    (PEERINGS, "describe_vpc_peering_connections", "VpcPeeringConnections"),
    (REGION_ENDPOINTS, "describe_vpc_endpoints", "VpcEndpoints"),
    (REGION_INTERFACES, "describe_network_interfaces", "NetworkInterfaces"),
    (REGION_NATS, "describe_nat_gateways", "NatGateways"),
    (REGION_ROUTE_TABLES, "describe_route_tables", "RouteTables"),
    (REGION_SECURITY_GROUPS, "describe_security_groups", "SecurityGroups"),
    (REGION_SUBNETS, "describe_subnets", "Subnets"),
    (REGION_VPCS, "describe_vpcs", "Vpcs"),
    (TRANSIT_ATTACHMENTS, "describe_transit_gateway_attachments", "TransitGatewayAttachments"),
    (TRANSIT_VPCS, "describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments"),
]
ORDER = (
    *(kind for kind, _, _ in LISTS),
    *(TRANSIT_ROUTE_TABLES, PREFIX_LISTS, VPC_BLOCKS, VPC_BLOCK_EXCLUSIONS),
    *(VPC_DNS, DNS_FIREWALLS),
)


class Hub:
    """A spoke on a transit gateway, a hub with the way out, and a peer that nobody registered."""

    def __init__(self, aws):
        self.ec2, self.ids = aws.client("ec2", "us-east-1"), {}
        self._vpcs()
        self._out()
        self._transit()
        self._lists()
        self._names(aws.client("route53resolver", "us-east-1"))

    def _vpcs(self):
        for name, number in (("spoke", 1), ("hub", 2), ("peer", 3)):
            vpc = self.ec2.create_vpc(
                CidrBlock=f"10.{number}.0.0/16", AmazonProvidedIpv6CidrBlock=name == "spoke"
            )["Vpc"]["VpcId"]
            subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24")["Subnet"]
            self.ids |= {name: vpc, f"{name}-subnet": subnet["SubnetId"]}
        self.ec2.modify_vpc_attribute(VpcId=self.ids["spoke"], EnableDnsHostnames={"Value": True})
        acl = self.ec2.create_network_acl(VpcId=self.ids["spoke"])["NetworkAcl"]["NetworkAclId"]
        self.ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=100,
            Protocol="6",
            RuleAction="allow",
            Egress=True,
            CidrBlock="0.0.0.0/0",
            PortRange={"From": 443, "To": 443},
        )
        self.ids["acl"] = acl

    def _out(self):
        ec2, ids = self.ec2, self.ids
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=ids["hub"])
        egress_only = ec2.create_egress_only_internet_gateway(VpcId=ids["spoke"])
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=ids["hub-subnet"], AllocationId=address)
        peering = ec2.create_vpc_peering_connection(VpcId=ids["spoke"], PeerVpcId=ids["peer"])
        ids |= {
            "igw": gateway,
            "eigw": egress_only["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"],
            "nat": nat["NatGateway"]["NatGatewayId"],
            "peering": peering["VpcPeeringConnection"]["VpcPeeringConnectionId"],
        }
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=ids["peering"])

    def _transit(self):
        ec2, ids = self.ec2, self.ids
        gateway = ec2.create_transit_gateway(Options={"DefaultRouteTableAssociation": "disable"})[
            "TransitGateway"
        ]["TransitGatewayId"]
        table = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)
        ids |= {
            "tgw": gateway,
            "tgw-table": table["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"],
        }
        for name in ("spoke", "hub"):
            made = ec2.create_transit_gateway_vpc_attachment(
                TransitGatewayId=gateway, VpcId=ids[name], SubnetIds=[ids[f"{name}-subnet"]]
            )["TransitGatewayVpcAttachment"]
            ids[f"{name}-attachment"] = made["TransitGatewayAttachmentId"]
        ec2.associate_transit_gateway_route_table(
            TransitGatewayRouteTableId=ids["tgw-table"],
            TransitGatewayAttachmentId=ids["spoke-attachment"],
        )
        routes = [("0.0.0.0/0", {"TransitGatewayAttachmentId": ids["hub-attachment"]})]
        for cidr, to in [*routes, ("10.3.0.0/16", {"Blackhole": True})]:
            ec2.create_transit_gateway_route(
                DestinationCidrBlock=cidr, TransitGatewayRouteTableId=ids["tgw-table"], **to
            )

    def _lists(self):
        ec2, ids = self.ec2, self.ids
        ids["list"] = ec2.create_managed_prefix_list(
            PrefixListName="partners",
            MaxEntries=2,
            AddressFamily="IPv4",
            Entries=[{"Cidr": "198.51.100.0/24", "Description": "them"}],
        )["PrefixList"]["PrefixListId"]
        (table,) = ec2.describe_route_tables(
            Filters=[{"Name": "vpc-id", "Values": [ids["spoke"]]}]
        )["RouteTables"]
        ids["table"] = table["RouteTableId"]
        ec2.create_route(
            RouteTableId=ids["table"],
            DestinationPrefixListId=ids["list"],
            TransitGatewayId=ids["tgw"],
        )
        ec2.create_route(
            RouteTableId=ids["table"],
            DestinationIpv6CidrBlock="::/0",
            EgressOnlyInternetGatewayId=ids["eigw"],
        )
        ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-ingress")

    def _names(self, resolver):
        domains = resolver.create_firewall_domain_list(CreatorRequestId="1", Name="all")
        listed = domains["FirewallDomainList"]["Id"]
        resolver.update_firewall_domains(
            FirewallDomainListId=listed, Operation="ADD", Domains=["*."]
        )
        made = resolver.create_firewall_rule_group(CreatorRequestId="2", Name="block")
        group = {"FirewallRuleGroupId": made["FirewallRuleGroup"]["Id"]}
        resolver.create_firewall_rule(
            **group, FirewallDomainListId=listed, Priority=9, Action="BLOCK", Name="r"
        )
        resolver.associate_firewall_rule_group(
            **group, VpcId=self.ids["spoke"], Priority=101, Name="here"
        )


@pytest.fixture(scope="module")
def hub():
    with account() as aws:
        ids = Hub(aws).ids
        networks = [{"network_id": "n", "vpc_id": ids["spoke"]}]
        yield ids, read(aws, *ORDER, networks=networks)


def test_vpcs_and_subnets_of_nobodys_network_are_there(hub):
    ids, found = hub
    vpcs, subnets = by_id(found, REGION_VPCS), by_id(found, REGION_SUBNETS)
    assert {ids[name] for name in ("spoke", "hub", "peer")} <= vpcs.keys()
    assert [b.cidr for b in vpcs[ids["hub"]].blocks.get()] == ["10.2.0.0/16"]
    assert vpcs[ids["hub"]].owner.get() == vpcs[ids["hub"]].reader.get() == "123456789012"
    assert vpcs[ids["hub"]].region.get() == "us-east-1"
    assert [b.state.state for b in vpcs[ids["spoke"]].blocks6.get()] == ["associated"]
    assert subnets[ids["peer-subnet"]].cidr.get() == "10.3.1.0/24"
    assert subnets[ids["peer-subnet"]].vpc_id.get() == ids["peer"]


def test_routes_say_where_they_lead_and_whether_they_do(hub):
    ids, found = hub
    routes = by_id(found, REGION_ROUTE_TABLES)[ids["table"]].routes.get()
    by_destination = {route.destination: route for route in routes}
    assert by_destination[ids["list"]].target == ids["tgw"]
    assert by_destination["::/0"].target == ids["eigw"]
    assert {route.state for route in routes} == {"active"}


def test_network_acls_are_read_in_both_directions(hub):
    ids, found = hub
    entries = by_id(found, NETWORK_ACLS)[ids["acl"]].entries.get()
    mine = next(entry for entry in entries if entry.number == 100)
    assert (mine.egress, mine.action, mine.protocol, mine.v4) == (True, "allow", "6", "0.0.0.0/0")
    assert (mine.ports.first, mine.ports.last) == (443, 443)
    default = next(
        acl
        for acl in by_id(found, NETWORK_ACLS).values()
        if ids["hub-subnet"] in [a.subnet for a in acl.associations.get()]
    )
    assert default.vpc_id.get() == ids["hub"]
    ends = {(e.number, e.egress, e.action) for e in default.entries.get()}
    assert {(32767, True, "deny"), (32767, False, "deny")} <= ends


def test_gateways_are_known_by_what_they_are_attached_to(hub):
    ids, found = hub
    gateway = by_id(found, INTERNET_GATEWAYS)[ids["igw"]]
    assert [a.vpc_id for a in gateway.attachments.get()] == [ids["hub"]]
    assert [
        a.vpc_id for a in by_id(found, EGRESS_ONLY_GATEWAYS)[ids["eigw"]].attachments.get()
    ] == [ids["spoke"]]
    nat = by_id(found, REGION_NATS)[ids["nat"]]
    assert (nat.connectivity.get(), nat.subnet_id.get()) == ("public", ids["hub-subnet"])
    assert nat.addresses.get()[0].public
    peering = by_id(found, PEERINGS)[ids["peering"]]
    assert peering.status.get() == "active"
    assert [b.cidr for b in peering.accepter.get().blocks] == ["10.3.0.0/16"]
    assert peering.accepter.get().owner == "123456789012"


def test_a_transit_gateway_is_read_with_its_routes(hub):
    ids, found = hub
    attachment = by_id(found, TRANSIT_ATTACHMENTS)[ids["spoke-attachment"]]
    assert (attachment.type.get(), attachment.resource.get()) == ("vpc", ids["spoke"])
    assert attachment.association.get().table == ids["tgw-table"]
    vpc = by_id(found, TRANSIT_VPCS)[ids["hub-attachment"]]
    assert vpc.subnet_ids.get() == (ids["hub-subnet"],)
    routes = by_id(found, TRANSIT_ROUTE_TABLES)[ids["tgw-table"]].routes.get()
    states = {route.cidr: (route.state, [h.resource for h in route.through]) for route in routes}
    assert states == {
        "0.0.0.0/0": ("active", [ids["hub"]]),
        "10.3.0.0/16": ("blackhole", []),
    }


def test_only_prefix_lists_that_something_names_are_opened(hub):
    ids, found = hub
    lists = by_id(found, PREFIX_LISTS)
    assert list(lists) == [ids["list"]]
    assert [e.cidr for e in lists[ids["list"]].entries.get()] == ["198.51.100.0/24"]


def test_a_region_says_what_it_blocks(hub):
    _, found = hub
    assert by_id(found, VPC_BLOCKS)["us-east-1"].mode.get() == "block-ingress"
    assert by_id(found, VPC_BLOCK_EXCLUSIONS) == {}


def test_names_are_resolved_as_the_vpc_says(hub):
    ids, found = hub
    assert list(by_id(found, VPC_DNS)) == [ids["spoke"]]
    dns = by_id(found, VPC_DNS)[ids["spoke"]]
    assert (dns.support.get(), dns.hostnames.get()) == (True, True)
    (firewall,) = by_id(found, DNS_FIREWALLS).values()
    assert firewall.vpc_id.get() == ids["spoke"]
    assert [(r.action, r.domains) for r in firewall.rules.get()] == [("BLOCK", ("*.",))]


def test_what_was_read_can_be_written_down(hub):
    _, found = hub
    for kind in ORDER:
        for record in by_id(found, kind).values():
            assert json.loads(json.dumps(pack(record)))


DENIED = ClientError(
    {"Error": {"Code": "UnauthorizedOperation"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "X"
)


def ask(kind, before=None, **answers):
    return collected(kind, None, aws=Cloud(**answers), before=before)


@pytest.mark.parametrize(("kind", "operation", "envelope"), LISTS)
def test_a_list_that_is_missing_or_refused_is_no_empty_list(kind, operation, envelope):
    who = {"get_caller_identity": {"Account": "123456789012"}}
    assert ask(kind, **who, **{operation: {envelope: []}}) == {}
    for answer, cause in (({}, Cause.MISSING_FIELD), (DENIED, Cause.FORBIDDEN)):
        with pytest.raises(CallFailedError) as caught:
            ask(kind, **who, **{operation: answer})
        assert caught.value.cause is cause


def test_a_vpc_without_its_reader_is_not_read():
    for answer, cause in (({}, Cause.MISSING_FIELD), (DENIED, Cause.FORBIDDEN)):
        with pytest.raises(CallFailedError) as caught:
            ask(
                REGION_VPCS,
                get_caller_identity=answer,
                describe_vpcs={"Vpcs": [{"VpcId": "vpc-1"}]},
            )
        assert caught.value.cause is cause


TABLE = {"TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "t"}]}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"Routes": [], "AdditionalRoutesAvailable": True}, Cause.MISSING_FIELD),
        ({}, Cause.MISSING_FIELD),
        (DENIED, Cause.FORBIDDEN),
    ],
)
def test_routes_that_were_left_out_are_not_known(answer, cause):
    found = ask(
        TRANSIT_ROUTE_TABLES,
        describe_transit_gateway_route_tables=TABLE,
        search_transit_gateway_routes=answer,
    )
    assert found["t"].routes.gap.cause is cause


ROUTED = given(
    region_route_tables=[
        {"RouteTableId": "r", "Routes": [{"DestinationPrefixListId": "pl-1", "GatewayId": "x"}]}
    ],
    firewall_rule_groups=[
        {
            "arn": "g",
            "RuleGroup": {
                "ReferenceSets": {
                    "IPSetReferences": {
                        "A": {"ReferenceArn": "arn:aws:ec2:us-east-1:1:prefix-list/pl-2"},
                        "B": {"ReferenceArn": "arn:aws:resource-groups:us-east-1:1:group/g"},
                    }
                }
            },
        }
    ],
)


def test_a_prefix_list_that_cannot_be_opened_is_a_gap():
    found = ask(
        PREFIX_LISTS,
        ROUTED,
        describe_managed_prefix_lists={"PrefixLists": [{"PrefixListId": "pl-1"}]},
        get_managed_prefix_list_entries=DENIED,
    )
    assert set(found) == {"pl-1", "pl-2"}
    assert found["pl-1"].entries.gap.cause is Cause.FORBIDDEN
    assert found["pl-2"].entries.gap.cause is Cause.NOT_FOUND


def test_exclusions_come_in_pages():
    def answer(NextToken=""):  # noqa: N803  # boto3's name
        one = {"ExclusionId": f"x{NextToken}"}
        more = {} if NextToken else {"NextToken": "2"}
        return {"VpcBlockPublicAccessExclusions": [one], **more}

    found = ask(VPC_BLOCK_EXCLUSIONS, describe_vpc_block_public_access_exclusions=answer)
    assert set(found) == {"x", "x2"}


def test_rules_on_names_that_aws_keeps_to_itself_have_none():
    association = {"Id": "a", "VpcId": "v", "FirewallRuleGroupId": "g"}
    rule = {"Priority": 1, "Action": "BLOCK", "DnsThreatProtection": "DGA"}
    answers = {
        "list_firewall_rule_group_associations": {"FirewallRuleGroupAssociations": [association]},
        "list_firewall_rules": {"FirewallRules": [rule]},
    }
    assert ask(DNS_FIREWALLS, **answers)["a"].rules.get()[0].domains is None
    refused = ask(DNS_FIREWALLS, **{**answers, "list_firewall_rules": DENIED})
    assert refused["a"].rules.gap.source == "route53resolver:ListFirewallRules"

"""Puts right what moto says of networks and of callers, in moto's own classes.

AWS associates an attachment with one route table and knows the routes that attachments propagate;
moto names the default table whatever happened, and keeps static routes alone. Of a peer, AWS tells
every block of addresses. An endpoint's interfaces lie in its subnets. Users are of IAM, whoever
asks for them. `apply` is called once, before the first call is answered.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import vpcs
from moto.ec2.models.transit_gateway_attachments import (
    TransitGatewayAttachment,
    TransitGatewayAttachmentBackend,
)
from moto.ec2.models.transit_gateway_route_tables import (
    TransitGatewayRelations,
    TransitGatewayRouteTableBackend,
)
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection
from moto.sts.models import STSBackend

_create: Any = TransitGatewayAttachmentBackend.create_transit_gateway_vpc_attachment
_associate: Any = TransitGatewayRouteTableBackend.set_route_table_association
_disable: Any = TransitGatewayRouteTableBackend.disable_transit_gateway_route_table_propagation
_search: Any = TransitGatewayRouteTableBackend.search_transit_gateway_routes
_identity: Any = STSBackend.get_caller_identity


@cache
def apply() -> None:
    """Change moto's classes; a second call does nothing."""
    attachments: Any = TransitGatewayAttachmentBackend
    attachments.create_transit_gateway_vpc_attachment = _attach
    attachment: Any = TransitGatewayAttachment
    attachment.association = property(_association)
    tables: Any = TransitGatewayRouteTableBackend
    tables.set_route_table_association = _associate_once
    tables.disable_transit_gateway_route_table_propagation = _disable_one
    tables.search_transit_gateway_routes = _search_all
    for side, vpc in (("requester_vpc_info", "vpc"), ("accepter_vpc_info", "peer_vpc")):
        setattr(VPCPeeringConnection, side, property(_with_blocks(side, vpc)))
    models: Any = vpcs
    models.random_private_ip = _of_its_subnet
    callers: Any = STSBackend
    callers.get_caller_identity = _of_iam


def _of_iam(backend: Any, *args: Any, **more: Any) -> tuple[str, str, str]:
    """Say who calls; moto's own user is one of STS, which has none."""
    user_id, arn, account = _identity(backend, *args, **more)
    return user_id, arn.replace(":sts::", ":iam::") if ":user/" in arn else arn, account


def _of_its_subnet() -> None:
    """Leave the address of an endpoint's interface to the interface: it has one of its subnet."""


def _attach(backend: Any, *args: Any, **more: Any) -> Any:
    """Attach a VPC; associate it and let it propagate as the gateway's options say."""
    attachment = _create(backend, *args, **more)
    gateway = backend.transit_gateways[attachment.transit_gateway_id]
    gateway.default_route_table.route_table_associations.pop(attachment.id)
    if gateway.options["DefaultRouteTableAssociation"] == "enable":
        table = gateway.default_route_table.id
        backend.associate_transit_gateway_route_table(attachment.id, table)
    if gateway.options["DefaultRouteTablePropagation"] == "enable":
        table = gateway.default_route_table.id
        backend.enable_transit_gateway_route_table_propagation(attachment.id, table)
    return attachment


def _disable_one(
    backend: Any, transit_gateway_attachment_id: str, transit_gateway_route_table_id: str
) -> Any:
    """End one propagation of an attachment that may have others, of which moto remembers one."""
    relation = TransitGatewayRelations(
        backend, transit_gateway_attachment_id, transit_gateway_route_table_id, "enabled"
    )
    backend.transit_gateway_propagations[transit_gateway_attachment_id] = relation
    return _disable(backend, transit_gateway_attachment_id, transit_gateway_route_table_id)


def _tables_of(backend: Any, attachment: str) -> list[str]:
    tables = backend.transit_gateways_route_tables.values()
    return [table.id for table in tables if attachment in table.route_table_associations]


def _association(attachment: Any) -> dict[str, str] | None:
    tables = _tables_of(attachment.ec2_backend, attachment.id)
    if not tables or attachment.state != "available":
        return None
    return {"State": "associated", "TransitGatewayRouteTableId": tables[0]}


def _associate_once(
    backend: Any, transit_gateway_attachment_id: str, transit_gateway_route_table_id: str
) -> None:
    if _tables_of(backend, transit_gateway_attachment_id):
        message = f"Transit Gateway Attachment {transit_gateway_attachment_id} is associated."
        raise EC2ClientError("Resource.AlreadyAssociated", message)
    _associate(backend, transit_gateway_attachment_id, transit_gateway_route_table_id)


def _search_all(
    backend: Any, transit_gateway_route_table_id: str, filters: Any, max_results: Any = None
) -> list[dict[str, Any]]:
    """Return the static routes that fit, and after them the propagated ones that none hides."""
    static = _search(backend, transit_gateway_route_table_id, filters, max_results)
    table = backend.transit_gateways_route_tables.get(transit_gateway_route_table_id)
    wanted = {"type": "propagated", "state": "active"}
    if table is None or any(v not in filters.get(k, [v]) for k, v in wanted.items()):
        return [_listed(route) for route in static]
    found = [_listed(route) for route in static]
    for propagation in table.route_table_propagation:
        vpc = backend.vpcs.get(propagation.resourceId)
        blocks = vpc.cidr_block_association_set if vpc is not None else []
        through = {
            "resourceId": propagation.resourceId,
            "resourceType": propagation.resourceType,
            "transitGatewayAttachmentId": propagation.transitGatewayAttachmentId,
        }
        for cidr in {block["cidr_block"] for block in blocks} - set(table.routes):
            route = wanted | {"destinationCidrBlock": cidr, "transitGatewayAttachments": [through]}
            found.append(route)
    return found


def _listed(route: dict[str, Any]) -> dict[str, Any]:
    through = route.get("transitGatewayAttachments")
    return route | {"transitGatewayAttachments": [through]} if through else route


def _with_blocks(side: str, vpc: str) -> Any:
    told = getattr(VPCPeeringConnection, side).fget

    def info(peering: Any) -> dict[str, Any]:
        blocks = getattr(peering, vpc).cidr_block_association_set
        listed = [{"CidrBlock": block["cidr_block"]} for block in blocks]
        return {**told(peering), "CidrBlockSet": listed}

    return info

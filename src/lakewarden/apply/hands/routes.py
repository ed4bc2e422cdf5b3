"""Routes of route tables: `REGION/TABLE/DESTINATION`."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.aws import asked, placed
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_TARGETS: Final = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "EgressOnlyInternetGatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
)


class Route(Hand):
    """One route, as the table shows it."""

    kind = "route"
    calls = ("ec2:DescribeRouteTables", "ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the route."""
        region, table, destination = _parts(target)
        answer = asked(doors, "ec2", "describe_route_tables", region, RouteTableIds=[table])
        for found in answer["RouteTables"]:
            for route in found.get("Routes", []):
                if destination in (route.get(name) for name in _destinations()):
                    return dict(route)
        return None

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Make the route."""
        _send(doors, target, "create_route", **_through(wanted))

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # one target takes the place of another
        """Lead it elsewhere."""
        _send(doors, target, "replace_route", **_through(wanted))

    def delete(self, doors: Doors, target: Target, found: Json) -> None:  # noqa: ARG002  # its destination is enough
        """Take the route away."""
        _send(doors, target, "delete_route")


def _send(doors: Doors, target: Target, operation: str, **arguments: Any) -> None:
    region, table, destination = _parts(target)
    name = _destinations()[2 if destination.startswith("pl-") else ":" in destination]
    asked(doors, "ec2", operation, region, RouteTableId=table, **{name: destination}, **arguments)


def _destinations() -> tuple[str, str, str]:
    return ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _through(route: Json) -> dict[str, str]:
    """Return the target of a route as calls take it; EC2 shows an endpoint as a gateway."""
    name, value = next((n, route[n]) for n in _TARGETS if route.get(n))
    return {"VpcEndpointId" if value.startswith("vpce-") else name: value}


def _parts(target: Target) -> tuple[str, str, str]:
    region, rest = placed(target)
    table, _, destination = rest.partition("/")
    return region, table, destination


HANDS = (Route(),)

"""What stands in a VPC; the key of each target begins with the region: `us-east-1/vpce-1`."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.aws import PolicyHand, asked, loaded, placed, unless, written
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_NO_ENDPOINT: Final = frozenset({"InvalidVpcEndpointId.NotFound"})
_EVERYTHING: Final = {
    "Version": "2008-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
"""What an endpoint lets through that says of no policy."""


def _endpoint(doors: Doors, target: Target) -> Json | None:
    region, identity = placed(target)
    arguments: dict[str, Any] = {"region": region, "VpcEndpointIds": [identity]}
    answer = unless(_NO_ENDPOINT, doors, "ec2", "describe_vpc_endpoints", **arguments)
    return next(iter((answer or {}).get("VpcEndpoints", [])), None)


def _modify(doors: Doors, target: Target, **arguments: Any) -> None:
    region, identity = placed(target)
    asked(doors, "ec2", "modify_vpc_endpoint", region, VpcEndpointId=identity, **arguments)


class EndpointPolicy(PolicyHand):
    """The policy of a VPC endpoint."""

    kind = "vpc_endpoint_policy"
    calls = ("ec2:DescribeVpcEndpoints", "ec2:ModifyVpcEndpoint")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the document; an endpoint that says of none lets everything through."""
        found = _endpoint(doors, target)
        return None if found is None else loaded(found.get("PolicyDocument") or _EVERYTHING)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it is replaced as a whole
        """Put the whole document."""
        _modify(doors, target, PolicyDocument=written(wanted))


class Endpoint(Hand):
    """A VPC endpoint as it is described: route tables and private names can be changed."""

    kind = "vpc_endpoint"
    calls = ("ec2:DescribeVpcEndpoints", "ec2:ModifyVpcEndpoint")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the endpoint."""
        return _endpoint(doors, target)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Change both in one call."""
        arguments: dict[str, Any] = {}
        tables, served = (set(side.get("RouteTableIds") or ()) for side in (wanted, found))
        if tables - served:
            arguments["AddRouteTableIds"] = sorted(tables - served)
        if served - tables:
            arguments["RemoveRouteTableIds"] = sorted(served - tables)
        if wanted.get("PrivateDnsEnabled") != found.get("PrivateDnsEnabled"):
            arguments["PrivateDnsEnabled"] = bool(wanted.get("PrivateDnsEnabled"))
        _modify(doors, target, **arguments)


class SubnetSwitch(Hand):
    """A subnet as it is described: `/MapPublicIpOnLaunch` can be changed."""

    kind = "subnet"
    calls = ("ec2:DescribeSubnets", "ec2:ModifySubnetAttribute")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the subnet."""
        region, identity = placed(target)
        answer = asked(doors, "ec2", "describe_subnets", region, SubnetIds=[identity])
        return next(iter(answer["Subnets"]), None)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the value says it all
        """Say whether new machines get public addresses."""
        region, identity = placed(target)
        value = {"Value": bool(wanted.get("MapPublicIpOnLaunch"))}
        arguments = {"SubnetId": identity, "MapPublicIpOnLaunch": value}
        asked(doors, "ec2", "modify_subnet_attribute", region, **arguments)


class FlowLog(Hand):
    """The flow log of all traffic of a VPC: `REGION/VPC`."""

    kind = "flow_log"
    calls = ("ec2:DescribeFlowLogs", "ec2:CreateFlowLogs", "ec2:DeleteFlowLogs")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the flow log that records all traffic, if there is one."""
        region, vpc = placed(target)
        filters = [{"Name": "resource-id", "Values": [vpc]}]
        answer = asked(doors, "ec2", "describe_flow_logs", region, Filter=filters)
        whole = (log for log in answer["FlowLogs"] if log.get("TrafficType") == "ALL")
        return next(whole, None)

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Make it."""
        region, vpc = placed(target)
        answer = asked(
            doors,
            "ec2",
            "create_flow_logs",
            region,
            ResourceIds=[vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=wanted["LogDestination"],
        )
        self._insist(answer)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Take it away again; what it wrote stays."""
        region, _ = placed(target)
        identities = [found["FlowLogId"]]
        self._insist(asked(doors, "ec2", "delete_flow_logs", region, FlowLogIds=identities))

    @staticmethod
    def _insist(answer: Json) -> None:
        """Take what EC2 names among an answer that is none for a failure."""
        for failed in answer.get("Unsuccessful") or ():
            error = failed.get("Error", {})
            code = str(error.get("Code", ""))
            raise CallFailedError(Cause.MALFORMED, f"{code}: {error.get('Message', '')}", code=code)


HANDS = (EndpointPolicy(), Endpoint(), SubnetSwitch(), FlowLog())

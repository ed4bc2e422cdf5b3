"""Network Firewall's firewalls, which moto keeps without their endpoints, and changes to policies.

AWS makes an endpoint in each of a firewall's subnets. Here EC2's endpoints are moto's, so whoever
creates a firewall creates them first and names them in tags: `endpoint/<subnet id>`.
"""

from __future__ import annotations

import uuid

from lakewarden.simulate.aws.gap import GapError, Handler, Record, Request, State, page
from lakewarden.simulate.aws.wire import ACCOUNT_ID

_TABLE = "firewalls"
_ENDPOINT_TAG = "endpoint/"


def _create_firewall(state: State, request: Request) -> Record:
    given = dict(request.parameters)
    tags = {tag["Key"]: tag["Value"] for tag in given.pop("Tags", [])}
    name = given["FirewallName"]
    arn = f"arn:aws:network-firewall:{request.region}:{ACCOUNT_ID}:firewall/{name}"
    states = {}
    for number, mapping in enumerate(given["SubnetMappings"]):
        subnet = mapping["SubnetId"]
        endpoint = tags.get(f"{_ENDPOINT_TAG}{subnet}", f"vpce-{uuid.uuid4().hex[:17]}")
        zone = f"{request.region}{chr(ord('a') + number)}"
        attachment = {"SubnetId": subnet, "EndpointId": endpoint, "Status": "READY"}
        states[zone] = {"Attachment": attachment, "Config": {}}
    record = {
        "Firewall": given | {"FirewallArn": arn, "FirewallId": str(uuid.uuid4())},
        "FirewallStatus": {
            "Status": "READY",
            "ConfigurationSyncStateSummary": "IN_SYNC",
            "SyncStates": states,
        },
    }
    state.table(_TABLE, request.region)[arn] = record
    return record


def _describe_firewall(state: State, request: Request) -> Record:
    return _firewall(state, request)


def _list_firewalls(state: State, request: Request) -> Record:
    vpcs = request.parameters.get("VpcIds") or []
    firewalls = [record["Firewall"] for record in state.table(_TABLE, request.region).values()]
    pairs = [
        {"FirewallName": one["FirewallName"], "FirewallArn": one["FirewallArn"]}
        for one in firewalls
        if not vpcs or one["VpcId"] in vpcs
    ]
    return page("Firewalls", pairs, request)


def _associate_policy(state: State, request: Request) -> Record:
    firewall = _firewall(state, request)["Firewall"]
    firewall["FirewallPolicyArn"] = request.parameters["FirewallPolicyArn"]
    return {"FirewallArn": firewall["FirewallArn"], "FirewallName": firewall["FirewallName"]}


def _firewall(state: State, request: Request) -> Record:
    arn, name = request.parameters.get("FirewallArn"), request.parameters.get("FirewallName")
    for record in state.table(_TABLE, request.region).values():
        firewall = record["Firewall"]
        if arn == firewall["FirewallArn"] or (arn is None and name == firewall["FirewallName"]):
            return record
    raise GapError("ResourceNotFoundException", f"There is no firewall {arn or name}.")


HANDLERS: dict[str, Handler] = {
    "network-firewall:CreateFirewall": _create_firewall,
    "network-firewall:DescribeFirewall": _describe_firewall,
    "network-firewall:ListFirewalls": _list_firewalls,
    "network-firewall:AssociateFirewallPolicy": _associate_policy,
}

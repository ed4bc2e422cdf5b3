"""Instances that the control plane launches in AWS, as CloudTrail records them.

An action has ``launch = { cluster = "NAME" }`` for the driver and workers of a cluster of its
workspace, or ``launch = { node_type_id = "g5.xlarge", count = 4 }`` for instances that no cluster
asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime

from lakewarden.simulate.state import Json, Workspace
from lakewarden.simulate.world import SeedError

_CONTROL_PLANE = "414351767826"
_IMAGE = "ami-0d6f1c9c3f7a8b2e4"
_AGENT = "aws-sdk-java/1.12.638 Linux/5.15.0-1084-aws OpenJDK_64-Bit_Server_VM/17.0.16"


def launched(workspace: Workspace, action: Json, at: int) -> Json:
    """The record of `RunInstances` by the workspace's cross-account role.

    Raises:
        SeedError: the workspace has no cluster of the name.
    """
    wanted = action["launch"]
    ids, account = workspace.account.ids, workspace.account
    deployment = workspace.deployment
    credentials = account.table("credentials")[deployment["credentials_id"]]
    role = credentials["aws_credentials"]["sts_role"]["role_arn"]
    aws_account = role.split(":")[4]
    if "cluster" in wanted:
        machine, count, tags = _of_cluster(workspace, wanted["cluster"])
    else:
        machine, count, tags = wanted["node_type_id"], wanted["count"], wanted.get("tags", {})
    instances = [{"instanceId": f"i-{ids.hex(17)}", "instanceType": machine} for _ in range(count)]
    return {
        "eventVersion": "1.11",
        "userIdentity": _session(role, aws_account, ids.hex(17).upper(), at),
        "eventTime": _iso(at),
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RunInstances",
        "awsRegion": deployment["aws_region"],
        "sourceIPAddress": action["from"],
        "userAgent": action.get("agent", _AGENT),
        "requestParameters": {
            "instancesSet": {"items": [{"imageId": _IMAGE, "minCount": count, "maxCount": count}]},
            "instanceType": machine,
            **_place(workspace),
            "tagSpecificationSet": {
                "items": [
                    {
                        "resourceType": "instance",
                        "tags": [{"key": key, "value": value} for key, value in tags.items()],
                    }
                ]
            },
        },
        "responseElements": {"requestId": ids.uuid(), "instancesSet": {"items": instances}},
        "requestID": ids.uuid(),
        "eventID": ids.uuid(),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": aws_account,
        "eventCategory": "Management",
    }


def _of_cluster(workspace: Workspace, name: str) -> tuple[str, int, Json]:
    for body in workspace.table("clusters").values():
        if body["cluster_name"] == name:
            tags = {**body["default_tags"], **body.get("custom_tags", {})}
            return body["node_type_id"], body["num_workers"] + 1, tags
    raise SeedError(f"{workspace.name} has no cluster {name!r}")


def _place(workspace: Workspace) -> Json:
    """The subnet and the security groups of a workspace in a network of the customer's."""
    networks = workspace.account.table("networks")
    network = networks.get(workspace.deployment.get("network_id", ""))
    if network is None:
        return {}
    groups = [{"groupId": group} for group in network["security_group_ids"]]
    return {"subnetId": network["subnet_ids"][0], "groupSet": {"items": groups}}


def _session(role: str, account: str, key: str, at: int) -> Json:
    name = role.rpartition("/")[2]
    principal = f"AROA{key[:17]}"
    issuer = {"type": "Role", "principalId": principal, "arn": role}
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:databricks-{_CONTROL_PLANE}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/databricks-{_CONTROL_PLANE}",
        "accountId": account,
        "accessKeyId": f"ASIA{key[:16]}",
        "sessionContext": {
            "sessionIssuer": {**issuer, "accountId": account, "userName": name},
            "attributes": {"creationDate": _iso(at), "mfaAuthenticated": "false"},
        },
    }


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

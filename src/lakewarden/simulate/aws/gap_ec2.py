"""EC2's account-wide settings: default key of volumes, metadata defaults, public-access blocks."""

from __future__ import annotations

import uuid

from lakewarden.simulate.aws.gap import Handler, Record, Request, State, found, page
from lakewarden.simulate.aws.wire import ACCOUNT_ID

_SETTINGS = "ec2-settings"
_EXCLUSIONS = "vpc-block-exclusions"
_METADATA_FIELDS = {
    "HttpTokens": "httpTokens",
    "HttpPutResponseHopLimit": "httpPutResponseHopLimit",
    "HttpEndpoint": "httpEndpoint",
    "InstanceMetadataTags": "instanceMetadataTags",
}


def _settings(state: State, request: Request, name: str) -> Record:
    return state.table(_SETTINGS, request.region).setdefault(name, {})


def _get_ebs_default_kms_key_id(state: State, request: Request) -> Record:
    return {"kmsKeyId": "alias/aws/ebs"} | _settings(state, request, "ebs-key")


def _modify_ebs_default_kms_key_id(state: State, request: Request) -> Record:
    _settings(state, request, "ebs-key")["kmsKeyId"] = request.parameters["KmsKeyId"]
    return _get_ebs_default_kms_key_id(state, request)


def _reset_ebs_default_kms_key_id(state: State, request: Request) -> Record:
    _settings(state, request, "ebs-key").clear()
    return _get_ebs_default_kms_key_id(state, request)


def _get_instance_metadata_defaults(state: State, request: Request) -> Record:
    return {"accountLevel": _settings(state, request, "metadata")}


def _modify_instance_metadata_defaults(state: State, request: Request) -> Record:
    given = request.parameters
    wanted = {wire: given[name] for name, wire in _METADATA_FIELDS.items() if name in given}
    _settings(state, request, "metadata").update(wanted)
    return {"return": True}


def _describe_vpc_block_public_access_options(state: State, request: Request) -> Record:
    never_set = {
        "awsRegion": request.region,
        "state": "default-state",
        "internetGatewayBlockMode": "off",
        "exclusionsAllowed": "allowed",
        "managedBy": "account",
    }
    return {"vpcBlockPublicAccessOptions": never_set | _settings(state, request, "vpc-block")}


def _modify_vpc_block_public_access_options(state: State, request: Request) -> Record:
    mode = request.parameters["InternetGatewayBlockMode"]
    _settings(state, request, "vpc-block").update(
        state="update-complete", internetGatewayBlockMode=mode
    )
    return _describe_vpc_block_public_access_options(state, request)


def _create_exclusion(state: State, request: Request) -> Record:
    given = request.parameters
    kind, identifier = ("subnet", given["SubnetId"]) if "SubnetId" in given else ("vpc", "")
    identifier = identifier or given["VpcId"]
    exclusion = {
        "exclusionId": f"vpcbpa-exclude-{uuid.uuid4().hex[:17]}",
        "internetGatewayExclusionMode": given["InternetGatewayExclusionMode"],
        "resourceArn": f"arn:aws:ec2:{request.region}:{ACCOUNT_ID}:{kind}/{identifier}",
        "state": "create-complete",
    }
    state.table(_EXCLUSIONS, request.region)[exclusion["exclusionId"]] = exclusion
    return {"vpcBlockPublicAccessExclusion": exclusion}


def _describe_exclusions(state: State, request: Request) -> Record:
    exclusions = list(state.table(_EXCLUSIONS, request.region).values())
    return page("vpcBlockPublicAccessExclusionSet", exclusions, request, lower=True)


def _delete_exclusion(state: State, request: Request) -> Record:
    exclusions = state.table(_EXCLUSIONS, request.region)
    identifier = request.parameters["ExclusionId"]
    gone = found(exclusions, identifier, "InvalidVpcBlockPublicAccessExclusionId.NotFound")
    del exclusions[identifier]
    return {"vpcBlockPublicAccessExclusion": gone | {"state": "delete-complete"}}


def _get_snapshot_block(state: State, request: Request) -> Record:
    return {"state": "unblocked", "managedBy": "account"} | _settings(state, request, "snapshots")


def _enable_snapshot_block(state: State, request: Request) -> Record:
    _settings(state, request, "snapshots")["state"] = request.parameters["State"]
    return {"state": request.parameters["State"]}


def _get_image_block(state: State, request: Request) -> Record:
    never_set = {"imageBlockPublicAccessState": "unblocked", "managedBy": "account"}
    return never_set | _settings(state, request, "images")


def _enable_image_block(state: State, request: Request) -> Record:
    wanted = {"imageBlockPublicAccessState": request.parameters["ImageBlockPublicAccessState"]}
    _settings(state, request, "images").update(wanted)
    return wanted


HANDLERS: dict[str, Handler] = {
    "ec2:GetEbsDefaultKmsKeyId": _get_ebs_default_kms_key_id,
    "ec2:ModifyEbsDefaultKmsKeyId": _modify_ebs_default_kms_key_id,
    "ec2:ResetEbsDefaultKmsKeyId": _reset_ebs_default_kms_key_id,
    "ec2:GetInstanceMetadataDefaults": _get_instance_metadata_defaults,
    "ec2:ModifyInstanceMetadataDefaults": _modify_instance_metadata_defaults,
    "ec2:DescribeVpcBlockPublicAccessOptions": _describe_vpc_block_public_access_options,
    "ec2:ModifyVpcBlockPublicAccessOptions": _modify_vpc_block_public_access_options,
    "ec2:CreateVpcBlockPublicAccessExclusion": _create_exclusion,
    "ec2:DescribeVpcBlockPublicAccessExclusions": _describe_exclusions,
    "ec2:DeleteVpcBlockPublicAccessExclusion": _delete_exclusion,
    "ec2:GetSnapshotBlockPublicAccessState": _get_snapshot_block,
    "ec2:EnableSnapshotBlockPublicAccess": _enable_snapshot_block,
    "ec2:GetImageBlockPublicAccessState": _get_image_block,
    "ec2:EnableImageBlockPublicAccess": _enable_image_block,
}

"""EC2's account-wide settings: default key of volumes, metadata defaults, public-access blocks."""

from __future__ import annotations

from lakewarden.simulate.aws.gap import Handler, Record, Request, State

_SETTINGS = "ec2-settings"
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
    "ec2:GetSnapshotBlockPublicAccessState": _get_snapshot_block,
    "ec2:EnableSnapshotBlockPublicAccess": _enable_snapshot_block,
    "ec2:GetImageBlockPublicAccessState": _get_image_block,
    "ec2:EnableImageBlockPublicAccess": _enable_image_block,
}

"""The policies of a deployment from nothing: templates with a placeholder for each unknown name.

Every document comes from `proofs.policies`, so that what is written is what was proved. The
placeholders are those of Terraform's `templatefile`; the modules fill them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from lakewarden.proofs.facts.accounts import Platform, serverless
from lakewarden.proofs.facts.regions import Region
from lakewarden.proofs.policies import buckets, endpoints, keys, trust
from lakewarden.proofs.policies.build import Policy, accounts, allow, merged, policy, tls_only
from lakewarden.proofs.policies.cross_account import Place
from lakewarden.proofs.policies.fence import WaysIn, fenced, immutable
from lakewarden.proofs.policies.guard import proved

_OWN: Final = "${aws_account}"
_TENANT: Final = "${account_id}"
_BUCKET: Final = "${bucket}"
_KEEPERS: Final = "${keepers}"
_READERS: Final = "${readers}"
_LISTS: Final = (_KEEPERS, _READERS)
"""They stand without quotation marks, and are filled with JSON."""
_CONFIG: Final = "config.amazonaws.com"
_TRAIL: Final = "cloudtrail.amazonaws.com"
_FLOWS: Final = "delivery.logs.amazonaws.com"
_OWNED: Final = {"s3:x-amz-acl": "bucket-owner-full-control"}
_OF_THIS_ACCOUNT: Final = {"aws:SourceAccount": _OWN}


def templates(vendor: Platform, place: Region) -> Iterator[tuple[str, str]]:
    """Yield the templates: each its path below the modules, and its text.

    Args:
        vendor: the Databricks platform.
        place: the region there.
    """
    found = {
        "network": _network(vendor, place),
        "identity": _identity(vendor, place),
        "keys": _keys(vendor, place),
        "storage": _storage(vendor),
        "logging": _logging(vendor, place),
    }
    for module, documents in found.items():
        for name, document in documents.items():
            yield f"{module}/policies/{name}.json", _text(document)


def _text(document: Policy) -> str:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    for name in _LISTS:
        text = text.replace(f'"{name}"', name)
    return text + "\n"


def _network(vendor: Platform, place: Region) -> dict[str, Policy]:
    return {
        "endpoint-s3": endpoints.s3(vendor, place, ["${root_bucket}"], ["${data_bucket}"], _OWN),
        "endpoint-sts": endpoints.hardened_sts(vendor, _OWN),
        "endpoint-kinesis": endpoints.kinesis(vendor, place.name),
    }


def _identity(vendor: Platform, place: Region) -> dict[str, Policy]:
    machines = Place(_OWN, place.name, "${vpc}", vendor.partition)
    reader = _role(vendor, "${role}")
    credential = buckets.storage_credential(_BUCKET, reader, "${key}", vendor.partition)
    return {
        "trust-cross-account": trust.cross_account(vendor, _TENANT),
        "cross-account": proved(machines, "${security_group}", vendor.images),
        "trust-log-delivery": trust.log_delivery(vendor, _TENANT),
        "trust-storage-credential": trust.storage_credential(vendor, "${external_id}", reader),
        "storage-credential": credential,
        "trust-break-glass": _trust_break_glass(vendor),
        "break-glass": _break_glass(vendor, place),
    }


def _trust_break_glass(vendor: Platform) -> Policy:
    """Return who becomes the role for emergencies: people of the account, with a second factor."""
    own = accounts(_OWN, partition=vendor.partition)
    asked = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    return policy(allow("People", ["sts:AssumeRole"], (), to=own, when=asked))


def _break_glass(vendor: Platform, place: Region) -> Policy:
    """Return what the role for emergencies does: it shuts the others out, and reads nothing."""
    machines = f"arn:{vendor.partition}:ec2:{place.name}:{_OWN}:instance/*"
    ours = {"StringEquals": {"ec2:ResourceTag/Vendor": "Databricks"}}
    return policy(
        allow(
            "ShutTheRoles",
            ["iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:UpdateAssumeRolePolicy"],
            [_role(vendor, f"${{name}}-{role}") for role in ("cross-account", "unity-catalog")],
        ),
        allow(
            "ShutTheKeys",
            ["kms:DisableKey", "kms:EnableKey", "kms:PutKeyPolicy", "kms:RevokeGrant"],
            [f"arn:{vendor.partition}:kms:{place.name}:{_OWN}:key/*"],
        ),
        allow(
            "StopTheMachines",
            ["ec2:StopInstances", "ec2:TerminateInstances"],
            [machines],
            when=ours,
        ),
    )


def _keys(vendor: Platform, place: Region) -> dict[str, Policy]:
    kept = policy(keys.keeping([_KEEPERS]))
    reads = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*")
    return {
        "key-managed-services": keys.hardened_managed_services(vendor, _TENANT, [_KEEPERS]),
        "key-workspace-storage": keys.hardened_workspace_storage(
            vendor, _TENANT, [_KEEPERS], "${cross_account_role}", place.name
        ),
        "key-data": merged(
            kept, policy(allow("UnityCatalog", reads, to={"AWS": "${unity_catalog_role}"}))
        ),
        "key-logs": merged(
            kept,
            policy(
                allow(
                    "LogDelivery",
                    ("kms:Decrypt", "kms:GenerateDataKey*"),
                    to={"AWS": "${log_delivery_role}"},
                ),
                allow("Readers", ("kms:Decrypt",), to={"AWS": _READERS}),
                allow(
                    "LogsOfAws",
                    ("kms:GenerateDataKey*", "kms:DescribeKey"),
                    to={"Service": [_TRAIL, _CONFIG, _FLOWS]},
                    when={"StringEquals": _OF_THIS_ACCOUNT},
                ),
            ),
        ),
    }


def _storage(vendor: Platform) -> dict[str, Policy]:
    ways = WaysIn(
        endpoints=("${endpoint}",),
        organisation_paths=(serverless().organisation_path,),
        exempt=("${guardian}",),
    )
    root = buckets.root_bucket(vendor, _BUCKET, _TENANT)
    return {
        "root-bucket": merged(root, policy(tls_only(_BUCKET, vendor.partition))),
        "data-bucket": fenced(_BUCKET, ways, vendor.partition),
    }


def _logging(vendor: Platform, place: Region) -> dict[str, Policy]:
    delivery = buckets.log_bucket(_BUCKET, "${writer}", vendor.partition)
    kept = immutable(_BUCKET, ["${writer}"], ["${guardian}"], vendor.partition)
    return {
        "audit-bucket": merged(delivery, kept),
        "trail-bucket": _trail_bucket(vendor, place),
    }


def _trail_bucket(vendor: Platform, place: Region) -> Policy:
    """Return the policy of the bucket that AWS writes to, for this account alone."""
    bucket = f"arn:{vendor.partition}:s3:::{_BUCKET}"
    written = f"{bucket}/AWSLogs/{_OWN}/*"
    trail = f"arn:{vendor.partition}:cloudtrail:{place.name}:{_OWN}:trail/${{trail}}"
    by_trail = {"aws:SourceArn": trail}
    looks = ("s3:GetBucketAcl", "s3:ListBucket")
    rows: tuple[tuple[str, str, tuple[str, ...], dict[str, Any]], ...] = (
        ("Trail", _TRAIL, looks[:1], by_trail),
        ("FlowLogs", _FLOWS, looks, _OF_THIS_ACCOUNT),
        ("Config", _CONFIG, looks, _OF_THIS_ACCOUNT),
    )
    statements = []
    for name, service, seen, tests in rows:
        to = {"Service": service}
        statements += [
            allow(f"{name}Looks", seen, [bucket], to=to, when={"StringEquals": tests}),
            allow(
                f"{name}Writes",
                ["s3:PutObject"],
                [written],
                to=to,
                when={"StringEquals": {**tests, **_OWNED}},
            ),
        ]
    return policy(*statements, tls_only(_BUCKET, vendor.partition))


def _role(vendor: Platform, name: str) -> str:
    return f"arn:{vendor.partition}:iam::{_OWN}:role/{name}"

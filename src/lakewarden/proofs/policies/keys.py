"""Policies of the keys that encrypt a workspace, as documented and harder.

The documented ones leave administration, and with it decryption, to whatever the account's own
policies say. The harder ones name who keeps the key, and let no keeper decrypt or delete it. A key
whose keepers are all gone can be mended by AWS Support alone, so name two.
Source: Databricks' Security Reference Architecture, 2026-07; AWS KMS Developer Guide, "Key
policies".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.proofs.facts.accounts import Platform
from lakewarden.proofs.policies.build import TENANT_TAG, Policy, accounts, allow, callers, policy

_ADMINISTERS: Final = (
    "kms:CancelKeyDeletion",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
"""What keeps a key, without any right to use it or to let others use it."""
_MANAGES: Final = ("kms:Encrypt", "kms:Decrypt")
_STORES: Final = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:DescribeKey",
)
_GRANTS: Final = ("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant")
_FOR_AWS: Final = {"kms:GrantIsForAWSResource": "true"}


def managed_services(vendor: Platform, account: str, tenant: str = "") -> Policy:
    """Return the documented policy of the key for notebooks, secrets and queries.

    Args:
        vendor: the Databricks platform.
        account: the AWS account that the key belongs to.
        tenant: the id of the Databricks account; older documents leave it out.
    """
    return policy(_own(vendor, account), _databricks(vendor, _MANAGES, tenant))


def workspace_storage(
    vendor: Platform, account: str, role: str, tenant: str = "", *, grants: bool = True
) -> Policy:
    """Return the documented policy of the key for the root bucket and for volumes of clusters.

    Args:
        vendor: the Databricks platform.
        account: the AWS account that the key belongs to.
        role: the ARN of the cross-account role, by which EC2 uses the key.
        tenant: the id of the Databricks account; older documents leave it out.
        grants: let Databricks make grants for AWS services, as older documents do.
    """
    volumes = allow(
        "ClusterVolumes",
        ("kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"),
        to=callers(role),
        when={"ForAnyValue:StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}},
    )
    granting = [_granting(vendor, tenant)] if grants else []
    return policy(_own(vendor, account), _databricks(vendor, _STORES, tenant), *granting, volumes)


def hardened_managed_services(vendor: Platform, tenant: str, keepers: Iterable[str]) -> Policy:
    """Return the harder policy of the key for notebooks, secrets and queries.

    Args:
        vendor: the Databricks platform.
        tenant: the id of the Databricks account.
        keepers: ARNs of the roles that keep the key, that for break-glass among them. AWS refuses
            a policy whose author could not change it again.
    """
    return policy(keeping(keepers), _databricks(vendor, _MANAGES, tenant))


def hardened_workspace_storage(
    vendor: Platform, tenant: str, keepers: Iterable[str], role: str, region: str
) -> Policy:
    """Return the harder policy of the key for the root bucket and for volumes of clusters.

    Args:
        vendor: the Databricks platform.
        tenant: the id of the Databricks account.
        keepers: ARNs of the roles that keep the key, that for break-glass among them.
        role: the ARN of the cross-account role, by which EC2 uses the key.
        region: the key's AWS region.
    """
    through = {"kms:ViaService": f"ec2.{region}.amazonaws.com"}
    uses = ("kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey")
    return policy(
        keeping(keepers),
        _databricks(vendor, _STORES, tenant),
        allow("ClusterVolumes", uses, to=callers(role), when={"StringEquals": through}),
        allow(
            "ClusterVolumesOfAws",
            ["kms:CreateGrant"],
            to=callers(role),
            when={"StringEquals": through, "Bool": _FOR_AWS},
        ),
    )


def keeping(keepers: Iterable[str]) -> Policy:
    """Return the statement by which some roles keep a key, without any right to use it.

    Args:
        keepers: ARNs of the roles.
    """
    return allow("Keepers", _ADMINISTERS, to=callers(*keepers))


def _own(vendor: Platform, account: str) -> Policy:
    return allow("OwnAccount", ["kms:*"], to=accounts(account, partition=vendor.partition))


def _databricks(vendor: Platform, actions: Iterable[str], tenant: str) -> Policy:
    to = accounts(vendor.control_plane, partition=vendor.partition)
    when = {"StringEquals": {TENANT_TAG: tenant}} if tenant else None
    return allow("Databricks", actions, to=to, when=when)


def _granting(vendor: Platform, tenant: str) -> Policy:
    to = accounts(vendor.control_plane, partition=vendor.partition)
    tests: dict[str, dict[str, str]] = {"Bool": dict(_FOR_AWS)}
    if tenant:
        tests["StringEquals"] = {TENANT_TAG: tenant}
    return allow("DatabricksGrants", _GRANTS, to=to, when=tests)

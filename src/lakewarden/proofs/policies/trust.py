"""Trust policies: who becomes the roles that Databricks uses.

Source: the Terraform provider's data sources `databricks_aws_assume_role_policy` and
`databricks_aws_unity_catalog_assume_role_policy`, release 1.128.0.
"""

from __future__ import annotations

from typing import Final

from lakewarden.proofs.facts.accounts import Platform
from lakewarden.proofs.policies.build import Policy, accounts, allow, callers, policy

_BECOME: Final = ("sts:AssumeRole",)


def cross_account(vendor: Platform, tenant: str) -> Policy:
    """Return the trust policy of the cross-account role.

    Args:
        vendor: the Databricks platform.
        tenant: the id of the Databricks account, which is the external id.
    """
    to = accounts(vendor.control_plane, partition=vendor.partition)
    return policy(allow("Databricks", _BECOME, (), to=to, when=_shown(tenant)))


def log_delivery(vendor: Platform, tenant: str) -> Policy:
    """Return the trust policy of the role that logs are delivered by; arguments as before."""
    to = callers(vendor.log_delivery)
    return policy(allow("LogDelivery", _BECOME, (), to=to, when=_shown(tenant)))


def storage_credential(vendor: Platform, external_id: str, role: str) -> Policy:
    """Return the trust policy of a storage credential's role, which has to trust itself too.

    Args:
        vendor: the Databricks platform.
        external_id: the storage credential's own; not the Databricks account's id.
        role: the role's ARN. It is named by a condition, as it is not there before its policy is.
    """
    own = accounts(role.split(":")[4], partition=vendor.partition)
    itself = {**_shown(external_id), "ArnLike": {"aws:PrincipalArn": role}}
    return policy(
        allow(
            "UnityCatalog", _BECOME, (), to=callers(vendor.unity_catalog), when=_shown(external_id)
        ),
        allow("Itself", _BECOME, (), to=own, when=itself),
    )


def instance_profile() -> Policy:
    """Return the trust policy of a role for machines."""
    return policy(allow("Machines", _BECOME, (), to={"Service": "ec2.amazonaws.com"}))


def _shown(external_id: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"sts:ExternalId": external_id}}

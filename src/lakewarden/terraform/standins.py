"""Stand-ins: identities for what has none yet, so that planned things can point at each other.

A resource that does not exist gets its identity when the plan is applied. Until then its address
stands in for it, in the shape that the identity will have.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, Final

from lakewarden.terraform.plan import Resource
from lakewarden.terraform.values import Unsaid

_IDENTITIES: Final = {
    "aws_cloudtrail": ("arn", "id"),
    "aws_iam_role": ("arn",),
    "aws_kms_key": ("arn", "id", "key_id"),
    "aws_s3_bucket": ("bucket", "id"),
    "databricks_cluster": ("id", "cluster_id"),
    "databricks_cluster_policy": ("id", "policy_id"),
    "databricks_mws_credentials": ("credentials_id",),
    "databricks_mws_customer_managed_keys": ("customer_managed_key_id",),
    "databricks_mws_log_delivery": ("config_id",),
    "databricks_mws_networks": ("network_id",),
    "databricks_mws_private_access_settings": ("private_access_settings_id",),
    "databricks_mws_storage_configurations": ("storage_configuration_id",),
    "databricks_mws_vpc_endpoint": ("vpc_endpoint_id",),
    "databricks_mws_workspaces": ("workspace_id", "workspace_url"),
    "databricks_service_principal": ("application_id", "id"),
}
"""The attributes that name a resource, the one that others mostly use first."""
_NUMBERED: Final = frozenset({"databricks_job", "databricks_mws_workspaces"})
_SAME_VALUE: Final = {
    ("aws_s3_bucket", "id"): "bucket",
    ("databricks_mws_workspaces", "workspace_url"): "workspace_id",
}


def stand_in(resource: Resource, attribute: str = "") -> Any:
    """Return the value of a naming attribute, or what stands in for it until apply.

    Args:
        resource: the resource that is pointed at.
        attribute: the attribute, empty for the one that others mostly use.

    Returns:
        `Unsaid.LATER` when the attribute is not known and does not name the resource.
    """
    names = _IDENTITIES.get(resource.type, ("id",))
    attribute = attribute or names[0]
    known = resource.get(_SAME_VALUE.get((resource.type, attribute), attribute))
    if known is not None and not isinstance(known, Unsaid):
        return known
    return _made_up(resource, attribute) if attribute in names else Unsaid.LATER


def number(text: str) -> int:
    """Return a number that stands in for an id: negative, as no real one is."""
    return -int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") - 1


def _made_up(resource: Resource, attribute: str) -> Any:
    if resource.type in _NUMBERED:
        return number(resource.address)
    if attribute == "application_id":
        return str(uuid.uuid5(uuid.NAMESPACE_URL, resource.address))
    if resource.type == "aws_iam_role":
        return f"arn:aws:iam::planned:role/{resource.address}"
    return resource.address

"""What names another resource is written as a reference, what the site decides as a variable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from lakewarden.terraform.write.hcl import Attribute, Block, Json, Reference, Text
from lakewarden.terraform.write.thing import Item, Written

_LINKS: Final[Mapping[str, tuple[str, str]]] = {
    "credentials_id": ("databricks_mws_credentials", "credentials_id"),
    "storage_configuration_id": (
        "databricks_mws_storage_configurations",
        "storage_configuration_id",
    ),
    "network_id": ("databricks_mws_networks", "network_id"),
    "private_access_settings_id": (
        "databricks_mws_private_access_settings",
        "private_access_settings_id",
    ),
    "managed_services_customer_managed_key_id": (
        "databricks_mws_customer_managed_keys",
        "customer_managed_key_id",
    ),
    "storage_customer_managed_key_id": (
        "databricks_mws_customer_managed_keys",
        "customer_managed_key_id",
    ),
    "network_policy_id": ("databricks_account_network_policy", "network_policy_id"),
    "metastore_id": ("databricks_metastore", "id"),
    "metastore": ("databricks_metastore", "id"),
    "workspace_id": ("databricks_mws_workspaces", "workspace_id"),
    "cluster_id": ("databricks_cluster", "id"),
    "existing_cluster_id": ("databricks_cluster", "id"),
    "policy_id": ("databricks_cluster_policy", "id"),
    "cluster_policy_id": ("databricks_cluster_policy", "id"),
    "instance_pool_id": ("databricks_instance_pool", "id"),
    "driver_instance_pool_id": ("databricks_instance_pool", "id"),
    "sql_endpoint_id": ("databricks_sql_endpoint", "id"),
    "job_id": ("databricks_job", "id"),
    "scope": ("databricks_secret_scope", "name"),
    "credential_name": ("databricks_storage_credential", "name"),
    "bucket": ("aws_s3_bucket", "bucket"),
    "bucket_name": ("aws_s3_bucket", "bucket"),
    "s3_bucket_name": ("aws_s3_bucket", "bucket"),
    "key_arn": ("aws_kms_key", "arn"),
    "kms_key_id": ("aws_kms_key", "arn"),
    "kms_master_key_id": ("aws_kms_key", "arn"),
    "role": ("aws_iam_role", "name"),
    "role_arn": ("aws_iam_role", "arn"),
    "key_id": ("aws_kms_key", "key_id"),
    "vpc_id": ("aws_vpc", "id"),
    "subnet_id": ("aws_subnet", "id"),
    "subnet_ids": ("aws_subnet", "id"),
    "security_group_ids": ("aws_security_group", "id"),
    "route_table_ids": ("aws_route_table", "id"),
    "gateway_id": ("aws_internet_gateway", "id"),
    "nat_gateway_id": ("aws_nat_gateway", "id"),
    "vpc_endpoint_id": ("aws_vpc_endpoint", "id"),
    "aws_vpc_endpoint_id": ("aws_vpc_endpoint", "id"),
}
"""By the name of an argument, the type and attribute of the resource that it names."""
_GENERAL: Final = frozenset({"account", "aws"})
"""Scopes whose resources others may name from anywhere."""

_TELLING: Final = 36
"""From how many characters on a value is replaced within others too: those of an account's id."""

Marks = Mapping[tuple[str, str, str, str], str]


def marks_of(resources: Iterable[tuple[Written, str]]) -> Marks:
    """Return the labels of resources, by type, scope, and attribute and value that name them."""
    found: dict[tuple[str, str, str, str], str] = {}
    for written, label in resources:
        scope = "" if written.scope in _GENERAL else written.scope
        for attribute, value in written.marks.items():
            if value is not None and not written.guarded:
                found[written.type, scope, attribute, str(value)] = label
    return found


def linked(written: Written, marks: Marks, variables: Mapping[str, str]) -> tuple[Item, ...]:
    """Return the body of a resource with references and variables.

    Args:
        written: the resource.
        marks: the labels of all resources.
        variables: by value, the variable that holds it.
    """

    def one(name: str, value: Any) -> Any:
        if not isinstance(value, str | int) or isinstance(value, bool):
            return value
        kind, attribute = _LINKS.get(name, ("", ""))
        own = written.marks.get(name) is not None and kind == written.type
        for scope in () if own or not kind else ("", written.scope):
            label = marks.get((kind, scope, attribute, str(value)))
            if label is not None and kind != written.type:
                return Reference(f"{kind}.{label}.{attribute}")
        return _variable(value, variables)

    return tuple(_walked(item, one) for item in written.body)


def _variable(value: Any, variables: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    if value in variables:
        return Reference(f"var.{variables[value]}")
    for text, name in variables.items():
        if len(text) >= _TELLING and text in value:
            before, _, after = value.partition(text)
            return Text((before, Reference(f"var.{name}"), after))
    return value


def _walked(item: Item, one: Callable[[str, Any], Any]) -> Item:
    if isinstance(item, Block):
        return Block(item.name, item.labels, tuple(_walked(inner, one) for inner in item.body))
    if isinstance(item, Attribute):
        return Attribute(item.name, _value(item.name, item.value, one))
    return item


def _value(name: str, value: Any, one: Callable[[str, Any], Any]) -> Any:
    if isinstance(value, Json):
        return Json(_value(name, value.value, one))
    if isinstance(value, Mapping):
        return {key: _value(key, inner, one) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(name, entry, one) for entry in value]
    return one(name, value)

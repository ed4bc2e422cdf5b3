"""The AWS accounts and roles that belong to Databricks, from a dated data file."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files


@functools.cache
def control_plane_accounts(partition: str) -> frozenset[str]:
    """Return the ids of the AWS accounts from which Databricks acts.

    Args:
        partition: the customer's AWS partition, `aws` or `aws-us-gov`; any other has none.
    """
    return frozenset(account["id"] for account in _accounts(partition))


@functools.cache
def log_delivery_roles(partition: str) -> frozenset[str]:
    """Return the ARNs of the roles by which Databricks delivers logs.

    Args:
        partition: the customer's AWS partition, `aws` or `aws-us-gov`; any other has none.
    """
    return frozenset(
        f"arn:{partition}:iam::{account['id']}:role/{account['log_delivery']}"
        for account in _accounts(partition)
    )


def _accounts(partition: str) -> list[dict[str, str]]:
    data = files(__package__).joinpath("data", "databricks_accounts.toml").read_text("utf-8")
    return [a for a in tomllib.loads(data)["accounts"] if a["partition"] == partition]

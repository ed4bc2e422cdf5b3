"""The AWS accounts that belong to Databricks, from a dated data file."""

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
    data = files(__package__).joinpath("data", "databricks_accounts.toml").read_text("utf-8")
    accounts = tomllib.loads(data)["accounts"]
    return frozenset(a["id"] for a in accounts if a["partition"] == partition)

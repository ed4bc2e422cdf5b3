"""The accounts, roles and hosts of Databricks that policies name, from a dated data file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakewarden.estate.databricks_accounts import log_delivery_roles
from lakewarden.proofs.facts.tables import table


@dataclass(frozen=True, slots=True)
class Platform:
    """One Databricks platform on AWS.

    Args:
        name: `aws`, `aws-us-gov` or `aws-us-gov-dod`, as the Terraform provider calls it.
        partition: the second field of ARNs there; both GovCloud platforms share one.
        control_plane: the id of the account from which Databricks acts.
        log_delivery: the ARN of the role that delivers logs.
        unity_catalog: the ARN of the role that assumes storage credentials.
        artifacts: the id of the account that owns the buckets of artifacts and sample data.
        images: the id of the account that owns the images of nodes, for `ec2:Owner`.
        console: the host of the account console.
        datasets_users: ARNs of the users that older policies let read sample data.
    """

    name: str
    partition: str
    control_plane: str
    log_delivery: str
    unity_catalog: str
    artifacts: str
    images: str
    console: str
    datasets_users: tuple[str, ...]

    @property
    def root(self) -> str:
        """The control-plane account as a principal: the ARN of its root."""
        return f"arn:{self.partition}:iam::{self.control_plane}:root"


@dataclass(frozen=True, slots=True)
class Serverless:
    """How serverless compute of the commercial platform shows itself to a policy.

    Args:
        account: the id of its account.
        role: the ARN of the role that assumes instance profiles' roles.
        organisation_path: a pattern for `aws:VpceOrgPaths` of its VPC endpoints.
    """

    account: str
    role: str
    organisation_path: str

    def external_id(self, workspace: str) -> str:
        """Return the external id that it shows for a workspace, by the workspace's numeric id."""
        template: str = table("accounts")["serverless"]["external_id"]
        return template.format(workspace=workspace)


def platform(name: str) -> Platform | None:
    """Return a platform by name; None when it is not known."""
    return _platforms().get(name)


def platforms(partition: str) -> tuple[Platform, ...]:
    """Return the platforms in an AWS partition: two for `aws-us-gov`, none for an unknown one."""
    return tuple(p for p in _platforms().values() if p.partition == partition)


@functools.cache
def serverless() -> Serverless:
    """Return what is known of serverless compute."""
    row = table("accounts")["serverless"]
    role = f"arn:aws:iam::{row['account']}:role/{row['role']}"
    return Serverless(row["account"], role, row["organisation_path"])


@functools.cache
def _platforms() -> Mapping[str, Platform]:
    rows = table("accounts")["platforms"]
    return {name: _platform(name, row) for name, row in rows.items()}


def _platform(name: str, row: Mapping[str, Any]) -> Platform:
    partition, account = row["partition"], row["control_plane"]
    roles, users = f"arn:{partition}:iam::{account}:role/", f"arn:{partition}:iam::{account}:user/"
    (delivery,) = (arn for arn in log_delivery_roles(partition) if arn.startswith(roles))
    return Platform(
        name,
        partition,
        account,
        delivery,
        roles + row["unity_catalog"],
        row["artifacts"],
        row["images"],
        row["console"],
        tuple(users + user for user in row["datasets_users"]),
    )

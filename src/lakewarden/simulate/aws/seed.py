"""Builds the AWS half of a world."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.aws import seed_account, seed_compute, seed_network, seed_storage
from lakewarden.simulate.aws.builder import Builder


def seed(url: str, aws_world: dict[str, Any]) -> dict[str, str]:
    """Create what a world's `aws.toml` describes, through the public API.

    Args:
        url: The endpoint of a running `AwsServer`.
        aws_world: The parsed `aws.toml`; `account_id` is the Databricks account id.

    Returns:
        The ids by "kind.name": `vpc`, `subnet`, `security_group`, `endpoint`, `route_table` and
        `instance` ids, `role` and `key` ARNs, `bucket` names.

    Raises:
        KeyError: A policy names something that the world does not have.
        botocore.exceptions.ClientError: The pretend AWS refuses.
    """
    builder = Builder(url, aws_world)
    try:
        seed_network.networks(builder, aws_world)
        seed_account.roles(builder, aws_world)
        seed_account.keys(builder, aws_world)
        seed_network.endpoints(builder, aws_world)
        seed_storage.buckets(builder, aws_world)
        seed_network.flow_logs(builder, aws_world)
        seed_compute.instances(builder, aws_world)
        seed_account.account(builder, aws_world)
    finally:
        builder.close()
    return builder.ids

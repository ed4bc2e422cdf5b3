"""What comes about in a deployment that stands: nobody writes it in Terraform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakewarden.simulate.aws import seed_account, seed_compute
from lakewarden.simulate.aws.builder import Builder


def live(url: str, world: dict[str, Any], ids: Mapping[str, str]) -> dict[str, str]:
    """Launch a world's instances, deliver its logs and report its use of vCPUs.

    Args:
        url: the endpoint of the simulated AWS.
        world: the parsed `aws.toml`.
        ids: what was built there, by "kind.name".

    Returns:
        These ids and those of the instances.
    """
    builder = Builder(url, world)
    builder.ids.update(ids)
    try:
        seed_compute.instances(builder, world)
        seed_account.account(builder, {"usage": world.get("usage", {})})
        for bucket in world.get("buckets", []):
            for key, text in bucket.get("objects", {}).items():
                client = builder.client("s3")
                client.put_object(Bucket=bucket["name"], Key=builder.text(key), Body=text.encode())
    finally:
        builder.close()
    return builder.ids

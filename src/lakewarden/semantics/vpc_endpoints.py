"""What a VPC endpoint leads to, and whether it works."""

from __future__ import annotations

from lakewarden.estate.vpc import VpcEndpoint


def service_of(endpoint: VpcEndpoint) -> str:
    """Return the short name of an endpoint's service: `s3` for `com.amazonaws.us-east-1.s3`.

    Raises:
        UnreadError: the service was not read.
    """
    return endpoint.service.get().rsplit(".", 1)[-1].removesuffix("-fips")


def works(endpoint: VpcEndpoint) -> bool:
    """Return whether an endpoint is accepted and available.

    Raises:
        UnreadError: its state was not read.
    """
    return endpoint.state.get().lower() == "available"

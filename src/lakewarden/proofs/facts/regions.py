"""Where Databricks lives in each AWS region: hosts, addresses, buckets and endpoint services.

Source: Databricks' page "IP addresses and domains", its feed of IP ranges, and its Security
Reference Architecture; the data files say which and of when. What they do not have is None, never a
guess.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

from lakewarden.proofs.facts.tables import table

PLATFORMS: Final = ("aws", "aws-us-gov", "aws-us-gov-dod")


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts that classic compute connects to.

    Args:
        webapp: the control plane's, for the region.
        relay: that of secure cluster connectivity, without PrivateLink.
        relay_private: the same with PrivateLink.
        metastore: that of the legacy Hive metastore, on port 3306; needless where legacy access
            is switched off.
    """

    webapp: str | None
    relay: str | None
    relay_private: str | None
    metastore: str | None


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of Databricks that the policy of an S3 endpoint has to let through.

    Args:
        artifacts: to read; the images of runtimes.
        logs: to write.
        datasets: to read; sample data.
        system_tables: to read.
    """

    artifacts: tuple[str, ...]
    logs: str | None
    datasets: str | None
    system_tables: str | None


@dataclass(frozen=True, slots=True)
class Services:
    """The names of the endpoint services that PrivateLink leads to.

    Args:
        general: for workspaces and REST API.
        relay: for secure cluster connectivity.
        direct: for Service Direct.
        disputed: names that sources give for general access while they contradict each other.
    """

    general: str | None
    relay: str | None
    direct: str | None
    disputed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """What is known of one region on one platform.

    Args:
        name: of the AWS region.
        platform: `aws`, `aws-us-gov` or `aws-us-gov-dod`.
        shard: Databricks' word for it, with which prefixes in the root bucket begin.
        hosts: what compute connects to.
        buckets: what it reads and writes of Databricks.
        services: what PrivateLink leads to.
        control_plane: the control plane's range on the older pages; compute connects to it.
        nat: the address from which the control plane calls, on the older pages.
        inbound: where compute and people connect to, by the feed; it also holds default storage.
        outbound: from where the control plane and serverless compute call, by the feed.
        doubts: what the sources leave open, in words.
    """

    name: str
    platform: str
    shard: str | None
    hosts: Hosts
    buckets: Buckets
    services: Services
    control_plane: IPv4Network | None
    nat: IPv4Network | None
    inbound: tuple[IPv4Network, ...] | None
    outbound: tuple[IPv4Network, ...] | None
    doubts: tuple[str, ...]


def region(name: str, platform: str | None = None) -> Region | None:
    """Return what is known of a region; None when nothing is.

    Args:
        name: of the AWS region.
        platform: which platform's; without it the civilian one, where a region has two.
    """
    wanted = PLATFORMS if platform is None else (platform,)
    known = (_regions().get((each, name)) for each in wanted)
    return next((found for found in known if found), None)


@functools.cache
def regions() -> tuple[Region, ...]:
    """Return every known region, platform by platform."""
    return tuple(_regions().values())


@functools.cache
def _regions() -> Mapping[tuple[str, str], Region]:
    rows = table("regions")
    return {
        (platform, name): _region(platform, name, row)
        for platform in PLATFORMS
        for name, row in rows[platform].items()
    }


def _region(platform: str, name: str, row: Mapping[str, Any]) -> Region:
    # The feed does not tell the two platforms of GovCloud apart; what it has is the civilian one's.
    feed = {} if platform.endswith("-dod") else table("addresses")["addresses"].get(name, {})
    return Region(
        name,
        platform,
        row.get("shard"),
        _hosts(name, row),
        Buckets(
            tuple(row.get("artifacts", ())),
            row.get("logs"),
            row.get("datasets"),
            row.get("system_tables"),
        ),
        _services(name, table("endpoints")[platform].get(name, {})),
        _network(row.get("control_plane")),
        _network(row.get("nat")),
        _networks(feed.get("inbound")),
        _networks(feed.get("outbound")),
        tuple(table("regions")["doubts"].get(name, ())),
    )


def _hosts(name: str, row: Mapping[str, str]) -> Hosts:
    private = table("regions")["relay_private"].format(region=name) if "relay" in row else None
    return Hosts(row.get("webapp"), row.get("relay"), private, row.get("metastore"))


def _services(region_name: str, row: Mapping[str, Any]) -> Services:
    def full(service: str) -> str:
        return f"com.amazonaws.vpce.{region_name}.{service}"

    known = {use: full(row[use]) for use in ("general", "relay", "direct") if use in row}
    return Services(
        known.get("general"),
        known.get("relay"),
        known.get("direct"),
        tuple(full(service) for service in row.get("general_disputed", ())),
    )


def _network(text: str | None) -> IPv4Network | None:
    return None if text is None else IPv4Network(text)


def _networks(texts: list[str] | None) -> tuple[IPv4Network, ...] | None:
    return None if texts is None else tuple(IPv4Network(text) for text in texts)

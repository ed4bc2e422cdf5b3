"""Regions: every table has each of them or says why not, and everything in them parses."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

import pytest

from lakewarden.proofs.facts.regions import region, regions
from lakewarden.proofs.facts.tables import table

HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
SERVICE = re.compile(r"com\.amazonaws\.vpce\.([a-z0-9-]+)\.vpce-svc-[0-9a-f]{17}")
CIVILIAN = [known for known in regions() if known.platform != "aws-us-gov-dod"]
# Serverless compute is there, classic compute is not.
NO_CLASSIC = {"eu-north-1"}
# Pages with hosts that could be read do not have them.
NO_HOSTS = {"ap-southeast-3", "us-gov-west-1"} | NO_CLASSIC


def hosts(known):
    return [host for host in (known.hosts.webapp, known.hosts.relay, known.hosts.relay_private,
                              known.hosts.metastore) if host]  # fmt: skip


def buckets(known):
    kept = known.buckets
    named = (*kept.artifacts, kept.logs, kept.datasets, kept.system_tables)
    return [bucket for bucket in named if bucket]


def test_the_tables_know_the_same_regions():
    names = {known.name for known in CIVILIAN}
    assert len(names) == 18
    assert set(table("addresses")["addresses"]) == names
    endpoints = table("endpoints")
    assert {*endpoints["aws"], *endpoints["aws-us-gov"]} == names


def test_a_region_lacks_hosts_or_buckets_only_where_that_is_known():
    assert {known.name for known in regions() if not hosts(known)} == NO_HOSTS
    assert {known.name for known in regions() if not buckets(known)} == NO_CLASSIC
    full = [known for known in regions() if known.name not in NO_HOSTS]
    assert all(len(hosts(known)) == 4 and known.nat and known.control_plane for known in full)


def test_every_host_is_a_host_and_every_bucket_a_bucket():
    for known in regions():
        assert all(HOST.fullmatch(host) for host in hosts(known)), known.name
        assert all(BUCKET.fullmatch(bucket) for bucket in buckets(known)), known.name


def test_every_network_lies_in_the_internet():
    for known in CIVILIAN:
        ranges = (*known.inbound, *known.outbound)
        assert all(isinstance(each, IPv4Network) and each.is_global for each in ranges), known.name
        assert all(24 <= each.prefixlen <= 32 for each in ranges), known.name


@pytest.mark.parametrize("known", [k for k in regions() if k.nat], ids=lambda k: k.name)
def test_the_older_pages_agree_with_the_feed(known):
    assert known.control_plane in known.inbound
    assert known.control_plane in known.outbound
    assert known.nat in known.outbound


def test_endpoint_services_are_of_their_region_and_shared_by_nobody():
    seen = []
    for known in regions():
        one = known.services
        for service in (one.general, one.relay, one.direct, *one.disputed):
            if service:
                assert SERVICE.fullmatch(service).group(1) == known.name
                seen.append(service)
    # Fifteen regions with three, Jakarta with a fourth, one with Service Direct alone, and twice
    # two without it in GovCloud.
    assert len(seen) == len(set(seen)) == 15 * 3 + 4 + 1 + 2 * 2


def test_nothing_decides_which_service_is_the_one_of_jakarta():
    services = region("ap-southeast-3").services
    assert services.general is None
    assert len(services.disputed) == 2
    assert region("ap-southeast-3").doubts
    assert [k.name for k in regions() if k.services.disputed] == ["ap-southeast-3"]


def test_a_region_in_full():
    known = region("eu-central-1")
    assert known.hosts.relay == "tunnel.eu-central-1.cloud.databricks.com"
    assert known.hosts.relay_private == "tunnel.privatelink.eu-central-1.cloud.databricks.com"
    assert (known.shard, str(known.nat)) == ("frankfurt", "18.159.32.64/32")
    assert known.buckets.logs == "databricks-prod-storage-frankfurt"


def test_neighbours_that_share_their_buckets():
    assert region("us-west-1").buckets.artifacts == ("databricks-prod-artifacts-us-west-2",)
    assert "databricks-update-oregon" in region("us-west-2").buckets.artifacts
    assert region("ap-southeast-3").buckets.datasets == "databricks-datasets-oregon"


def test_govcloud_has_two_platforms_in_one_region():
    civilian, dod = region("us-gov-west-1"), region("us-gov-west-1", "aws-us-gov-dod")
    assert civilian.platform == "aws-us-gov"
    assert civilian.buckets.logs == "databricks-prod-storage-pendleton"
    assert dod.buckets.logs == "databricks-prod-storage-pendleton-dod"
    assert civilian.services.general != dod.services.general
    assert (civilian.inbound is None, dod.inbound) == (False, None)


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("eu-south-2", None),
        ("", None),
        ("us-east-1", "aws-us-gov"),
        ("us-gov-west-1", "aws"),
        ("us-east-1", "azure"),
    ],
)
def test_an_unknown_region_is_none(name, platform):
    assert region(name, platform) is None


def test_every_table_says_of_when_it_is():
    for name in ("accounts", "addresses", "endpoints", "firewall", "global_keys", "names"):
        assert table(name)["as_of"].year >= 2026

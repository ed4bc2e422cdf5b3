"""Accounts and roles of Databricks, for each platform."""

from __future__ import annotations

import re

import pytest

from lakewarden.estate.databricks_accounts import control_plane_accounts, log_delivery_roles
from lakewarden.proofs.facts.accounts import platform, platforms, serverless

PARTITIONS = ("aws", "aws-us-gov")
ALL = [each for partition in PARTITIONS for each in platforms(partition)]


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_estate_knows_the_same_accounts_and_roles(partition):
    known = platforms(partition)
    assert {each.control_plane for each in known} == control_plane_accounts(partition)
    assert {each.log_delivery for each in known} == log_delivery_roles(partition)


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_every_id_is_an_account_and_every_role_is_in_the_control_plane(each):
    accounts = (each.control_plane, each.artifacts, each.images)
    assert all(re.fullmatch(r"\d{12}", account) for account in accounts)
    home = f"arn:{each.partition}:iam::{each.control_plane}:"
    roles = (each.root, each.log_delivery, each.unity_catalog, *each.datasets_users)
    assert all(arn.startswith(home) for arn in roles)
    assert each.console.startswith("accounts")


def test_the_commercial_platform():
    known = platform("aws")
    assert known.root == "arn:aws:iam::414351767826:root"
    assert known.images == "601306020600"
    assert known.unity_catalog.endswith(":role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL")


def test_the_two_platforms_of_govcloud_share_images_and_artifacts_alone():
    civilian, dod = platforms("aws-us-gov")
    assert (civilian.images, civilian.artifacts) == (dod.images, dod.artifacts)
    assert civilian.control_plane != dod.control_plane
    assert civilian.console != dod.console


def test_an_unknown_platform_or_partition_has_nothing():
    assert platform("aws-cn") is None
    assert platforms("aws-cn") == ()


def test_serverless_shows_its_own_account_an_id_and_a_path():
    known = serverless()
    assert known.role == "arn:aws:iam::790110701330:role/serverless-customer-resource-role"
    assert known.external_id("123") == "databricks-serverless-123"
    assert re.fullmatch(r"o-\w+/r-\w+/(ou-[\w-]+/)+\*", known.organisation_path)

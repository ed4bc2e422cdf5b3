"""Access modes: the whole table, and what decides where there is no mode."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.semantics.access_modes import Isolation, isolation

ANN = "ann@example.com"
TABLE_ACLS = {"spark.databricks.acl.dfAclsEnabled": "true"}
PASSTHROUGH = {
    "spark.databricks.passthrough.enabled": "true",
    "spark.databricks.cluster.profile": "serverless",
}


@pytest.mark.parametrize(
    ("mode", "found"),
    [
        ("USER_ISOLATION", Isolation.USERS),
        ("DATA_SECURITY_MODE_STANDARD", Isolation.USERS),
        ("DATA_SECURITY_MODE_AUTO", Isolation.USERS),
        ("SINGLE_USER", Isolation.SINGLE),
        ("DATA_SECURITY_MODE_DEDICATED", Isolation.SINGLE),
        ("LEGACY_SINGLE_USER", Isolation.SINGLE),
        ("LEGACY_SINGLE_USER_STANDARD", Isolation.SINGLE),
        ("LEGACY_TABLE_ACL", Isolation.LEGACY),
        ("LEGACY_PASSTHROUGH", Isolation.LEGACY),
        ("NONE", Isolation.NONE),
        (None, Isolation.NONE),
        ("", Isolation.UNKNOWN),
        ("user_isolation", Isolation.UNKNOWN),
        ("DATA_SECURITY_MODE_QUANTUM", Isolation.UNKNOWN),
    ],
)
def test_each_mode_with_a_user_named(mode, found):
    assert isolation(mode, ANN, {}) is found


@pytest.mark.parametrize(
    "mode",
    [
        "SINGLE_USER",
        "DATA_SECURITY_MODE_DEDICATED",
        "LEGACY_SINGLE_USER",
        "LEGACY_SINGLE_USER_STANDARD",
    ],
)
@pytest.mark.parametrize("nobody", [None, ""])
def test_a_dedicated_cluster_needs_somebody(mode, nobody):
    assert isolation(mode, nobody, {}) is Isolation.UNASSIGNED


@pytest.mark.parametrize("mode", ["USER_ISOLATION", "LEGACY_TABLE_ACL", "NONE"])
def test_the_user_matters_to_dedicated_clusters_alone(mode):
    assert isolation(mode, None, {}) is isolation(mode, ANN, {})


@pytest.mark.parametrize(
    ("conf", "found"),
    [
        (TABLE_ACLS, Isolation.LEGACY),
        ({"spark.databricks.acl.dfAclsEnabled": "TRUE"}, Isolation.LEGACY),
        ({"spark.databricks.acl.dfAclsEnabled": "false"}, Isolation.NONE),
        (PASSTHROUGH, Isolation.LEGACY),
        ({"spark.databricks.passthrough.enabled": "true"}, Isolation.NONE),
        ({"spark.databricks.cluster.profile": "serverless"}, Isolation.NONE),
        ({"spark.databricks.cluster.profile": "singleNode"}, Isolation.NONE),
        ({}, Isolation.NONE),
    ],
)
def test_without_a_mode_the_spark_configuration_decides(conf, found):
    assert isolation(None, None, conf) is found


@settings(deadline=None)
@given(st.sampled_from(["NONE", "SINGLE_USER", "QUANTUM"]))
def test_spark_configuration_never_betters_a_mode(mode):
    assert not isolation(mode, None, {**TABLE_ACLS, **PASSTHROUGH}).separates


def test_which_of_them_separate():
    kept_apart = {entry for entry in Isolation if entry.separates}
    assert kept_apart == {Isolation.USERS, Isolation.SINGLE, Isolation.LEGACY}

"""Names on allow-lists: which of them let data out."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from lakewarden.proofs.facts.names import weakness_of
from lakewarden.proofs.facts.regions import regions
from lakewarden.proofs.facts.tables import table

SITES = tomllib.loads(
    files("lakewarden.semantics").joinpath("data", "drop_sites.toml").read_text("utf-8")
)["sites"]


@pytest.mark.parametrize(
    ("allowed", "by"),
    [
        (".cloud.databricks.com", ".cloud.databricks.com"),
        ("*.cloud.databricks.com", ".cloud.databricks.com"),
        ("dbc-*.cloud.databricks.com", ".cloud.databricks.com"),
        (".databricks.com", ".cloud.databricks.com"),
        (".pypi.org", ".pypi.org"),
        ("upload.pypi.org", "upload.pypi.org"),
        ("UPLOAD.PYPI.ORG.", "upload.pypi.org"),
        (".pythonhosted.org", ".pythonhosted.org"),
        (".s3.amazonaws.com", ".s3.amazonaws.com"),
        (".my.bucket.s3.amazonaws.com", ".s3.amazonaws.com"),
        (".amazonaws.com", ".amazonaws.com"),
        ("s3.eu-west-1.amazonaws.com", "s3.*.amazonaws.com"),
        ("s3-eu-west-1.amazonaws.com", "s3-*.amazonaws.com"),
        ("sqs.us-east-1.amazonaws.com", "sqs.*.amazonaws.com"),
        ("sqs.*.amazonaws.com", "sqs.*.amazonaws.com"),
        (".execute-api.us-east-1.amazonaws.com", ".execute-api.*.amazonaws.com"),
        (".github.com", "github.com"),
        ("github.com", "github.com"),
        (".githubusercontent.com", ".githubusercontent.com"),
        (".googleapis.com", ".googleapis.com"),
        (".storage-download.googleapis.com", ".googleapis.com"),
        (".blob.core.windows.net", ".blob.core.windows.net"),
        (".core.windows.net", ".blob.core.windows.net"),
        ("www.dropbox.com", ".dropbox.com"),
    ],
)
def test_names_that_let_data_out(allowed, by):
    found = weakness_of(allowed)
    assert (found.domain, bool(found.reason), bool(found.instead)) == (by, True, True)


@pytest.mark.parametrize(
    "allowed",
    [
        "pypi.org",
        "files.pythonhosted.org",
        "dbc-0123abcd-4567.cloud.databricks.com",
        "accounts.cloud.databricks.com",
        "my-bucket.s3.eu-west-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com",
        ".internal.example.com",
        "mirror.example.com",
        "notgithub.com",
        ".notpypi.org",
        "github.com.example.com",
        "sqs.amazonaws.com.example.com",
    ],
)
def test_names_that_nothing_is_known_against(allowed):
    assert weakness_of(allowed) is None


@pytest.mark.parametrize("allowed", [".", "*", "", ".com", "*.io"])
def test_a_name_that_is_no_name_lets_everything_out(allowed):
    assert "anybody" in weakness_of(allowed).reason


@pytest.mark.parametrize("known", regions(), ids=lambda known: f"{known.platform} {known.name}")
def test_the_hosts_that_databricks_needs_are_not_weak(known):
    hosts = known.hosts
    needed = (hosts.webapp, hosts.relay, hosts.relay_private, hosts.metastore)
    assert [host for host in needed if host and weakness_of(host)] == []


@pytest.mark.parametrize("site", [site for sites in SITES.values() for site in sites])
def test_every_drop_site_is_weak_by_itself_and_with_all_below_it(site):
    assert weakness_of(site)
    assert weakness_of(f".{site}")
    assert weakness_of(f"team.{site}")


def test_every_row_is_reached_by_its_own_names_and_says_what_to_do():
    for row in table("names")["weaknesses"]:
        for domain in (*row.get("any", ()), *row.get("wide", ())):
            assert weakness_of(domain.replace("*", "us-east-1")), domain
        assert set(row) - {"any", "wide"} == {"reason", "instead"}


def test_one_name_under_a_shared_domain_may_be_your_own():
    wide = [d for row in table("names")["weaknesses"] for d in row.get("wide", ())]
    weak = [d for d in wide if weakness_of("mine-0123" + d.replace("*", "us-east-1"))]
    assert weak == []

"""Mistakes that posture tools are known to make; each is tried on ours.

Their examples stand with the controls; here they are gathered, so that none is lost when a control
is rewritten.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from tests.controls.kit import judged

import lakewarden
from lakewarden.clients.paging import Paging
from lakewarden.collect.lists import LISTS
from lakewarden.controls.kit.registry import control, controls
from lakewarden.estate.access import TOKENS
from lakewarden.estate.compute import CLUSTERS
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.storage import EXTERNAL_LOCATIONS
from lakewarden.ledger.finding import Verdict

_AT_ONCE = {
    *("account_ip_lists", "ip_lists", "tokens", "metastores", "cluster_libraries"),
    *("cluster_policies", "instance_pools", "node_types", "runtimes", "serving_endpoints"),
}
"""Kinds whose call takes no page token in the official SDK."""
P, F, U, N = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
NEVER = {"token_id": "t", "comment": "x", "creation_time": 1_760_000_000_000, "expiry_time": -1}


def verdicts(identity, snapshot, **options):
    return {f.verdict for f in judged(snapshot, control(identity), **options)}


@pytest.mark.parametrize("identity", [c.id for c in controls()])
def test_when_nothing_can_be_read_nothing_passes(identity):
    for cause in (Cause.FORBIDDEN, Cause.TIMEOUT, Cause.MALFORMED):
        kinds = {need.kind: refused(cause) for need in control(identity).needs}
        assert not verdicts(identity, given(**kinds)) & {P, Verdict.ATTESTED}, cause
        everything = {**kinds, "workspaces": refused(cause)}
        assert verdicts(identity, given(**everything)) == {U}, cause


@pytest.mark.parametrize(
    ("identity", "kind", "item"),
    [
        ("cluster-isolation", "clusters", {"cluster_id": "c"}),
        ("local-disk-encryption", "clusters", {"cluster_id": "c"}),
        ("recipient-ip-lists", "recipients", {"name": "r"}),
        ("recipient-tokens-expire", "recipients", {"name": "r"}),
        ("tokens-expire", "tokens", {"token_id": "t"}),
        ("clusters-terminate", "clusters", {"cluster_id": "c"}),
    ],
)
def test_an_object_without_its_optional_fields_does_not_pass(identity, kind, item):
    assert P not in verdicts(identity, given(**{kind: [item]}))


@pytest.mark.parametrize(
    "key", ["managed_services_customer_managed_key_id", "storage_customer_managed_key_id"]
)
def test_one_of_two_keys_is_not_both(key):
    other = {
        "managed_services_customer_managed_key_id": "cmk-workspace-storage",
        "storage_customer_managed_key_id": "cmk-managed-services",
    }
    snapshot = given(workspace={key: "k1"}, encryption_keys=[], kms_keys=[])
    assert verdicts(other[key], snapshot) == {F}


def test_the_tokens_are_everybodys_and_not_the_callers_own():
    assert TOKENS.source == "GET /api/2.0/token-management/tokens"
    package = Path(lakewarden.__file__).parent
    asked = [f for f in package.rglob("*.py") if "/api/2.0/token/list" in f.read_text("utf-8")]
    assert all("simulate" in file.parts for file in asked)


def test_one_token_that_never_ends_is_one_too_many():
    fine = {**NEVER, "token_id": "u", "expiry_time": 1_760_000_000_000 + 86_400_000}
    found = judged(given(tokens=[NEVER, fine]), control("tokens-expire"))
    assert [f.verdict for f in found if f.subject.id == "t"] == [F]


def _lists(*entries):
    return [
        {"list_id": str(n), "label": "x", "list_type": kind, "ip_addresses": [a], "enabled": True}
        for n, (kind, a) in enumerate(entries)
    ]


@pytest.mark.parametrize(
    "entries",
    [
        [("ALLOW", "0.0.0.0/0")],
        [("ALLOW", "0.0.0.0/1"), ("ALLOW", "128.0.0.0/1")],
        [("BLOCK", "203.0.113.0/24")],
        [],
    ],
)
def test_a_list_that_shuts_nobody_out_is_no_list(entries):
    here = {"workspace_conf": {"enableIpAccessLists": "true"}, "ip_lists": _lists(*entries)}
    assert P not in verdicts("ip-access-lists", given(**here))
    account = {
        "account_settings": {"acct_ip_acl_enable": True},
        "account_ip_lists": _lists(*entries),
    }
    assert verdicts("account-ip-access-lists", given(**account)) == {F}


@pytest.mark.parametrize(
    ("mode", "verdict"),
    [
        ("DATA_SECURITY_MODE_STANDARD", P),
        ("DATA_SECURITY_MODE_AUTO", P),
        ("LEGACY_TABLE_ACL", P),
        ("NONE", F),
        ("SOMETHING_NEW", U),
    ],
)
def test_access_modes_have_old_names_and_new_ones(mode, verdict):
    cluster = {"cluster_id": "c", "cluster_source": "UI", "data_security_mode": mode}
    assert verdicts("cluster-isolation", given(clusters=[cluster])) == {verdict}


def test_an_unreadable_list_of_runtimes_supports_nothing():
    cluster = {"cluster_id": "c", "cluster_source": "UI", "spark_version": "5.5.x-scala2.11"}
    snapshot = given(clusters=[cluster], runtimes=refused())
    assert verdicts("supported-runtimes", snapshot) == {U}


def test_nobody_is_blamed_for_what_they_do_not_use():
    """No control asks that a product be used: where there is none of it, none is judged."""
    for identity in ("model-endpoints-guarded", "secret-scopes-owned", "recipient-ip-lists"):
        kinds = {need.kind: [] for need in control(identity).needs if not need.key}
        assert F not in verdicts(identity, given(**kinds)), identity


def test_a_snapshot_older_than_a_control_leaves_it_unknown():
    for found in controls():
        if found.needs:
            assert P not in verdicts(found.id, given()), found.id


@pytest.mark.parametrize("kind", LISTS, ids=lambda k: k.name)
def test_a_list_is_read_to_its_end_unless_it_has_no_pages(kind):
    if LISTS[kind].paging is Paging.ONCE:
        assert kind.name in _AT_ONCE, f"does {kind.source} truly answer at once?"


@pytest.mark.parametrize("kind", [EXTERNAL_LOCATIONS, CLUSTERS])
def test_securables_and_clusters_have_pages(kind):
    assert LISTS[kind].paging is Paging.TOKEN


def test_every_control_is_judged_by_its_own_file_alone():
    """No id is repeated by hand elsewhere: what a control is called, its file says."""
    for found in controls():
        text = Path(str(importlib.import_module(found.module).__file__)).read_text("utf-8")
        assert re.search(rf'^    id="{found.id}",$', text, re.MULTILINE)

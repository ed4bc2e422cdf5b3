"""What cannot be taken back, what is not proved, and all guards together."""

from __future__ import annotations

import pytest

from guards.plans import asked, change
from lakewarden.apply.hand import hands
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.given import given, refused
from lakewarden.guards.proofs import POLICIES
from lakewarden.guards.registry import GUARDS, needs, refusals
from lakewarden.plan.change import Proof
from lakewarden.proofs.questions.registry import QUESTIONS

NARROWER = Proof("policy.not_more_permissive", "It allows no more", "proved")
WORKS = Proof("bucket.databricks_still_works", "It works", "proved")
CONF = change("workspace_conf", "enableWebTerminal", {"/value": None}, {"/value": "false"})


def said(*changes, **more):
    return [(r.guard, r.why) for r in refusals(asked(given(), *changes, **more))]


def switched_on(**more):
    return change("workspace_setting", "shield", {"/value": False}, {"/value": True}, **more)


def test_what_is_for_ever_is_asked_for():
    forever, gone = switched_on(permanent=True), switched_on(irreversible="the token is gone")
    assert [guard for guard, _ in said(forever)] == ["permanent"]
    assert not said(forever, allow_permanent=True)
    assert said(forever, allow_irreversible=True)
    assert "the token is gone" in said(gone)[0][1]
    assert not said(gone, allow_irreversible=True)
    assert said(gone, allow_permanent=True)
    assert not said(switched_on())


@pytest.mark.parametrize("kind", sorted(POLICIES))
@pytest.mark.parametrize(
    ("proofs", "count"),
    [
        ((NARROWER, WORKS), 0),
        ((NARROWER,), 1),
        ((WORKS,), 1),
        ((), 2),
        ((NARROWER, Proof(WORKS.question, "It works", "refuted", "a request")), 1),
        ((Proof(NARROWER.question, "It allows no more", "unknown"), WORKS), 1),
    ],
)
def test_policies_carry_proofs_that_hold_or_a_reason(kind, proofs, count):
    paths = {"/Version": "2012-10-17", "/Statement": []}
    one = change(kind, "x", paths, paths, proofs=proofs, scope="aws")
    assert sum(guard == "proofs" for guard, _ in said(one)) == count
    assert not [1 for guard, _ in said(one, overridden="reviewed") if guard == "proofs"]


def test_the_questions_that_guards_look_for_are_asked_somewhere():
    assert NARROWER.question in QUESTIONS
    assert WORKS.question in QUESTIONS


def test_a_harmless_plan_is_not_refused_and_needs_no_more_than_any():
    assert not said(CONF)
    assert needs(asked(given(), CONF).plan) == {WORKSPACES.need()}


def test_needs_are_kinds_that_can_be_collected():
    assert {need.kind for need in needs()} <= KINDS.keys()
    for guard in GUARDS:
        assert set(guard.needs) <= needs()


def test_a_guard_that_cannot_tell_refuses():
    off = change(
        "account_user", "1", {"/active": True}, {"/active": False}, scope="account", name="ann"
    )
    blind = given(account_users=refused(), workspaces=refused())
    assert not refusals(asked(given(), off))
    assert isinstance(refusals(asked(blind, off)), tuple)


NAMES = """
artifact_allowlist bucket_encryption bucket_lifecycle bucket_ownership bucket_public_access
bucket_versioning budget catalog cluster cluster_compliance cluster_policy cluster_restart
cost_allocation_tag custom_app_integration ebs_encryption_default entitlements external_location
firewall_policy firewall_rule_group flow_log global_init_script grants guardduty_detector job
kms_grant kms_key_rotation log_delivery metastore metastore_assignment pipeline
published_app_integration recipient route rule_set secret_acl security_group_egress
security_group_ingress storage_credential subnet system_schema trail trail_logging trail_selectors
vpc_endpoint warehouse warehouse_config workspace_bindings workspace_setting workspace_setting_v2
"""
HARMLESS = frozenset(NAMES.split())
"""Kinds by which nobody loses the way in."""
RESTORED = ("acl.", "asset.", "late.", "running.")
"""Beginnings of the kinds that restoring changes; it leaves out itself what would lock out."""
KEYS = {"permissions": "authorization/tokens", "workspace_conf": "enableIpAccessLists"}
PLACES = {"workspace": "/private_access_settings_id"}


def test_every_kind_is_looked_at_or_is_known_to_lock_nobody_out():
    looked_at = set()
    known = {kind for kind in hands() if not kind.startswith(RESTORED)}
    for kind in known:
        key, place = KEYS.get(kind, "acct_ip_acl_enable"), PLACES.get(kind, "/x")
        one = change(kind, key, {place: 1}, {place: 2})
        looked_at |= {kind for guard in GUARDS if guard.about(one)}
    assert looked_at.isdisjoint(HARMLESS)
    assert known - looked_at == HARMLESS & known

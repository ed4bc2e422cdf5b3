"""What the account says of its people: assignments, roles and federation policies."""

from __future__ import annotations

import pytest

from collect.stubs import ACCOUNT, DENIED, ROOT, StubHost, collected, in_turn
from lakewarden.collect.task import COLLECTORS, Task
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.people import (
    FEDERATION_POLICIES,
    PERMISSION_ASSIGNMENTS,
    RULE_SETS,
    WORKSPACE_GROUPS,
)

RULES = f"/api/2.0/preview/accounts/{ACCOUNT}/access-control/rule-sets"
DEFAULT = f"accounts/{ACCOUNT}/ruleSets/default"


def assigned(answer):
    host = StubHost({f"{ROOT}/workspaces/1/permissionassignments": answer})
    return collected(PERMISSION_ASSIGNMENTS, host)["1"].assignments


def test_assignments_are_read_of_each_workspace():
    entry = {"permissions": ["ADMIN"], "principal": {"principal_id": 7, "user_name": "a"}}
    (found,) = assigned({"permission_assignments": [entry]}).get()
    assert (found.principal.principal_id, found.permissions) == (7, ("ADMIN",))


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (DENIED, Cause.FORBIDDEN),
        ({}, Cause.MISSING_FIELD),
        ([], Cause.MALFORMED),
        ({"permission_assignments": [{"principal": {"principal_id": 7}}]}, Cause.MALFORMED),
    ],
)
def test_assignments_that_are_not_there_are_a_gap(answer, cause):
    assert assigned(answer).gap.cause is cause


def rules(answer, *, trust=False):
    host = StubHost({RULES: answer})
    task = Task(RULE_SETS, "account", (), host, None, given(), in_turn, trust)
    (found,) = COLLECTORS["rule_sets"](task)
    assert host.asked == [(RULES, {"name": DEFAULT, "etag": ""})]
    assert found.name == DEFAULT
    return found.grants


def test_the_rule_set_of_the_account_is_asked_for_by_name():
    rule = {"role": "roles/billing.admin", "principals": ["groups/finance"]}
    (found,) = rules({"name": DEFAULT, "etag": "e", "grant_rules": [rule]}, trust=True).get()
    assert (found.role, found.principals) == ("roles/billing.admin", ("groups/finance",))


def test_grants_left_out_are_none_only_where_that_is_trusted():
    assert rules({"name": DEFAULT}).gap.cause is Cause.MISSING_FIELD
    assert rules({"name": DEFAULT}, trust=True).get() == ()
    assert rules(DENIED, trust=True).gap.cause is Cause.FORBIDDEN


def test_federation_policies_may_leave_audience_and_claim_out():
    bare = {"policy_id": "p", "oidc_policy": {"issuer": "https://x"}}
    found = collected(
        FEDERATION_POLICIES, StubHost({f"{ROOT}/federationPolicies": {"policies": [bare]}})
    )
    assert found["p"].audiences.get() == ()
    assert found["p"].subject_claim.get() is None


def test_groups_of_a_workspace_are_asked_for_their_kind():
    answer = {"totalResults": 1, "Resources": [{"id": "1", "meta": {"resourceType": "Group"}}]}
    host = StubHost({"/api/2.0/preview/scim/v2/Groups": answer})
    assert collected(WORKSPACE_GROUPS, host)["1"].resource_type.get() == "Group"
    assert "meta" in host.asked[0][1]["attributes"].split(",")

"""Plans for AWS: policies with their proofs, several controls in one policy, wide routes."""

from __future__ import annotations

from itertools import islice

import pytest

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import control, controls
from lakewarden.controls.kit.route_mending import is_wide
from lakewarden.estate.estate import Estate
from lakewarden.guards.proofs import POLICIES
from lakewarden.ledger.finding import Verdict
from lakewarden.plan.plan import Origin

FAILING = [
    pytest.param(c, example, id=f"{c.id}: {example.title}")
    for c in controls()
    if c.fixable and c.shelf in {"storage", "keys", "logging", "network", "vendor"}
    for example in islice((e for e in c.list_examples() if e.verdict is Verdict.FAIL), 2)
]


def planned(example, *ids):
    policy = example.policy.naming(ids)
    at = Context(Estate(example.estate), policy, parse_time(example.estate.meta.taken))
    return plan_for(at.estate, [control(i) for i in ids], at, Origin("a", "t", "high", ids))


@pytest.mark.parametrize(("chosen", "example"), FAILING)
def test_a_policy_is_changed_with_two_proofs_that_say_why_they_do_not_hold(chosen, example):
    for change in planned(example, chosen.id).changes:
        if change.target.kind in POLICIES:
            asked = [proof.question for proof in change.proofs]
            assert "policy.not_more_permissive" in asked, change.address
            works = ("still_works", "covers_required_databricks_buckets", "recoverable_by")
            assert any(question.endswith(works) for question in asked), change.address
            assert all(proof.detail or proof.holds for proof in change.proofs), change.address


def test_two_controls_narrow_one_policy_of_a_role_together():
    both = ("cross-account-role-bounded", "cross-account-role-restricted")
    examples = control(both[1]).list_examples()
    (example,) = (e for e in examples if e.title == "everything")
    (change,) = planned(example, *both).changes
    assert [reason.control for reason in change.reasons] == list(both)
    actions = {a for s in change.after["/Statement"] for a in [s["Action"]] if isinstance(a, str)}
    assert "ec2:*" not in actions
    assert all(proof.holds for proof in change.proofs)


@pytest.mark.parametrize(
    ("destination", "wide"),
    [
        ("0.0.0.0/0", True),
        ("128.0.0.0/1", True),
        ("::/0", True),
        ("pl-0a1b", True),
        ("198.51.100.0/24", False),
        ("2001:db8::/32", False),
    ],
)
def test_a_destination_is_wide_when_databricks_may_be_behind_it(destination, wide):
    assert is_wide(destination) is wide

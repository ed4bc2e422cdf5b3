"""Every control says how a failure is mended: by a plan, or by people, and why."""

from __future__ import annotations

import functools

import pytest

from lakewarden.apply.hand import hands
from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import controls
from lakewarden.estate.estate import Estate
from lakewarden.ledger.finding import Verdict
from lakewarden.plan.plan import Origin, plan_from_json

ALL = controls()
FIXABLE = [control for control in ALL if control.fixable]


def planned(control, example):
    policy = example.policy.naming([control.id])
    at = Context(Estate(example.estate), policy, parse_time(example.estate.meta.taken))
    origin = Origin("account", example.estate.meta.taken, "high")
    return plan_for(at.estate, [control], at, origin)


@functools.cache
def answers(control):
    """Return each example that fails, with the plan for it."""
    failing = [e for e in control.list_examples() if e.verdict is Verdict.FAIL]
    return [(example, planned(control, example)) for example in failing]


@pytest.mark.parametrize("control", ALL, ids=lambda c: c.id)
def test_every_failure_is_answered_and_what_no_plan_mends_says_why(control):
    assert control.fixable is not bool(control.fix.no_api)
    for said in filter(None, (control.fix.no_api, control.fix.no_terraform)):
        assert len(said) > 20
        assert said[0].isupper()
        assert said.endswith(".")
    for example, plan in answers(control):
        assert plan.changes or plan.manual or plan.blocked, example.title
        assert all(entry.why for entry in plan.blocked)
        assert all(entry.do and entry.verify for entry in plan.manual)


@pytest.mark.parametrize("control", FIXABLE, ids=lambda c: c.id)
def test_some_failure_is_mended_by_a_hand_alike_each_time_and_can_be_written_down(control):
    changes = [change for _, plan in answers(control) for change in plan.changes]
    assert changes
    assert {change.target.kind for change in changes} <= hands().keys()
    assert all(change.before != change.after and change.reasons for change in changes)
    example, plan = next(answer for answer in answers(control) if answer[1].changes)
    assert planned(control, example).as_json() == plan.as_json()
    for _, plan in answers(control):
        assert plan_from_json(plan.as_json()).digest == plan.digest

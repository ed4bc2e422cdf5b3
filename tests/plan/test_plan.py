"""A plan as a whole: what is left out of it, and what is read back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lakewarden.plan.change import Change, Reason, Target
from lakewarden.plan.describe import described, summary
from lakewarden.plan.plan import Blocked, Manual, Origin, Plan, plan_from_json

ONE, TWO = (Reason(name, ("P01",), "3001", "research") for name in ("one", "two"))


def change(key, *reasons, **more):
    target = Target("workspace_conf", "workspace/1", key)
    return Change(target, key, {"/value": None}, {"/value": "true"}, reasons, **more)


A, B, C = change("a", ONE), change("b", ONE, TWO), change("c", TWO)
PLAN = Plan(
    Origin("acc", "2026-01-01T00:00:00", "high", ("one",)),
    (A, B, C),
    (Manual(ONE, "sign on once", "it passes"),),
    (Blocked(TWO, "nobody said"),),
    "we know",
)


def left(plan, *keys):
    found = plan.without(lambda c: "not now" if c.target.key in keys else "")
    return [c.target.key for c in found.changes], [b.why for b in found.blocked[1:]]


def test_half_a_remedy_is_none():
    half = "another part of what mends it is left out"
    assert left(PLAN) == (["a", "b", "c"], [])
    assert left(PLAN, "a") == (["b", "c"], ["not now"])
    assert left(PLAN, "b") == ([], [half, "not now", "not now", half])


def test_what_follows_a_change_that_is_left_out_is_left_out():
    after = replace(change("d", Reason("three", (), "1", "x")), follows=(A.address,))
    plan = replace(PLAN, changes=(A, after))
    assert left(plan, "a") == ([], ["not now", f"it follows {A.address}, which is left out"])


def test_a_plan_is_read_back_as_it_was_written():
    assert plan_from_json(json.loads(json.dumps(PLAN.as_json()))) == PLAN


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "lakewarden.plan/9"),
        ("overridden", "somebody else knows"),
        ("changes", []),
        ("changes", None),
        ("origin", {}),
        ("manual", [{}]),
        ("digest", ""),
    ],
)
def test_a_plan_that_was_altered_is_refused(key, value):
    with pytest.raises(ValueError, match=r"format|whole|edited"):
        plan_from_json({**PLAN.as_json(), key: value})


def test_it_is_shown_with_its_reasons_and_in_one_line():
    made = replace(A, proofs=(), instead={"/value": "false"}, restart="the cluster", permanent=True)
    text = "\n".join(described(replace(PLAN, changes=(made,))))
    for part in (
        "~ workspace/1:workspace_conf[a]",
        '+ value: "true"',
        "because one (P01) fails for research",
        'undo leaves value = "false"',
        "restart: the cluster",
        "PERMANENT",
        "! one (research): by hand",
        "? two (research): not planned: nobody said",
    ):
        assert part in text
    assert summary(PLAN) == ("Plan: 0 to add, 3 to change, 0 to remove; 1 by hand; 1 not planned.")

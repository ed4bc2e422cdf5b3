"""Every control has a mutation that breaks it; some are tried here, all by `make mutate`."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from benchmarks.mutate import FILES, Mutation, attempt, compare, read
from benchmarks.steps import take

from lakewarden.controls.kit.registry import controls
from lakewarden.ledger.finding import Verdict

P, F, U, N = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
BROKEN = Mutation("mine", "it is broken", ("here",), ())


def test_there_is_one_for_every_control_and_for_nothing_else():
    assert {file.stem for file in FILES.glob("*.toml")} == {c.id for c in controls()}


def test_each_says_what_is_broken_and_who_must_notice():
    known = {c.id for c in controls()}
    for control in known:
        mutation = read(control)
        assert mutation.what, control
        assert mutation.fails, control
        assert mutation.steps, control
        assert all(step["on"] for step in mutation.steps), control
        assert all(mutation.also.values()), control
        assert not set(mutation.also) - known, control


def test_a_broken_control_notices_and_no_other_does():
    # In a process of its own: the same world may be served in this one, and its buckets are there.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(attempt, ["bucket-versioning", "sso-enforced"]))
    assert all(noticed.recalled for noticed in found)
    assert [noticed.problems for noticed in found] == [()] * 2


@pytest.mark.parametrize(
    ("before", "after", "problems"),
    [
        ({("mine", "here"): P}, {("mine", "here"): F}, ()),
        ({("mine", "here"): P}, {("mine", "here"): U}, ("here is UNKNOWN",)),
        ({("mine", "here"): P}, {}, ("here is not judged",)),
        (
            {("mine", "here"): P, ("other", "here"): P},
            {("mine", "here"): F, ("other", "here"): U},
            ("other / here: PASS became UNKNOWN",),
        ),
        ({("mine", "here"): P}, {("mine", "here"): F, ("other", "new"): P}, ()),
        (
            {("mine", "here"): P},
            {("mine", "here"): F, ("other", "new"): F},
            ("other / new: None became FAIL",),
        ),
        (
            {("mine", "here"): P, ("other", "all"): N},
            {("mine", "here"): F, ("other", "all"): P},
            (),
        ),
    ],
)
def test_verdicts_before_and_after_are_compared(before, after, problems):
    assert compare(BROKEN, before, after).problems == problems


def test_a_reason_for_what_did_not_happen_is_a_problem():
    mutation = Mutation("mine", "it is broken", ("here",), (), {"other": "it follows"})
    found = compare(mutation, {("mine", "here"): P}, {("mine", "here"): F})
    assert found.recalled
    assert found.problems == ("other is listed, and did not change",)


def test_a_step_that_is_refused_is_an_error(world):
    class Here:
        world = None

    Here.world = world("fresh").simulation
    step = {"on": "account", "call": "GET /api/2.0/accounts/{account}/no-such-thing"}
    with pytest.raises(RuntimeError, match="404"):
        take(Here, [step])

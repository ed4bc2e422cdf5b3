from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.controls.kit.condition import (
    Condition,
    all_of,
    any_of,
    disabled,
    expect,
    holds,
    observe,
    settle,
    unknown,
    violated,
)
from lakewarden.estate.fact import Cause, Fact, Gap, UnreadError
from lakewarden.ledger.finding import Evidence

RANK = {False: 0, None: 1, True: 2}


def evidence(name):
    return Evidence("GET /x", name, "value", "expected")


def gap(detail="", cause=Cause.FORBIDDEN):
    return Gap(cause, "GET /x", detail, "admin")


def condition(met, name="c"):
    if met is None:
        return unknown(gap(name), field=name, expected="expected")
    return holds(evidence(name)) if met else violated(f"{name} is wrong", evidence(name))


def negated(made):
    return Condition(None if made.met is None else not made.met)


states = st.sampled_from([True, False, None])
conditions = st.builds(condition, states, st.sampled_from("abc"))
several = st.lists(conditions, max_size=5)


def lazily(made):
    return lambda: made


# --- Kleene's three-valued logic ------------------------------------------------------------------


@given(several)
def test_all_is_the_least_and_any_is_the_greatest(parts):
    assert RANK[all_of(*parts).met] == min((RANK[c.met] for c in parts), default=2)
    assert RANK[any_of(*parts).met] == max((RANK[c.met] for c in parts), default=0)


@given(several)
def test_de_morgan(parts):
    opposites = [negated(c) for c in parts]
    assert negated(all_of(*parts)).met == any_of(*opposites).met
    assert negated(any_of(*parts)).met == all_of(*opposites).met


@given(several, st.randoms())
def test_order_does_not_decide(parts, random):
    shuffled = random.sample(parts, len(parts))
    assert all_of(*shuffled).met == all_of(*parts).met
    assert any_of(*shuffled).met == any_of(*parts).met


@given(conditions, several, several)
def test_grouping_does_not_decide(first, some, others):
    for join in (all_of, any_of):
        assert join(first, join(*some), join(*others)).met == join(first, *some, *others).met
        assert join(first).met == join(first, first).met == first.met


@given(conditions, several, several)
def test_all_over_any_and_any_over_all(first, some, others):
    left, right = any_of(*some), any_of(*others)
    spread = any_of(all_of(first, left), all_of(first, right))
    assert all_of(first, any_of(left, right)).met == spread.met
    left, right = all_of(*some), all_of(*others)
    spread = all_of(any_of(first, left), any_of(first, right))
    assert any_of(first, all_of(left, right)).met == spread.met


@given(several, several)
def test_learning_more_never_turns_a_verdict_round(parts, truths):
    """What was concluded with gaps still stands when the gaps are filled."""
    filler = iter([c for c in truths if c.met is not None])
    filled = [next(filler, holds()) if c.met is None else c for c in parts]
    for join in (all_of, any_of):
        before = join(*parts).met
        assert before is None or join(*filled).met == before


# --- What a joint condition carries ---------------------------------------------------------------


@given(several)
def test_lazies_are_the_same_as_what_they_return(parts):
    assert all_of(*map(lazily, parts)) == all_of(*parts)
    assert any_of(*map(lazily, parts)) == any_of(*parts)


@given(several)
def test_reasons_and_gaps_belong_to_what_is_not_met(parts):
    joint = all_of(*parts)
    assert joint.evidence == tuple(e for c in parts for e in c.evidence)
    if joint.met:
        assert joint.reasons == joint.gaps == ()
    else:
        assert joint.reasons == tuple(r for c in parts for r in c.reasons)
        assert set(joint.gaps) == {g for c in parts for g in c.gaps}
        assert len(joint.gaps) == len(set(joint.gaps))
        assert bool(joint.reasons) == (joint.met is False)


def test_a_lazy_that_cannot_read_is_unknown_and_a_certain_failure_wins():
    def unread():
        raise UnreadError(gap("lost"))

    assert settle(unread).met is None
    assert settle(unread).gaps == (gap("lost"),)
    assert all_of(unread, condition(met=True)).gaps == (gap("lost"),)
    assert all_of(unread, condition(met=False)).met is False
    assert any_of(unread, condition(met=True)).met is True
    assert any_of(unread, condition(met=False)).met is None


def test_any_stops_at_the_first_that_is_met_and_shows_it_alone():
    def never():
        raise AssertionError("asked in vain")

    best = condition(met=True, name="best")
    assert any_of(condition(met=False), condition(met=None), best, never) == best


# --- Leaves ---------------------------------------------------------------------------------------


def test_a_fact_as_expected():
    fact = Fact.of("true", "GET /conf", "key")
    found = expect(fact, lambda v: v == "true", expected="true", otherwise="it is {value}")
    assert found == holds(Evidence("GET /conf", "key", "true", "true"))


def test_a_fact_not_as_expected_is_named_in_the_reason():
    fact = Fact.of("off {odd}", "GET /conf", "key")
    found = expect(fact, lambda v: v == "true", expected="true", otherwise="it is {value}")
    assert found.met is False
    assert found.reasons == ("it is off {odd}",)
    assert found.evidence == (Evidence("GET /conf", "key", "off {odd}", "true"),)


def test_a_fact_that_was_not_read_is_not_put_to_the_test():
    fact = Fact.unread(gap("lost"), "key")
    found = expect(fact, lambda _: 1 / 0, expected="true", otherwise="")
    assert found == unknown(gap("lost"), field="key", expected="true")
    assert found.evidence == (Evidence("GET /x", "key", "forbidden", "true"),)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (90, 90),
        (True, True),
        (("a", 1), ["a", 1]),
        ([("a",)], [["a"]]),
        (frozenset("a"), "frozenset({'a'})"),
    ],
)
def test_evidence_is_json(value, shown):
    fact = Fact.of(value, "GET /x", "key")
    found = expect(fact, lambda _: True, expected="any", otherwise="")
    assert found.evidence[0].value == shown


def test_what_was_worked_out_from_several_facts():
    both = (evidence("a"), evidence("b"))
    assert observe(True, *both, otherwise="apart") == holds(*both)  # noqa: FBT003  # the state
    assert observe(False, *both, otherwise="apart") == violated("apart", *both)  # noqa: FBT003  # the state


def test_only_a_missing_tier_is_a_disabled_feature():
    assert [c for c in Cause if disabled(gap(cause=c))] == [Cause.DISABLED]

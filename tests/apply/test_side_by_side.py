"""Many changes at once: in their order, and on past those that fail."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from apply.nowhere import Nowhere
from lakewarden.apply import run
from lakewarden.apply.hand import Hand
from lakewarden.apply.run import State
from lakewarden.apply.side_by_side import carry_out_side_by_side
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import StoreError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Change, Target


class Shelf(Hand):
    """Things by key; notes in which order they were made, and refuses some."""

    kind = "thing"
    calls = ()

    def __init__(self, *refused):
        self.things = {}
        self.refused = refused
        self.lock = threading.Lock()

    def read(self, doors, target):
        return self.things.get(target.key)

    def create(self, doors, target, wanted):
        if target.key in self.refused:
            raise CallFailedError(Cause.FORBIDDEN, "no")
        with self.lock:
            self.things[target.key] = wanted


def thing(key, *follows):
    addresses = tuple(Target("thing", "here", f).address for f in follows)
    return Change(Target("thing", "here", key), key, None, {"/a": 1}, follows=addresses)


@pytest.fixture
def shelf(monkeypatch):
    def stand(*refused):
        made = Shelf(*refused)
        monkeypatch.setattr(run, "hands", lambda: {"thing": made})
        monkeypatch.setattr(run, "_SETTLING", (0.0,))
        return made

    return stand


CHAIN = [thing(str(n), *([str(n - 1)] if n % 10 else [])) for n in range(200)]


def test_each_change_is_made_after_those_that_it_follows(shelf):
    made, told = shelf(), []
    outcome = carry_out_side_by_side(
        None, CHAIN, Nowhere(), most_errors=0, watch=lambda c, was: told.append((c.name, was.was))
    )
    assert (outcome.made, outcome.failed, outcome.stopped) == (200, {}, False)
    order = {key: number for number, key in enumerate(made.things)}
    assert all(order[str(n)] > order[str(n - 1)] for n in range(200) if n % 10)
    assert {was for _, was in told} == {State.BEFORE}
    again = carry_out_side_by_side(None, CHAIN, Nowhere(), most_errors=0)
    assert again.made == 200


def test_a_stage_begins_when_the_one_before_has_ended_even_if_some_of_it_failed(shelf):
    made = shelf("5")
    late = [replace(thing(f"late {n}"), stage=1) for n in range(9)]
    last = replace(thing("last"), stage=7)
    chain = CHAIN[:40]
    outcome = carry_out_side_by_side(None, [last, *late, *chain], Nowhere(), most_errors=9)
    assert (outcome.made, len(outcome.failed)) == (45, 5)
    order = list(made.things)
    assert {*order[:35]} == {*(str(n) for n in range(40))} - {*"56789"}
    assert (len(order), order[-1]) == (45, "last")


def test_what_fails_takes_with_it_what_follows_it_and_nothing_else(shelf):
    shelf("15")
    outcome = carry_out_side_by_side(None, CHAIN, Nowhere(), most_errors=5)
    assert not outcome.stopped
    assert outcome.made == 195
    assert set(outcome.failed) == {Target("thing", "here", str(n)).address for n in range(15, 20)}
    assert outcome.failed["here:thing[15]"] == "was refused: forbidden: no"
    assert outcome.failed["here:thing[17]"] == "it follows here:thing[16], which failed"


def test_the_run_stops_when_too_many_fail(shelf):
    shelf(*map(str, range(0, 200, 10)))
    outcome = carry_out_side_by_side(None, CHAIN, Nowhere(), most_errors=3, at_once=1)
    assert outcome.stopped
    assert outcome.made == 0
    assert len(outcome.failed) == 40  # four, each with the nine that follow it


def test_nothing_more_is_begun_when_the_journal_fails(shelf):
    made = shelf()

    class Full(Nowhere):
        def intend(self, number, address, before):
            raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="full"):
        carry_out_side_by_side(None, CHAIN, Full(), most_errors=0)
    assert not made.things


def test_nobody_waits_for_ever_where_nothing_can_be_told(shelf):
    shelf("15")

    def watch(change, was):
        if isinstance(was, str):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        carry_out_side_by_side(None, CHAIN, Nowhere(), most_errors=5, watch=watch)

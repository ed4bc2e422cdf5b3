"""Carrying out changes: what is done already, what moved, what fails, and what was cut off."""

from __future__ import annotations

import pytest

from lakewarden.apply import run
from lakewarden.apply.hand import Hand
from lakewarden.apply.run import State, carry_out, insist_unmoved, look
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import ApplyError, MovedOnError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Change, Target


class Shelf(Hand):
    """A service that holds documents by key, and does as it is told."""

    kind = "thing"
    calls = ()

    def __init__(self, **things):
        self.things = things
        self.deaf = False
        self.refuses = set()
        self.calls_made = []

    def read(self, doors, target):
        return self.things.get(target.key)

    def update(self, doors, target, found, wanted):
        self._do("update", target.key, wanted)

    def create(self, doors, target, wanted):
        self._do("create", target.key, wanted)

    def delete(self, doors, target, found):
        self._do("delete", target.key, None)

    def _do(self, verb, key, wanted):
        self.calls_made.append(f"{verb} {key}")
        if key in self.refuses:
            raise CallFailedError(Cause.FORBIDDEN, "PERMISSION_DENIED")
        if not self.deaf:
            self.things[key] = wanted


class Notes:
    """A journal, line by line."""

    def __init__(self):
        self.lines = []

    def intend(self, number, address, before):
        self.lines.append((number, before))

    def done(self, number):
        self.lines.append((number, "done"))


@pytest.fixture
def shelf(monkeypatch):
    made = Shelf(a={"x": 1, "y": "kept"}, c={"x": 1})
    monkeypatch.setattr(run, "hands", lambda: {"thing": made})
    monkeypatch.setattr(run, "_SETTLING", (0.0, 0.0))
    return made


def change(key, before, after, **more):
    return Change(Target("thing", "account", key), key, before, after, **more)


PLAN = (
    change("a", {"/x": 1}, {"/x": 2}),
    change("b", None, {"/x": 7, "/z": ["q"]}),
    change("c", {"/x": 1}, None),
)


def test_each_is_journalled_before_it_is_made_and_after_it_reads_back(shelf):
    notes = Notes()
    carry_out(None, PLAN, notes)
    assert shelf.things == {"a": {"x": 2, "y": "kept"}, "b": {"x": 7, "z": ["q"]}, "c": None}
    assert notes.lines == [
        (0, {"/x": 1}),
        (0, "done"),
        (1, None),
        (1, "done"),
        (2, {"/x": 1}),
        (2, "done"),
    ]


def test_carrying_it_out_again_changes_nothing(shelf):
    carry_out(None, PLAN, Notes())
    calls = list(shelf.calls_made)
    notes, told = Notes(), []
    carry_out(None, PLAN, notes, lambda _, was: told.append(was))
    assert shelf.calls_made == calls
    assert told == [State.AFTER] * 3
    assert [note for _, note in notes.lines] == ["done"] * 3


def test_taking_it_back_gives_back_what_was_there(shelf):
    kept = {key: dict(value) for key, value in shelf.things.items()}
    notes = Notes()
    carry_out(None, PLAN, notes)
    found = {n: before for n, before in notes.lines if before != "done"}
    carry_out(None, [PLAN[n].taking_back(found[n]) for n in (2, 1, 0)], Notes())
    assert {key: value for key, value in shelf.things.items() if value is not None} == kept


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ({"a": {"x": 5}}, "account:thing[a] x was 1 and is 5"),
        ({"a": None}, "account:thing[a] is gone"),
        ({"b": {"x": 8}}, "account:thing[b] is there already"),
    ],
)
def test_what_somebody_else_changed_is_named_and_left_alone(shelf, things, said):
    shelf.things |= things
    with pytest.raises(MovedOnError) as caught:
        insist_unmoved([look(None, one) for one in PLAN])
    assert said in str(caught.value)
    with pytest.raises(MovedOnError):
        carry_out(None, PLAN, Notes())
    assert {key: shelf.things[key] for key in things} == things


def test_it_stops_at_the_first_that_is_refused(shelf):
    shelf.refuses.add("b")
    notes = Notes()
    with pytest.raises(ApplyError, match=r"thing\[b\].*PERMISSION_DENIED"):
        carry_out(None, PLAN, notes)
    assert shelf.calls_made == ["update a", "create b"]
    assert notes.lines[-1] == (1, None)


def test_what_does_not_read_back_is_an_error(shelf):
    shelf.deaf = True
    with pytest.raises(ApplyError, match="does not read back"):
        carry_out(None, PLAN[:1], Notes())


def test_a_kind_that_nothing_changes_is_an_error(shelf):
    with pytest.raises(ApplyError, match="no hand can change a spoon"):
        look(None, Change(Target("spoon", "account", "a"), "a", None, {"/x": 1}))


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        (["b", "a"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (None, [], True),
        ("", None, True),
        ({"a": None, "b": {"c": []}}, None, True),
        ([{"a": 1}, {"b": 2}], [{"b": 2}, {"a": 1}], False),
        (False, None, False),
        (0, None, False),
    ],
)
def test_what_makes_no_difference_is_none(found, wanted, same):
    assert Shelf().same(Target("thing", "account", "a"), "/x", found, wanted) is same

from __future__ import annotations

import pytest

from lakewarden.ledger.finding import Verdict
from lakewarden.report.view import WORST_FIRST, all_six, badness, visible, worst
from report.sample import PROD, account, sample, thing, workspace


def test_every_verdict_has_a_place_in_the_order():
    assert sorted(WORST_FIRST) == sorted(Verdict)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"PASS": 9, "FAIL": 1}, Verdict.FAIL),
        ({"PASS": 9, "UNKNOWN": 1, "FAIL": 0}, Verdict.UNKNOWN),
        ({"NOT_APPLICABLE": 1, "ATTESTED": 1}, Verdict.ATTESTED),
        ({}, None),
    ],
)
def test_the_worst_verdict_wins_whatever_the_numbers(counts, expected):
    assert worst(counts) is expected


def test_badness_sorts_worst_first_then_by_how_much():
    many, few = {"FAIL": 3}, {"FAIL": 1, "PASS": 50}
    unknown, clean, nothing = {"UNKNOWN": 99}, {"PASS": 1}, {}
    shuffled = [clean, few, nothing, many, unknown]
    assert sorted(shuffled, key=badness) == [many, few, unknown, clean, nothing]


def test_all_six_verdicts_are_counted_even_at_zero():
    assert all_six({"PASS": 2}) == {
        "FAIL": 0, "UNKNOWN": 0, "WAIVED": 0, "ATTESTED": 0, "PASS": 2, "NOT_APPLICABLE": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b[2Jb", "a\\u001b[2Jb"),
        ("gpj.\u202egpj", "gpj.\\u202egpj"),
        ("bell\x07\x9b", "bell\\u0007\\u009b"),
        ("half \ud83d pair", "half \\ud83d pair"),
        ("Zoë\tand\nlakehouse 湖", "Zoë\tand\nlakehouse 湖"),
    ],
)
def test_characters_that_act_are_shown_instead(hostile, shown):
    assert visible(hostile) == shown


def test_a_subject_is_placed_by_the_name_of_its_workspace():
    report = sample()
    assert report.place(workspace(PROD)) == "prod-analytics"
    assert report.place(thing("cluster", "c", "999")) == "999"
    assert report.place(account()) == ""

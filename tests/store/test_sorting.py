from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.store.sorting import LineSorter

LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
PAIRS = st.lists(st.tuples(st.text(st.characters()), LINES))


def in_order(folder, pairs, run):
    with LineSorter(folder, run) as sorter:
        for key, line in pairs:
            sorter.add(key, line)
        return list(sorter.sorted())


@pytest.mark.parametrize("run", [1, 2, 3, 7, 100])
def test_spilling_changes_nothing(tmp_path, run):
    pairs = [(f"k{n * 37 % 50:02}", f"line {n * 37 % 50}") for n in range(50)]
    assert in_order(tmp_path, pairs, run) == [f"line {n}" for n in range(50)]


@settings(deadline=None, max_examples=60)
@given(PAIRS, st.integers(1, 5))
def test_any_keys_come_out_in_their_own_order(pairs, run):
    least = dict(sorted(pairs, reverse=True))
    with tempfile.TemporaryDirectory() as folder:
        assert in_order(Path(folder), pairs, run) == [least[key] for key in sorted(least)]


@settings(deadline=None, max_examples=60)
@given(PAIRS, st.randoms(use_true_random=False))
def test_what_comes_out_does_not_depend_on_what_came_first(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        assert in_order(Path(folder), pairs, 2) == in_order(Path(folder), shuffled, 3)


def test_keys_that_look_alike_stay_apart(tmp_path):
    keys = ["a\tb", "a\\tb", "a\nb", "a\\nb", "é", "e\u0301", "\\xe9", "", "\x00", "\U0001f600"]
    found = in_order(tmp_path, [(key, repr(key)) for key in keys], 1)
    assert found == [repr(key) for key in sorted(keys)]


def test_a_line_keeps_its_tabs_and_other_characters(tmp_path):
    line = '{"a":"x\ty\u2028z\x85"}'
    assert in_order(tmp_path, [("k", line), ("l", "other")], 1) == [line, "other"]


def test_a_key_twice_is_one_line(tmp_path):
    pairs = [("k", "same")] * 10 + [("j", "first")]
    assert in_order(tmp_path, pairs, 3) == ["first", "same"]


def test_runs_leave_nothing_behind(tmp_path):
    in_order(tmp_path, [(str(n), "x") for n in range(20)], 2)
    assert list(tmp_path.iterdir()) == []

from __future__ import annotations

import pytest

from lakewarden.terraform.values import Part, Unsaid, has_unknown, look_up


@pytest.mark.parametrize(
    ("values", "unknown", "path", "said"),
    [
        ({"a": 1}, {}, "a", 1),
        ({"a": False}, {}, "a", False),
        ({"a": None}, {}, "a", None),
        ({}, {"a": True}, "a", Unsaid.LATER),
        ({"a": "old"}, {"a": True}, "a", Unsaid.LATER),
        ({}, {}, "a", Unsaid.SILENT),
        ({}, {"a": False}, "a", Unsaid.SILENT),
        ({"a": [{"b": 2}]}, {"a": [{}]}, "a.b", 2),
        ({"a": {"b": 2}}, {"a": {}}, "a.b", 2),
        ({"a": [{}]}, {"a": [{"b": True}]}, "a.b", Unsaid.LATER),
        ({}, {"a": True}, "a.b", Unsaid.LATER),
        ({"a": []}, {"a": []}, "a.b", None),
        ({"a": None}, {}, "a.b", None),
        ({"a": [{"b": 1}, {"b": 2}]}, {}, "a.b", None),
        ({"a": "text"}, {}, "a.b", Unsaid.SILENT),
        ({"a": ["x", "y"]}, {"a": [False, False]}, "a", ["x", "y"]),
        ({"a": ["x", None]}, {"a": [False, True]}, "a", Part(["x"])),
        ({"a": {"k": "v"}}, {"a": {"l": True}}, "a", Part({"k": "v"})),
        ({"a": [{"b": "x"}]}, {"a": [{"c": True}]}, "a", Part([{"b": "x"}])),
    ],
)
def test_what_a_plan_says_at_a_path(values, unknown, path, said):
    assert look_up(values, unknown, path) == said


def test_several_blocks_are_not_taken_for_their_first():
    several = {"a": [{"b": "right"}, {"b": "wrong"}]}
    assert look_up(several, {}, "a.b") != "right"


@pytest.mark.parametrize(
    ("unknown", "any_of_it"),
    [(True, True), (False, False), ({}, False), ([{}, {"a": [True]}], True), (None, False)],
)
def test_whether_anything_is_unknown(unknown, any_of_it):
    assert has_unknown(unknown) is any_of_it

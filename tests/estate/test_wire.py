"""Converters: right JSON comes through as it is, all else is refused and never crashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estate.shapes import JSON, PATIENT, Part
from lakewarden.estate.wire import MalformedError, converter

HINTS = [
    Any,
    str,
    int,
    float,
    bool,
    str | None,
    tuple[int, ...],
    tuple[str, ...] | None,
    Mapping[str, int],
    Mapping[str, tuple[bool, ...]],
    Part,
    tuple[Part, ...],
]


@pytest.mark.parametrize("hint", HINTS, ids=str)
@settings(PATIENT, max_examples=40)
@given(raw=JSON)
def test_any_json_is_converted_for_good_or_refused(hint, raw):
    try:
        value = converter(hint)(raw)
    except MalformedError:
        return
    assert converter(hint)(json.loads(json.dumps(value, default=asdict))) == value


@PATIENT
@given(raw=JSON)
def test_any_passes_everything(raw):
    assert converter(Any)(raw) is raw


@pytest.mark.parametrize(
    ("hint", "raw", "value"),
    [
        (int, "12", 12),
        (int, "-9223372036854775808", -(2**63)),
        (float, 3, 3),
        (str | None, None, None),
        (tuple[int, ...], [1, "2"], (1, 2)),
        (tuple[int, ...], [], ()),
        (Mapping[str, int], {"a": 1}, {"a": 1}),
        (Part, {"name": "a", "sizes": [1], "more": 2}, Part("a", (1,))),
        (Part, {"name": "a", "sizes": None, "note": None}, Part("a")),
    ],
)
def test_what_is_converted(hint, raw, value):
    assert converter(hint)(raw) == value


@pytest.mark.parametrize(
    ("hint", "raw"),
    [
        (bool, "true"),
        (bool, 1),
        (int, True),
        (int, "--1"),
        (int, "²"),
        (int, "1.0"),
        (int, "9" * 20),
        (int, 1.0),
        (float, "1"),
        (float, True),
        (str, 1),
        (str, None),
        (str | None, 1),
        (tuple[str, ...], "abc"),
        (tuple[str, ...], {"a": 1}),
        (tuple[str, ...], [None]),
        (Mapping[str, int], [["a", 1]]),
        (Mapping[str, int], {"a": None}),
        (Part, {"sizes": []}),
        (Part, {"name": None}),
        (Part, {"name": "a", "sizes": 3}),
        (Part, "a"),
    ],
)
def test_what_is_refused(hint, raw):
    with pytest.raises(MalformedError):
        converter(hint)(raw)


@PATIENT
@given(st.lists(st.integers()))
def test_a_converted_list_does_not_change_with_its_source(raw):
    before = tuple(raw)
    value = converter(tuple[int, ...])(raw)
    raw.append(0)
    assert value == before


@pytest.mark.parametrize("hint", [set[str], bytes, complex])
def test_a_type_that_json_has_not_is_a_mistake_of_ours(hint):
    with pytest.raises(TypeError):
        converter(hint)

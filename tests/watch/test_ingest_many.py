"""Where a day has many events, they go from what was read to their files without a copy between."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from lakewarden.store.lake import merging
from store.raw.logs import AT, Logs, delivered, lines, system

_DAY = 86_400_000


def _record(shape, number):
    at = AT + number % 3 * _DAY + number
    if shape is delivered:
        return delivered(timestamp=at, requestId=f"r{number}")
    return system(event_time=at, request_id=f"r{number}", event_id=f"e{number}")


@pytest.fixture(params=[0, 10_000])
def logs(request, tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "_MANY", request.param)
    return Logs(tmp_path)


def _put(logs, name, *numbers):
    """Write a file in which both shapes are, in any order."""
    records = [_record(shape, n) for n in numbers for shape in (delivered, system)]
    logs.put(name, lines(*random.Random(name).sample(records, len(records))))


def test_each_event_is_there_once_of_two_shapes_in_any_order(logs):
    _put(logs, "a.json", *range(60), *range(0, 60, 7))
    first = logs.ingest()
    assert (first.new, first.duplicate) == (60, 60 + 2 * 9)
    _put(logs, "b.json", *range(40, 100))
    second = logs.ingest()
    assert (second.new, second.duplicate) == (40, 80)
    rows = logs.rows()
    assert Counter(row["request_id"] for row in rows) == {f"r{n}": 1 for n in range(100)}
    assert {(row["ts"], row["day"]) for row in rows} == {
        (AT + n % 3 * _DAY + n, f"2026-09-{21 + n % 3}") for n in range(100)
    }
    assert {(row["p_user"], row["src_ip"], row["ok"]) for row in rows} == {
        ("ann@example.com", "198.51.100.7", True)
    }

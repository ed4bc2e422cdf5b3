"""Rules find on Spark what they find on DuckDB; `python -m benchmarks.parity` tries all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benchmarks.parity import differences

from lakewarden.clients.spark import SparkEngine
from lakewarden.watch.bench import bench
from lakewarden.watch.library import rules
from lakewarden.watch.spec import KINDS

pytestmark = pytest.mark.xdist_group("spark")

OF_EACH_KIND = 3


def sample() -> Iterator[str]:
    """The first rules of every kind."""
    every = rules().values()
    for kind in KINDS:
        yield from [rule.id for rule in every if rule.kind == kind][:OF_EACH_KIND]


def test_spark_finds_what_duckdb_finds(spark, tmp_path):
    names = tuple(sample())
    wrong = [d for tried in bench(names) for d in differences(tried, spark, tmp_path, most=2)]
    assert len(names) > 2 * len(KINDS)
    assert wrong == []


def test_a_difference_is_told(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(spark, "rows", lambda query: SparkEngine.rows(spark, query)[1:])
    told = [
        d for tried in bench(("login.failed_burst",)) for d in differences(tried, spark, tmp_path)
    ]
    assert len(told) == 1
    assert "alerts, not" in told[0]

"""Rules find on Spark what they find on DuckDB; `python -m benchmarks.parity` tries all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benchmarks.parity import differences

from lakewarden.clients.spark import SparkEngine
from lakewarden.events.columns import Source
from lakewarden.store.lake.engine import opened
from lakewarden.watch.bench import bench
from lakewarden.watch.fields import Setting
from lakewarden.watch.library import rules
from lakewarden.watch.selection import predicate
from lakewarden.watch.site import Site
from lakewarden.watch.spec import KINDS
from lakewarden.watch.sql import Dialect, literal

OF_EACH_KIND = 2


def sample() -> Iterator[str]:
    """The first rules of every kind."""
    every = rules().values()
    for kind in KINDS:
        yield from [rule.id for rule in every if rule.kind == kind][:OF_EACH_KIND]


def test_spark_finds_what_duckdb_finds(spark, tmp_path):
    names = tuple(sample())
    wrong = [d for tried in bench(names) for d in differences(tried, spark, tmp_path, most=1)]
    assert len(names) > len(KINDS)
    assert wrong == []


def test_a_difference_is_told(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(spark, "rows", lambda query: SparkEngine.rows(spark, query)[1:])
    told = [
        d for tried in bench(("login.failed_burst",)) for d in differences(tried, spark, tmp_path)
    ]
    assert len(told) == 1
    assert "alerts, not" in told[0]


def test_spark_puts_nothing_into_a_text(spark):
    text = "${env:PATH} ${spark.app.name} \\${x} $ {\n}"
    assert spark.rows(f"SELECT {literal(text, Dialect.SPARK)}") == [(text,)]


TEXTS = ("ÄB", "äb", "AB", "a\rb", "a\u2028b", "a\nb", "ab", "ab\n", "a.b", "a\\b", "a'b", "")
TESTS = (
    ("user_agent|re", "^Ä"),
    ("user_agent|re|cased", "^Ä"),
    ("user_agent|re", "^a.b"),
    ("user_agent", "a?b"),
    ("user_agent", "*b"),
    ("user_agent|contains", "\\"),
    ("user_agent|startswith", "Ä"),
    ("user_agent|endswith", "'b"),
    ("user_agent|length|gt", 2),
)


@pytest.mark.parametrize(("key", "value"), TESTS)
def test_texts_are_compared_alike(spark, key, value):
    found = []
    with opened(threads=1) as duckdb:
        for engine in (duckdb, spark):
            engine.put("places", [{"ip": text} for text in TEXTS])
            setting = Setting(Site(), Dialect(engine.dialect), (Source.DATABRICKS,))
            rows = "SELECT ip AS user_agent FROM places"
            query = f"SELECT * FROM ({rows}) AS r WHERE {predicate({key: value}, setting)}"
            found.append(sorted(engine.rows(query)))
    assert found[0] == found[1]
    assert 0 < len(found[0]) < len(TEXTS)

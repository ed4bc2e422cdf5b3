"""A SQL warehouse by the Statement Execution API, whose statements run on a real Spark."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pytest

from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.patience import Patience
from lakewarden.errors import LakewardenError
from sparks import spark  # noqa: F401  # a fixture

TYPED = (
    "SELECT CAST(n AS INT) AS a, n * 3000000000 AS b, n / 4.0 AS c, CAST(n / 2 AS DOUBLE) AS d,"
    " n > 1 AS e, IF(n = 1, NULL, 'it''s') AS f FROM (SELECT explode(sequence(1, 5)) AS n)"
)


@pytest.fixture
def warehouse(spark):  # noqa: F811  # the fixture
    from clients.warehouse_server import Warehouse  # noqa: PLC0415  # needs pyspark

    served = Warehouse(spark.session)
    yield served
    served.close()


@pytest.fixture
def engine(warehouse):
    return opened(warehouse)


def opened(warehouse, identity=None, **options):
    from clients.warehouse_server import WAREHOUSE  # noqa: PLC0415  # needs pyspark
    from lakewarden.clients.warehouse import WarehouseEngine  # noqa: PLC0415  # as the others

    host = DatabricksHost(warehouse.url, patience=Patience(connect=2, answer=20, retry=2))
    return WarehouseEngine(host, identity or WAREHOUSE, pauses=(0.01,), **options)


@pytest.mark.parametrize(
    ("rows_a_chunk", "inline_bytes", "waits", "sent"),
    [(1000, 1000, 0, 1), (2, 1000, 3, 1), (5, 1000, 1, 1), (2, 10, 1, 2), (1000, 10, 0, 2)],
)
def test_every_row_comes_typed_however_it_comes(
    warehouse, engine, rows_a_chunk, inline_bytes, waits, sent
):
    warehouse.rows_a_chunk, warehouse.inline_bytes = rows_a_chunk, inline_bytes
    warehouse.waits = waits
    rows = sorted(engine.rows(TYPED))
    assert rows[0] == (1, 3_000_000_000, Decimal("0.25"), 0.5, False, None)
    assert [type(value) for value in rows[1]] == [int, int, Decimal, float, bool, str]
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert len(warehouse.statements) == sent


def test_views_come_along_with_the_queries_that_speak_of_them(warehouse, engine):
    engine.put("places", [{"ip": "a'\\", "lat": 1.5}, {"ip": "ü"}])
    engine.look_at("all_events", "SELECT ip AS src_ip, lat FROM places")
    engine.look_at("fresh_events", "SELECT * FROM all_events WHERE lat IS NULL")
    union = "SELECT src_ip FROM fresh_events UNION ALL SELECT src_ip FROM all_events"
    assert sorted(engine.rows(union)) == [("a'\\",), ("ü",), ("ü",)]
    nested = "WITH m AS (SELECT COUNT(*) AS n FROM files) SELECT n, 'places' AS x FROM m"
    assert engine.rows(nested) == [(0, "places")]
    assert engine.rows("SELECT 1 AS one") == [(1,)]
    assert [len(each.asked["parameters"]) for each in warehouse.statements] == [1, 2, 0]


def test_what_does_not_fit_into_a_query_is_said(engine, warehouse, monkeypatch):
    monkeypatch.setattr("lakewarden.clients.warehouse._ROOM", 200)
    with pytest.raises(LakewardenError, match="9 rows of places are too many"):
        engine.put("places", [{"ip": "192.0.2.1"}] * 9)
    assert warehouse.statements == []


def test_what_the_warehouse_refuses_is_said_in_one_line(engine):
    with pytest.raises(LakewardenError, match="TABLE_OR_VIEW_NOT_FOUND") as caught:
        engine.rows("SELECT nothing FROM nowhere")
    assert "\n" not in str(caught.value)
    assert "warehouse 0123456789abcdef" in str(caught.value)


def test_a_warehouse_that_is_none(warehouse):
    with pytest.raises(LakewardenError, match="not a valid endpoint id"):
        opened(warehouse, "other").rows("SELECT 1")


def test_what_takes_too_long_is_cancelled(warehouse):
    warehouse.waits = 1000
    with pytest.raises(LakewardenError, match="not done after 0 seconds"):
        opened(warehouse, longest=0.05).rows("SELECT 1")
    assert [each.cancelled for each in warehouse.statements] == [True]


def test_what_nobody_waits_for_is_cancelled(warehouse, engine, monkeypatch):
    here, sleep = threading.current_thread(), time.sleep

    def interrupted(seconds):
        if threading.current_thread() is here:
            raise KeyboardInterrupt
        sleep(seconds)

    warehouse.waits = 1000
    monkeypatch.setattr("time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.rows("SELECT 1")
    assert [each.cancelled for each in warehouse.statements] == [True]


@pytest.mark.parametrize(
    ("fault", "what"), [("truncates", "cut short"), ("loses", "did not come to the end")]
)
def test_a_result_that_is_not_whole_is_none(warehouse, engine, fault, what):
    setattr(warehouse, fault, 1)
    with pytest.raises(LakewardenError, match=what):
        engine.rows(TYPED)


def test_a_link_that_does_not_open_is_not_shown(warehouse, engine, monkeypatch):
    warehouse.inline_bytes = 1
    chunk = type(warehouse).chunk

    def expired(self, number, index):
        found = chunk(self, number, index)
        for link in found["external_links"]:
            link["http_headers"] = {}
        return found

    monkeypatch.setattr(type(warehouse), "chunk", expired)
    with pytest.raises(LakewardenError, match="could not be downloaded") as caught:
        engine.rows(TYPED)
    assert "s3cr3t" not in str(caught.value)

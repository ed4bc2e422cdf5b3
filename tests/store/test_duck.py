"""DuckDB as it is opened: names that Spark has mean what they do there, and nothing is left."""

from __future__ import annotations

import os
import signal
import threading
import time

import duckdb
import pytest

from lakewarden.store.lake import duck


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("""get_json_object('{"a": {"b": [1, "x"]}}', '$.a.b[1]')""", "x"),
        ("""get_json_object('{"a": {"b": [1, "x"]}}', '$.a.b')""", '[1,"x"]'),
        ("""get_json_object('{"a": null}', '$.a')""", None),
        ("""get_json_object('{"a": 1}', '$.b')""", None),
        ("get_json_object('{a', '$.a')", None),
        ("get_json_object('', '$.a')", None),
        ("get_json_object(NULL, '$.a')", None),
        ("regexp_like('dbfs:/mnt/x', '/mnt')", True),
        ("regexp_like('dbfs:/mnt/x', '^/mnt')", False),
        ("regexp_like(NULL, 'x')", None),
    ],
)
def test_what_spark_calls_so_is_there(query, answer):
    with duck.open() as connection:
        assert connection.execute(f"SELECT {query}").fetchone() == (answer,)


def test_it_spills_to_a_folder_of_its_own_and_takes_it_away(tmp_path):
    with duck.open(memory="20MB", threads=1, scratch=tmp_path) as connection:
        connection.execute("CREATE TABLE t AS SELECT md5(i::VARCHAR) AS x FROM range(900000) r(i)")
        assert any(path.is_file() for path in tmp_path.rglob("*"))
        assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == [0]
    assert not list(tmp_path.iterdir())


def test_nothing_is_fetched_from_elsewhere():
    with duck.open() as connection, pytest.raises(duckdb.Error, match="httpfs"):
        connection.execute("FROM read_parquet('https://127.0.0.1:9/x.parquet')")


def test_times_are_in_utc_wherever_the_machine_is(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        with duck.open() as connection:
            zone = "SELECT current_setting('TimeZone')"
            assert connection.execute(zone).fetchone() == ("UTC",)
            assert connection.cursor().execute(zone).fetchone() == ("UTC",)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_text_and_names_are_quoted():
    odd = """it's "odd"; -- """
    with duck.open() as connection:
        query = f"SELECT {duck.text(odd)} AS {duck.name(odd)}, {duck.texts([odd, 'b'])} AS list"
        assert connection.execute(query).fetchone() == (odd, [odd, "b"])
        assert connection.description[0][0] == odd


def test_who_interrupts_a_query_interrupts_the_program():
    def endless():
        with duck.open(threads=1) as connection:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            connection.execute("SELECT count(*) FROM range(1000000) a, range(1000000) b")

    with pytest.raises(KeyboardInterrupt):
        endless()

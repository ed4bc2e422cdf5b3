"""The events of a lake for rules: in memory where they fit, and a damaged lake is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewarden.errors import StoreError
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.watched import LakeEvents, _hold
from store.lakes import merge


@pytest.fixture
def lake(tmp_path):
    return Lake.create(str(tmp_path / "lake"))


def _is_held(connection):
    asked = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'held'"
    return connection.execute(asked).fetchone() == (1,)


@pytest.mark.parametrize(("most", "held"), [("_HELD", 1), ("_HELD_BYTES", 50), (None, None)])
def test_new_events_are_held_unless_they_are_many_or_large(lake, monkeypatch, most, held):
    merge(lake, range(3))
    since = lake.version()
    merge(lake, range(3, 9))
    if most:
        monkeypatch.setattr(f"lakewarden.store.lake.watched.{most}", held)
    with LakeEvents(lake, {}, threads=1).opened(since) as engine:
        assert _is_held(engine.connection) is (most is None)
        assert engine.rows("SELECT count(*) FROM fresh_events") == [(6,)]


def test_what_does_not_fit_into_memory_is_read_from_its_files(tmp_path):
    path = str(tmp_path / "a.parquet")
    with duck.open(memory="30MB", threads=1) as connection:
        connection.execute(
            f"COPY (SELECT repeat('x', 5000) || i % 9 AS x FROM range(40_000) r(i)) TO '{path}'"
        )
        connection.execute("SET max_temp_directory_size = '1MB'")
        connection.execute(f"CREATE TEMP VIEW seen AS FROM read_parquet('{path}')")
        _hold(connection, "seen", [path])
        assert not _is_held(connection)
        assert connection.execute("SELECT count(*) FROM seen").fetchone() == (40_000,)


def test_a_damaged_file_is_said(lake):
    merge(lake, [0])
    since = lake.version()
    merge(lake, [3])
    (file,) = lake.files(since_version=since)
    whole, events = Path(file).read_bytes(), LakeEvents(lake, {}, threads=1)
    Path(file).write_bytes(whole[:4] + b"\xff" * 40 + whole[44:])
    with pytest.raises(StoreError, match="has a file that is damaged"), events.opened(since):
        pass
    Path(file).write_bytes(whole[:-20])
    with pytest.raises(StoreError, match="has a file that is damaged") as caught, duck.open() as c:
        lake.view(c, files=[file])
    assert caught.value.where == f"{lake.url}/events"
    with pytest.raises(StoreError, match="has a file that is damaged"), events.opened(since):
        pass
    with pytest.raises(StoreError, match="has a file that is damaged"), events.opened(None):
        pass

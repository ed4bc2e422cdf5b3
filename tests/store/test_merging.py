"""What is merged is all there or not at all, whatever ends a merge."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

import pytest

from lakewarden.errors import LakewardenError
from lakewarden.store.lake import duck, merging
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.tables import EVENTS
from store.lakes import DAYS, data_files, merge, numbers_in, stage


@pytest.fixture
def lake(tmp_path):
    return Lake.create(str(tmp_path / "lake"))


def test_an_event_belongs_where_its_first_row_says():
    with duck.open(threads=4) as connection:
        connection.execute(
            "CREATE TABLE rows AS SELECT (i % 1000)::VARCHAR AS id, 'databricks' AS source,"
            " (i // 1000)::VARCHAR AS day, i AS ts FROM range(1_000_000) r(i)"
        )
        for _ in range(5):
            keys = merging._keys("rows", EVENTS, "rowid")
            wrong = f"SELECT count(*) FROM ({keys}) WHERE day <> '0' OR ts <> row_id"
            assert connection.execute(wrong).fetchone() == (0,)


def test_rows_that_are_not_written_are_an_error_and_nothing_is_left(lake, monkeypatch):
    genuine = merging._Batch.spans
    monkeypatch.setattr(merging._Batch, "spans", lambda *given: genuine(*given)[1:])
    version = lake.version()
    with pytest.raises(LakewardenError, match="of 9 rows 6 were written"):
        merge(lake, range(9))
    assert (lake.version(), data_files(lake.url)) == (version, set())


def test_an_interrupted_merge_writes_no_more_and_leaves_nothing(lake, monkeypatch):
    genuine, written = merging.write, []

    def write(*given):
        actions = genuine(*given)
        written.append(actions)
        if len(written) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)
        return actions

    monkeypatch.setattr(merging, "write", write)
    with duck.open(threads=1) as connection:
        stage(connection, range(9))
        connection.execute("CREATE VIEW seen AS FROM batch")
        with pytest.raises(KeyboardInterrupt):
            lake.merge(connection, "seen")
    assert 0 < len(written) < len(DAYS)
    assert data_files(lake.url) == set()


def test_tables_of_the_caller_are_left_alone(lake):
    with duck.open(threads=1) as connection:
        for name in ("staged", "fresh"):
            connection.execute(f"CREATE TABLE {name} AS SELECT 7 AS mine")
        stage(connection, range(9))
        connection.execute("CREATE VIEW seen AS FROM batch")
        assert lake.merge(connection, "seen").new == 9
        listed = "SELECT table_name FROM duckdb_tables() ORDER BY 1"
        assert connection.execute(listed).fetchall() == [("batch",), ("fresh",), ("staged",)]
        assert connection.execute("FROM staged, fresh").fetchall() == [(7, 7)]
    assert numbers_in(lake) == Counter(range(9))

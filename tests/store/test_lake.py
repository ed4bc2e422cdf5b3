"""A lake takes in each event once, and gives back what was put in."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakewarden.errors import LakewardenError, StoreError, UsageError
from lakewarden.events.columns import NAMES
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.log import ConflictError, State
from lakewarden.store.lake.tables import TABLES
from lakewarden.store.lake.upkeep import Compacted
from store.lakes import (
    DAYS,
    FIRST,
    data_files,
    in_process,
    merge,
    merge_into_little_room,
    numbers_in,
    stage,
)

_NOW = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    return Lake.create(str(tmp_path / "lake"))


@pytest.fixture
def connection():
    with duck.open(threads=1) as opened:
        yield opened


def put(lake, connection, table, **columns):
    """Merge one row of another table."""
    names = [column.name for column in TABLES[table].columns]
    values = {name: columns.get(name) for name in names}
    asked = ", ".join(f"${name} AS {name}" for name in values)
    connection.execute(f"CREATE OR REPLACE TABLE one AS SELECT {asked}", values)
    return lake.merge(connection, "one", table)


def test_what_is_put_in_comes_out(lake, connection):
    wanted = connection.execute(f"FROM {stage(connection, range(50))} ORDER BY id").fetchall()
    merged = lake.merge(connection, "batch")
    assert (merged.new, merged.duplicate, merged.version) == (50, 0, lake.version())
    lake.view(connection)
    assert connection.execute("FROM events ORDER BY id").fetchall() == wanted


def test_an_event_is_taken_once(lake):
    assert merge(lake, [1, 2, 3, 3, 3]).duplicate == 2
    again = merge(lake, [3, 4, 4])
    assert (again.new, again.duplicate) == (1, 2)
    nothing = merge(lake, [1, 2, 3, 4])
    assert (nothing.new, nothing.duplicate, nothing.version) == (0, 4, again.version)
    assert numbers_in(lake) == Counter([1, 2, 3, 4])


def test_a_view_is_computed_once(lake, connection):
    stage(connection, range(9))
    connection.execute("CREATE SEQUENCE asked")
    connection.execute(
        "CREATE VIEW counted AS SELECT * REPLACE (ts + 0 * nextval('asked') AS ts) FROM batch"
    )
    assert lake.merge(connection, "counted").new == 9
    assert connection.execute("SELECT nextval('asked')").fetchone() == (10,)


def test_an_empty_table_has_the_columns_of_a_full_one(lake, connection):
    for table in TABLES:
        lake.view(connection, table, name="empty")
        if table == "events":
            merge(lake, [1])
        else:
            put(lake, connection, table, source="databricks", id="a", key="k", read=1)
        lake.view(connection, table, name="filled")
        views = [connection.execute(f"DESCRIBE {v}").fetchall() for v in ("empty", "filled")]
        assert views[0] == views[1], table
        assert connection.execute("SELECT count(*) FROM empty").fetchone() == (0,)


def test_another_reader_of_delta_sees_the_same(lake):
    merge(lake, range(10))
    merge(lake, range(5, 15))
    table = DeltaTable(f"{lake.url}/events")
    rows = table.to_pyarrow_table()
    assert rows.column_names == list(NAMES)
    assert Counter(int(dict(p)["n"]) for p in rows["params"].to_pylist()) == Counter(range(15))
    assert {type(moment) for moment in rows["ts"].to_pylist()} == {int}
    assert table.count() == 15
    pruned = table.file_uris(file_pruning_predicate=f"day = '{DAYS[0]}' AND ts < {FIRST + 6}")
    assert len(pruned) == 1


def test_rows_of_files_count_by_the_last_reading(lake, connection):
    put(lake, connection, "files", source="databricks", key="a", etag="new", read=2)
    put(lake, connection, "files", source="databricks", key="a", etag="old", read=1)
    put(lake, connection, "files", source="cloudtrail", key="a", etag="else", read=1)
    for _ in range(2):
        lake.view(connection, "files")
        seen = connection.execute("SELECT source, etag FROM files ORDER BY ALL").fetchall()
        assert seen == [("cloudtrail", "else"), ("databricks", "new")]
        assert lake.compact(threads=1).before in {3, 0}
    assert len(lake.files("files")) == 1


def test_small_tables_stay_small(lake, connection, monkeypatch):
    monkeypatch.setattr("lakewarden.store.lake.lake._MANY", 3)
    for moment in range(10):
        for table in ("files", "quarantine"):
            put(lake, connection, table, source="x", key="a", id=str(moment), read=moment)
            assert len(lake.files(table)) <= 3
    for table, rows in (("files", 1), ("quarantine", 10)):
        lake.view(connection, table)
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (rows,)


def test_a_refused_record_is_there_once(lake, connection):
    assert put(lake, connection, "quarantine", id="a", source="databricks", seen=1).new == 1
    assert put(lake, connection, "quarantine", id="a", source="databricks", seen=2).duplicate == 1
    lake.view(connection, "quarantine")
    assert connection.execute("SELECT id, seen FROM quarantine").fetchall() == [("a", 1)]


def test_files_are_chosen_by_source_and_day(lake):
    merge(lake, range(30))
    assert len(lake.files()) == len(DAYS)
    assert numbers_in(lake, lake.files(days=[DAYS[1]])) == Counter(range(1, 30, 3))
    assert len(lake.files(sources=["databricks"], days=DAYS[:2])) == 2
    assert lake.files(sources=["cloudtrail"]) == []


def test_what_is_new_since_a_version_is_found(lake):
    first = merge(lake, [0, 3]).version
    second = merge(lake, [6, 1]).version
    assert numbers_in(lake, lake.files(since_version=first)) == Counter([6, 1])
    assert lake.files(since_version=second) == []
    lake.compact(threads=1)
    assert lake.files(since_version=lake.version()) == []
    assert lake.files(since_version=second) == []
    assert numbers_in(lake, lake.files(since_version=first)) == Counter([0, 3, 6, 1])
    lake.retain({"databricks": 8}, _NOW)
    assert numbers_in(lake, lake.files(since_version=first)) == Counter([1])
    DeltaTable(f"{lake.url}/events").create_checkpoint()
    for commit in range(first + 2):
        Path(f"{lake.url}/events/_delta_log/{commit:020d}.json").unlink()
    assert lake.files(since_version=first) == lake.files()
    assert lake.files(since_version=1000) == lake.files()  # it is another lake in the same place


def test_a_row_that_nothing_tells_apart_is_refused(lake, connection):
    for column in ("id", "ts", "day", "source"):
        stage(connection, range(4))
        connection.execute(f"UPDATE batch SET {column} = NULL WHERE params['n'] = '2'")
        with pytest.raises(ValueError, match="1 rows have no"):
            lake.merge(connection, "batch")
    assert not lake.files()


def test_compaction_joins_the_small_files_of_a_day_in_order(lake, connection):
    for start in range(4):
        merge(lake, range(start * 10, start * 10 + 10))
    assert lake.compact(threads=1, before=DAYS[1]).before == 4
    done = lake.compact(threads=1)
    assert (done.before, done.after) == (8, 2)
    assert len(lake.files()) == 3
    assert numbers_in(lake) == Counter(range(40))
    assert lake.compact(threads=1).before == 0
    (file,) = lake.files(days=[DAYS[0]])
    order = "SELECT service, action, ts, id FROM read_parquet(?)"
    rows = connection.execute(f"{order} ORDER BY file_row_number", [file]).fetchall()
    assert rows == sorted(rows)
    assert merge(lake, range(41)).new == 1


def test_compaction_leaves_large_files_in_order_alone(lake):
    merge(lake, range(0, 90_000, 3))
    lake.compact(threads=1, target_mb=1)
    large = lake.files()
    assert all(Path(file).stat().st_size > 2**19 for file in large)
    merge(lake, [90_000])
    assert lake.compact(threads=1, target_mb=1).before == 1
    assert set(large) < set(lake.files())


def test_a_compaction_that_lost_leaves_nothing(lake, monkeypatch):
    merge(lake, range(0, 9, 3))
    merge(lake, range(9, 18, 3))
    genuine = State.commit

    def commit(state, *arguments):
        monkeypatch.setattr(State, "commit", genuine)
        assert lake.compact(threads=1).before == 2  # another is quicker
        return genuine(state, *arguments)

    monkeypatch.setattr(State, "commit", commit)
    assert lake.compact(threads=1) == Compacted(0, 0)
    assert numbers_in(lake) == Counter(range(0, 18, 3))
    assert len(data_files(lake.url)) == 3  # the two that were replaced are kept for their readers


def test_a_damaged_file_is_not_compacted_away(lake, connection):
    merge(lake, range(0, 9, 3))
    merge(lake, range(9, 18, 3))
    connection.execute(
        "CREATE TABLE cut AS SELECT * FROM read_parquet(?) LIMIT 1", [lake.files()[0]]
    )
    connection.execute(f"COPY cut TO {duck.text(lake.files()[0])} (FORMAT parquet)")
    there = data_files(lake.url)
    with pytest.raises(LakewardenError, match="does not have the rows"):
        lake.compact(threads=1)
    assert data_files(lake.url) == there


def test_days_that_are_over_are_dropped(lake):
    merge(lake, range(9))
    assert lake.retain({"cloudtrail": 1}, _NOW) == 0
    assert lake.retain({"databricks": 8}, _NOW) == 3  # the second of January is eight days ago
    assert numbers_in(lake) == Counter(n for n in range(9) if n % 3)
    assert lake.retain({"databricks": 8}, _NOW) == 0
    assert merge(lake, [0]).new == 1


def test_vacuum_deletes_what_nobody_needs(lake):
    for start in range(3):
        merge(lake, [start * 3])
    lake.compact(threads=1)
    folder = Path(lake.url, "events", "source=databricks", f"day={DAYS[0]}")
    for name, age in (("old", 90_000), ("young", 80_000)):
        file = folder / f"part-{name}.parquet"
        file.write_bytes(b"left by a run that was killed")
        os.utime(file, (time.time() - age,) * 2)
    assert lake.vacuum(24) == 1
    assert len(data_files(lake.url)) == 5
    with pytest.raises(UsageError, match="may take files from under a run"):
        lake.vacuum(23)
    assert lake.vacuum(0, force=True) == 4
    version = lake.version()
    assert lake.vacuum(0, force=True) == 0
    assert lake.version() == version
    assert numbers_in(lake) == Counter([0, 3, 6])
    assert len(data_files(lake.url)) == 1


def test_ids_are_held_against_what_was_committed_meanwhile(lake, monkeypatch):
    genuine, others = State.commit, [[1, 2], [2, 3]]

    def commit(state, *arguments):
        if others:
            numbers = others.pop()
            with monkeypatch.context() as patch:
                patch.setattr(State, "commit", genuine)
                merge(Lake.open(lake.url), numbers)
        return genuine(state, *arguments)

    monkeypatch.setattr(State, "commit", commit)
    merged = merge(lake, range(6))
    assert (merged.new, merged.duplicate, merged.version) == (3, 3, 3)
    assert numbers_in(lake) == Counter(range(6))
    assert data_files(lake.url) == _listed(lake)


def test_files_are_not_written_again_for_a_commit_about_other_events(lake, monkeypatch):
    genuine, tries = State.commit, []

    def commit(state, adds, removes=()):
        adds = list(adds)
        tries.append([add.path for add in adds])
        if len(tries) == 1:
            with monkeypatch.context() as patch:
                patch.setattr(State, "commit", genuine)
                merge(Lake.open(lake.url), [100])
        return genuine(state, adds, removes)

    monkeypatch.setattr(State, "commit", commit)
    assert merge(lake, range(6)).new == 6
    assert len(tries) == 2
    assert tries[0] == tries[1]


def test_a_commit_whose_answer_was_lost_counts(lake, monkeypatch):
    genuine = State.commit

    def commit(state, *arguments):
        genuine(state, *arguments)
        raise ConflictError

    monkeypatch.setattr(State, "commit", commit)
    assert merge(lake, range(6)).new == 6
    monkeypatch.undo()
    assert numbers_in(lake) == Counter(range(6))


def test_nobody_waits_for_ever(lake, monkeypatch):
    def commit(*_):
        raise ConflictError

    monkeypatch.setattr(State, "commit", commit)
    monkeypatch.setattr("lakewarden.store.lake.log._PAUSE_MS", 1)
    with pytest.raises(LakewardenError, match="others kept writing"):
        merge(lake, range(6))
    assert not data_files(lake.url)


def test_a_table_that_somebody_made_unchangeable_is_said(lake):
    merge(lake, range(3))
    table = DeltaTable(f"{lake.url}/events")
    table.alter.set_table_properties({"delta.appendOnly": "true"})
    with pytest.raises(LakewardenError, match="cannot be changed"):
        lake.retain({"databricks": 0}, _NOW)
    assert merge(lake, range(4)).new == 1


def test_the_log_is_summed_up_and_cleaned(lake):
    log = lake._logs["events"]
    for _ in range(49):
        log.state().commit([])
    folder = Path(lake.url, "events", "_delta_log")
    assert json.loads((folder / "_last_checkpoint").read_text("utf-8"))["version"] == 49
    for file in folder.iterdir():
        os.utime(file, (time.time() - 40 * 86_400,) * 2)
    for _ in range(50):
        log.state().commit([])
    assert not (folder / f"{1:020d}.json").exists()
    assert lake.version() == 99


def test_a_lake_is_another_after_it_was_made_anew(lake):
    first = lake.identity()
    assert Lake.open(f"{lake.url}/../lake").identity() == first
    shutil.rmtree(lake.url)
    assert Lake.create(lake.url).identity() != first


def test_nobody_else_may_look_into_a_lake(lake):
    assert Path(lake.url).stat().st_mode & 0o077 == 0


def test_what_is_no_lake_is_said(tmp_path):
    with pytest.raises(StoreError, match="is no lake"):
        Lake.open(str(tmp_path / "none"))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be read or written"):
        Lake.create(str(tmp_path / "file" / "lake"))
    Lake.create(str(tmp_path / "lake"))
    log = tmp_path / "lake" / "events" / "_delta_log" / f"{0:020d}.json"
    made = log.read_text("utf-8")
    log.write_text(made.replace('"lakewarden.version":"1"', '"a":"b"'), "utf-8")
    with pytest.raises(StoreError, match="did not make"):
        Lake.create(str(tmp_path / "lake"))
    log.write_text(made.replace('"lakewarden.version":"1"', '"lakewarden.version":"2"'), "utf-8")
    with pytest.raises(StoreError, match="later version"):
        Lake.open(str(tmp_path / "lake"))
    log.write_text("{oops", "utf-8")
    with pytest.raises(StoreError, match="cannot be read"):
        Lake.open(str(tmp_path / "lake"))


def test_a_full_disk_is_said_and_nothing_is_left(lake):
    merge(lake, range(5))
    there = data_files(lake.url)
    process = in_process(merge_into_little_room, lake.url, range(20_000))
    process.join(60)
    assert process.exitcode == 3
    assert data_files(lake.url) == there
    assert numbers_in(lake) == Counter(range(5))


def _listed(lake):
    return {file.partition("/events/")[2] for file in lake.files()}

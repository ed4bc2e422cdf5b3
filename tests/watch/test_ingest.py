"""Each event comes to the lake once, however its files come, and whatever ends the run."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from click import BadParameter
from click.testing import CliRunner
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.cli import cli
from lakewarden.errors import LakewardenError, StoreError, UsageError
from lakewarden.events.columns import Source
from lakewarden.store.lake.lake import Lake
from lakewarden.store.raw.folder import Folder
from lakewarden.watch.ingest import ingest
from store.raw.logs import AT, Logs, delivered, lines, system

_DAY = 86_400_000


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def _both(number):
    """One event as a delivered record, and as a row of the system table."""
    at = AT + number % 3 * _DAY + number
    other = {"event_time": at, "request_id": f"r{number}", "event_id": f"e{number}"}
    return delivered(timestamp=at, requestId=f"r{number}"), system(**other)


def _requests(logs):
    return Counter(event["request_id"] for event in logs.rows())


def _expected(numbers):
    return Counter({f"r{number}": 1 for number in numbers})


def test_a_file_is_read_again_only_when_it_has_changed(logs):
    logs.put("a.json", lines(_both(1)[0]))
    path = logs.put("b.json.gz", gzip.compress(lines(*(_both(n)[0] for n in range(2, 9))))[:-20])
    first = logs.ingest()
    assert (first.files, first.skipped, first.quarantined) == (2, 0, 1)
    again = logs.ingest()
    assert (again.files, again.skipped, again.records) == (0, 2, 0)
    path.write_bytes(gzip.compress(lines(*(_both(n)[0] for n in range(2, 9)))))
    whole = logs.ingest()
    assert (whole.files, whole.skipped, whole.new + whole.duplicate) == (1, 1, 7)
    assert _requests(logs) == _expected(range(1, 9))
    assert [(row["key"], row["quarantined"]) for row in logs.rows("files")] == [
        ("a.json", 0),
        ("b.json.gz", 0),
    ]


def test_the_counts_add_up_and_are_told_batch_by_batch(logs, monkeypatch):
    monkeypatch.setattr("lakewarden.watch.ingest._FILES", 2)
    for day in range(5):
        name = f"workspaceId=7/date=2026-09-2{day}/a.json"
        logs.put(name, lines(_both(day)[0], _both(day)[1]) + b"{oops\n")
    told = []
    done = ingest(
        logs.lake,
        Folder(logs.folder),
        Source.DATABRICKS,
        progress=lambda done, total: told.append((done.files, done.size, total)),
    )
    assert [files for files, _, _ in told] == [2, 4, 5]
    assert told[-1][1] == told[-1][2] == done.size
    assert (done.records, done.new, done.duplicate, done.quarantined) == (10, 5, 5, 5)
    assert done.newest == max(event["ts"] for event in logs.rows())
    assert {row["workspace_id"] for row in logs.rows("files")} == {"7"}
    refused = sorted((row["file"], row["start"], row["line"]) for row in logs.rows("quarantine"))
    assert refused == [(row["key"], row["size"] - 6, 3) for row in logs.rows("files")]


def test_a_file_counts_as_read_only_when_the_lake_has_all_its_events(logs, monkeypatch):
    logs.put("a.json", lines(*(_both(n)[0] for n in range(3))))
    genuine = Lake.merge

    def merge(lake, connection, relation, table="events"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE less AS FROM {relation} LIMIT 2")
        return genuine(lake, connection, "less", table)

    monkeypatch.setattr(Lake, "merge", merge)
    with pytest.raises(LakewardenError, match="of 3 events 2 came to the lake"):
        logs.ingest()
    monkeypatch.undo()
    assert not logs.rows("files")
    assert (logs.ingest().new, _requests(logs)) == (1, _expected(range(3)))


def test_a_lake_that_is_damaged_is_said(logs):
    logs.put("a.json", lines(_both(1)[0]))
    logs.ingest()
    (file,) = map(Path, logs.lake.files("files"))
    whole = file.read_bytes()
    file.write_bytes(whole[:4] + b"\xff" * 40 + whole[44:])
    with pytest.raises(StoreError, match="has a file that is damaged"):
        logs.ingest()


def test_a_lake_whose_events_are_gone_is_not_made_anew(logs):
    logs.put("a.json", lines(_both(1)[0]))
    logs.ingest()
    shutil.rmtree(Path(logs.lake.url) / "events")
    with pytest.raises(StoreError, match="has no events any more"):
        Lake.create(logs.lake.url)
    shutil.rmtree(logs.lake.url)
    assert Lake.create(logs.lake.url).version() == 0


def test_a_delta_table_is_read_by_its_log(logs):
    query = (
        "SELECT TIMESTAMPTZ '2026-09-21 14:13:20Z' AS event_time, 'a' AS service_name,"
        " 'b' AS action_name, 'c d/e' AS workspace_id, request_id"
        " FROM (VALUES ('r1'), ('r2')) v(request_id)"
    )
    table = logs.folder / "audit"
    with duckdb.connect() as connection:
        for part in (query, query.replace("r1", "r3").replace("r2", "r4")):
            rows = connection.sql(part).to_arrow_table()
            write_deltalake(str(table), rows, mode="overwrite", partition_by=["workspace_id"])
    (table / "left-over.parquet").write_bytes(b"PAR1")
    assert (logs.ingest().quarantined, _requests(logs)) == (0, _expected([3, 4]))


def test_a_single_file_may_be_named_and_a_missing_one_is_an_error(logs, tmp_path):
    path = logs.put("deep/a.json", lines(_both(1)[0]))
    logs.put("deep/b.json", lines(_both(2)[0]))
    ingest(logs.lake, Folder(path), Source.DATABRICKS)
    assert _requests(logs) == _expected([1])
    with pytest.raises(UsageError, match="is not there"):
        Folder(tmp_path / "nothing")


def test_the_command_line_counts_and_fails_for_what_is_unreadable(logs, tmp_path):
    logs.put("a.json", lines(_both(1)[0]) + b"{oops\n")
    arguments = ["watch", "ingest", str(logs.folder), "--source", "databricks"]
    options = ["--lake", str(tmp_path / "lake"), "--format", "json"]
    done = CliRunner().invoke(cli, [*arguments, *options], standalone_mode=False)
    counts = {"files": 1, "records": 1, "new": 1, "duplicate": 0, "quarantined": 1}
    assert json.loads(done.stdout) == {**counts, "unreadable": 0, "skipped": 0}
    listed = CliRunner().invoke(cli, ["watch", "quarantine", *options], standalone_mode=False)
    (entry,) = json.loads(listed.stdout)
    assert (entry["file"], entry["line"], entry["reason"]) == ("a.json", 2, "is not JSON")
    assert "oops" not in listed.stdout


def test_files_of_another_source_are_an_error(logs, tmp_path):
    def run():
        arguments = ["watch", "ingest", str(logs.folder), "--source", "databricks"]
        lake = ("--lake", str(tmp_path / "lake"))
        done = CliRunner().invoke(cli, [*arguments, *lake], standalone_mode=False)
        return done.return_value, done.stderr

    logs.put("b.json", lines({"eventSource": "kms.amazonaws.com"}))
    assert run() == (1, "error: none of 1 records is an event of databricks: check --source\n")
    assert run() == (0, "")
    (logs.folder / "c\x1b[2J.json").symlink_to("nowhere")
    code, said = run()
    assert (code, said.startswith("unreadable: c\\u001b[2J.json: ")) == (1, True)


@pytest.mark.parametrize(
    ("lake", "wrong"),
    [
        ("~nosuchuser/lake", "home folder of a user that is not known"),
        ("abfss://logs/lake", "is no place for the event tables"),
    ],
)
def test_a_lake_that_cannot_be_is_an_error(logs, lake, wrong):
    logs.folder.mkdir()
    for command in (["ingest", str(logs.folder), "--source", "databricks"], ["quarantine"]):
        arguments = ["watch", *command, "--lake", lake]
        with pytest.raises(UsageError, match=wrong):
            CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)


def test_the_command_line_keeps_a_lake_small(logs, tmp_path):
    def run(*arguments):
        options = ["--lake", str(tmp_path / "lake"), "--format", "json"]
        done = CliRunner().invoke(cli, ["watch", *arguments, *options], standalone_mode=False)
        assert done.return_value == 0, done.exception
        return json.loads(done.stdout)

    for number in range(0, 9, 3):
        logs.put(f"{number}.json", lines(_both(number)[0]))
        logs.ingest()
    assert run("compact", "--before", "2026-09-21") == {"before": 3, "after": 1}  # what was read
    assert run("compact") == {"before": 3, "after": 1}
    assert run("vacuum", "--grace-hours", "0", "--force") == {"deleted": 6}
    assert _requests(logs) == _expected([0, 3, 6])
    assert run("retain", "--keep", "vpcflow=1") == {"dropped": 0}
    assert run("retain", "--keep", "databricks=1") == {"dropped": 3}
    assert (_requests(logs), logs.ingest().skipped) == (Counter(), 3)


@pytest.mark.parametrize("option", ["--keep=databricks", "--keep=other=3", "--keep=vpcflow=-1"])
def test_what_is_to_be_kept_has_to_be_said_clearly(option):
    with pytest.raises(BadParameter, match="is not SOURCE=DAYS"):
        CliRunner().invoke(
            cli, ["watch", "retain", option], standalone_mode=False, catch_exceptions=False
        )


def test_days_are_kept_for_a_century_at_most():
    arguments = ["watch", "retain", "--keep", "vpcflow=99999999999"]
    with pytest.raises(BadParameter, match="is more than 36500 days"):
        CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)


@pytest.mark.parametrize(
    ("path", "lake"),
    [("{0}", "{0}"), ("{0}", "{0}/deep/lake"), ("s3://logs", "s3://logs/lake")],
)
def test_a_lake_is_not_read_into_itself(tmp_path, path, lake):
    places = [place.format(tmp_path) for place in (path, lake)]
    arguments = ["watch", "ingest", places[0], "--source", "databricks", "--lake", places[1]]
    with pytest.raises(UsageError, match="would be in the folder of the logs"):
        CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    assert not list(tmp_path.iterdir())


class _History:
    """Files that come, come again, grow, are cut and shrink; and what was ever in them."""

    def __init__(self, logs: Logs) -> None:
        self.logs = logs
        self.inside: dict[str, list[int]] = {}
        self.truth: set[int] = set()

    def put(self, file: int, numbers: list[int], form: int, cut: int) -> None:
        name = f"workspaceId=1/date=2026-09-2{file % 3}/{file}.json"
        numbers = self.inside.get(name, []) + numbers if form & 1 else numbers
        records = [_both(number)[(form >> 1) & 1] for number in numbers]
        content = lines(*records)
        if cut:  # in the midst of the last record
            content, numbers = content[: -min(cut, 90)], numbers[:-1]
        self.logs.put(name, gzip.compress(content) if form & 4 else content)
        self.inside[name] = numbers

    def ingest(self) -> None:
        self.logs.ingest()
        self.truth.update(*self.inside.values())


_STEP = st.tuples(
    st.integers(0, 4),
    st.lists(st.integers(0, 60), min_size=1, max_size=12),
    st.integers(0, 7),
    st.sampled_from([0, 0, 0, 5, 90]),
)


@settings(max_examples=3, deadline=None)
@given(st.lists(st.lists(_STEP, min_size=2, max_size=6), min_size=3, max_size=3))
def test_the_lake_has_what_was_delivered_once(tmp_path_factory, history):
    deliveries = _History(Logs(tmp_path_factory.mktemp("logs")))
    for steps in history:
        for step in steps:
            deliveries.put(*step)
        deliveries.ingest()
        assert _requests(deliveries.logs) == _expected(deliveries.truth)


def _started(logs: Logs, lake: Path) -> subprocess.Popen[bytes]:
    arguments = ("watch", "ingest", logs.folder, "--source", "databricks", "--lake", lake)
    return subprocess.Popen(
        [sys.executable, "-m", "lakewarden", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(logs.folder.parent)},
    )


def test_runs_that_are_killed_and_runs_side_by_side_leave_each_event_once(logs, tmp_path):
    chance = random.Random(7)
    numbers = list(range(3000))
    for file in range(6):
        some = chance.sample(numbers, 2000)
        logs.put(f"{file}.json", lines(*(_both(number)[file % 2] for number in some)))
    here = {number for file in logs.folder.iterdir() for number in _numbers(file)}
    lake = tmp_path / "killed"
    for sign in ("events/_delta_log/*0.json", "events/source*/*/*", "events/_delta_log/*1.json"):
        run = _started(logs, lake)
        while not list(lake.glob(sign)):
            assert run.poll() is None
            time.sleep(0.001)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
    runs = [_started(logs, lake) for _ in range(2)]
    assert [(run.communicate()[1], run.returncode) for run in runs] == [(b"", 0)] * 2
    logs.lake = Lake.open(str(lake))
    assert _requests(logs) == _expected(here)
    assert {row["quarantined"] for row in logs.rows("files")} == {0}


def _numbers(file: Path) -> set[int]:
    records = map(json.loads, file.read_text("utf-8").splitlines())
    return {int((r.get("requestId") or r["request_id"])[1:]) for r in records}

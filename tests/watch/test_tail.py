"""What logs say is shown on a terminal, each event once, and acts on none."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakewarden.cli import cli
from lakewarden.errors import StoreError
from lakewarden.store.lake.lake import Lake
from store.raw.logs import Logs, delivered, lines

ODD = "\x1b[2Jann\u202e\x9b"


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def run(logs, *arguments):
    lake = ("--lake", logs.lake.url)
    return CliRunner().invoke(cli, ["watch", *arguments, *lake], standalone_mode=False)


def test_what_logs_say_acts_on_no_terminal(logs):
    event = delivered(userIdentity={"email": ODD, "subjectName": None})
    logs.put(f"{ODD}.json", lines(event) + b"{oops\n")
    done = run(logs, "ingest", str(logs.folder), "--source", "databricks")
    assert done.return_value == 0
    tail = run(logs, "tail").stdout
    assert "accounts.login \\u001b[2Jann\\u202e\\u009b 198.51.100.7 200" in tail
    refused = run(logs, "quarantine").stdout
    assert "\\u001b[2Jann\\u202e\\u009b.json line 2" in refused
    said = run(logs, "quarantine", "--format", "json").stdout
    assert json.loads(said)[0]["file"] == f"{ODD}.json"
    assert (tail + refused + said).replace("\n", "").isprintable()


def test_what_is_left_out_is_said(logs):
    logs.put("a.json", lines(delivered()) + b"{oops\n" * 1001)
    logs.ingest()
    assert "and 1 more; --limit shows them" in run(logs, "quarantine").stdout
    assert len(json.loads(run(logs, "quarantine", "--format", "json").stdout)) == 1001
    assert "1001 records" in run(logs, "quarantine", "--limit", "2000").stdout


def test_an_event_that_comes_meanwhile_is_shown_once(logs, monkeypatch):
    genuine, coming, looks = Lake.files, [2], [1]

    def files(lake, *arguments, **named):
        for number in coming[:]:
            coming.remove(number)
            logs.put("b.json", lines(delivered(requestId=f"r{number}")))
            logs.ingest()
        return genuine(lake, *arguments, **named)

    logs.put("a.json", lines(delivered()))
    logs.ingest()
    monkeypatch.setattr(Lake, "files", files)
    here, sleep = threading.current_thread(), time.sleep

    def waited(seconds):
        # Threads that other tests left sleep as they did.
        return looks.pop() if threading.current_thread() is here else sleep(seconds)

    monkeypatch.setattr("lakewarden.cli.watch.tail.time.sleep", waited)
    said = run(logs, "tail", "--follow")
    assert isinstance(said.exception, IndexError)  # there was one look after the first
    assert len(said.stdout.splitlines()) == 2


@pytest.mark.parametrize(("command", "table"), [("tail", "events"), ("quarantine", "quarantine")])
def test_a_damaged_lake_is_said(logs, command, table):
    logs.put("a.json", lines(delivered()) + b"{oops\n")
    logs.ingest()
    for page in Path(logs.lake.url).glob(f"{table}/**/*.parquet"):
        page.write_bytes(page.read_bytes()[:100])
    done = run(logs, command)
    assert isinstance(done.exception, StoreError)
    assert "has a file that is damaged" in str(done.exception)

"""A folder is read whole, whatever its files are called and wherever its links lead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lakewarden.errors import LakewardenError, StoreError
from lakewarden.events.columns import Source
from lakewarden.store.lake.lake import Lake
from lakewarden.store.raw.folder import Folder
from lakewarden.store.raw.spool import scratch, spool
from lakewarden.watch.ingest import ingest
from store.raw.logs import FLOW, HEADER, Logs, delivered, lines, system


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def _large(*numbers):
    return lines(*(delivered(requestId=f"r{n}", userAgent="x" * 70_000) for n in numbers))


def _keys(folder):
    return sorted(item.key for item in Folder(folder).listed())


def _requests(logs):
    return sorted(event["request_id"] for event in logs.rows())


def _large_files(folder, connection, request):
    """Put a file of each layout that is too large to be joined with others."""
    folder.mkdir()
    (folder / "a.json").write_bytes(_large(request, request))
    flow = FLOW.replace(b"eni-", b"eni-" + request.encode())
    (folder / "b.log").write_bytes(HEADER + flow * 12_000)
    wide = system(request_id=request, user_agent=os.urandom(70_000).hex())
    (folder / "c").write_bytes(lines(wide))
    connection.sql(f"FROM read_json('{folder}/c')").write_parquet(f"{folder}/c.parquet")


@pytest.mark.parametrize("name", ["logs[1]", "logs?", "logs*"])
def test_a_path_that_could_be_a_pattern_is_only_itself(tmp_path, reader, name):
    for place, request in ((name, "Wanted"), ("logs1", "Other")):
        _large_files(tmp_path / request, reader._connection, request)
        (tmp_path / request).rename(tmp_path / place)
    sources = {"a.json": "databricks", "b.log": "vpcflow", "c.parquet": "databricks"}
    for file, source in sources.items():
        origin = Folder(tmp_path / name / file)
        spooled = spool(list(origin.listed()), origin, Source(source), tmp_path / f"at {file}")
        reader.load(Source(source), spooled, origin)
        found = str(reader._connection.execute("FROM batch").fetchall())
        assert ("Wanted" in found, "Other" in found) == (True, False), file


def test_what_cannot_be_told_to_duckdb_is_unreadable_and_the_rest_is_read(logs):
    logs.put("a[1]/plain.json", _large("1"))
    logs.put("a[1]/b\\c.json", _large("2"))
    done = logs.ingest()
    assert _requests(logs) == ["r1"]
    (failure,) = done.failures
    assert failure.where == "a[1]/b\\c.json"
    assert "has a backslash beside one of" in str(failure)


def test_a_name_that_is_no_text_is_unreadable_and_the_rest_is_read(logs):
    logs.put("a.json", lines(delivered()))
    Path(os.fsdecode(os.fsencode(logs.folder) + b"/caf\xe9.json")).write_bytes(b"{}\n")
    for _ in range(2):
        done = logs.ingest()
        assert [failure.where for failure in done.failures] == ["caf\\xe9.json"]
        assert "no UTF-8" in str(done.failures[0])
    assert (len(logs.rows()), done.skipped) == (1, 1)


def test_links_are_followed_and_no_folder_is_read_twice(logs, tmp_path):
    logs.put("a/1.json", b"")
    logs.put("_hidden/2.json", b"")
    for name in ("3.json", "deep/4.json"):
        path = tmp_path / "elsewhere" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    links = {"a/up": logs.folder, "b": tmp_path / "elsewhere", "c": logs.folder / "a"}
    links |= {"d": tmp_path / "elsewhere" / "deep", ".e": tmp_path / "elsewhere"}
    for name, target in links.items():
        (logs.folder / name).symlink_to(target)
    assert _keys(logs.folder) == ["a/1.json", "b/3.json", "b/deep/4.json"]


def test_places_that_cannot_be_told_to_duckdb_are_refused(tmp_path, monkeypatch):
    with pytest.raises(StoreError, match="has a backslash in its path"):
        Lake.create(str(tmp_path / "a\\b"))
    odd = tmp_path / "a[1]\\b"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    with pytest.raises(LakewardenError, match="has a backslash beside one of"), scratch():
        pass
    assert not list(odd.iterdir())


def test_places_that_could_be_patterns_are_only_themselves(tmp_path, monkeypatch):
    (tmp_path / "t[m]p").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t[m]p"))
    logs = Logs(tmp_path)
    logs.lake = Lake.create(str(tmp_path / "l[a]ke?"))
    logs.put("a.json", lines(delivered(requestId="r1")) + b"{oops\n")
    done = ingest(logs.lake, Folder(logs.folder), Source.DATABRICKS)
    assert (done.new, done.quarantined, _requests(logs)) == (1, 1, ["r1"])
    assert logs.ingest().skipped == 1

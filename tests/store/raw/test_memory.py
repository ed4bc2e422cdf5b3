"""Many large files are read in little memory, however many threads there are."""

from __future__ import annotations

from pathlib import Path

from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.raw.folder import Folder
from lakewarden.store.raw.forms import Form, Layout
from lakewarden.store.raw.joining import Unit
from lakewarden.store.raw.spool import spool
from lakewarden.store.raw.staging import Staging, _alike
from store.raw.logs import delivered, lines


def _count(tmp_path, memory):
    """Read eight files of two MB each, with as many threads; return how many events they have."""
    for number in range(8):
        wide = (delivered(requestId=f"r{number}-{n}", userAgent="x" * 9_000) for n in range(220))
        (tmp_path / f"{number}.json").write_bytes(lines(*wide))
    origin = Folder(tmp_path)
    spooled = spool(list(origin.listed()), origin, Source.DATABRICKS, tmp_path / "_spool")
    assert len(spooled.units) == 8
    with duck.open(memory=memory, threads=8) as connection:
        counted = Staging(connection, Source.DATABRICKS).load(spooled, origin)
        return sum(one.records for one in counted)


def test_files_are_read_together_as_far_as_there_is_memory_for_their_longest_lines():
    for size, groups in ((2 << 20, [20]), (16 << 20, [7, 7, 6])):
        units = [Unit(Path(str(n)), Form(Layout.LINES), size, n) for n in range(20)]
        assert [len(together) for together in _alike(units)] == groups


def test_files_are_read_one_by_one_where_all_are_too_much(tmp_path):
    assert _count(tmp_path, "40MB") == 8 * 220

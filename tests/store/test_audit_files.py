from __future__ import annotations

import gzip

import pytest

from lakewarden.errors import UsageError
from lakewarden.store.audit_files import lines, newest_first

DAY = "workspaceId=3001/date=2026-03-01"


@pytest.fixture
def put(tmp_path):
    def write(name, data):
        path = tmp_path / DAY / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


def test_every_line_has_its_place(tmp_path, put):
    put("b.json", b'{"n":1}\n{"n":2}\n')
    put("a.json.gz", b'{"n":3}\n')
    assert list(lines(tmp_path)) == [
        (f"{DAY}/a.json.gz line 1", '{"n":3}\n'),
        (f"{DAY}/b.json line 1", '{"n":1}\n'),
        (f"{DAY}/b.json line 2", '{"n":2}\n'),
    ]


def test_blank_lines_count_but_do_not_come(tmp_path, put):
    put("a.json", b'\n  \n{"n":1}')
    assert list(lines(tmp_path)) == [(f"{DAY}/a.json line 3", '{"n":1}')]


def test_odd_bytes_do_not_end_a_file(tmp_path, put):
    put("a.json", b'{"n":"\xff\xfe"}\n{"n":2}\n')
    assert [line for _, line in lines(tmp_path)] == ['{"n":"\ufffd\ufffd"}\n', '{"n":2}\n']


def test_other_files_and_folders_are_not_logs(tmp_path, put):
    put("_SUCCESS", b"")
    put("notes.txt", b"hello\n")
    (tmp_path / "folder.json").mkdir()
    assert list(lines(tmp_path)) == []


def test_a_cut_file_gives_what_it_holds_and_says_where_it_ends(tmp_path, put):
    path = put("a.json.gz", b"".join(b'{"n":%d}\n' % n for n in range(20_000)))
    path.write_bytes(path.read_bytes()[:-2000])
    put("b.json", b'{"n":"last"}\n')
    found = list(lines(tmp_path))
    assert found[0] == (f"{DAY}/a.json.gz line 1", '{"n":0}\n')
    broken = [place for place, line in found if line is None]
    assert broken == [f"{DAY}/a.json.gz line {len(found) - 1}"]
    assert found[-1] == (f"{DAY}/b.json line 1", '{"n":"last"}\n')


def test_a_file_that_is_no_gzip_says_so(tmp_path, put):
    put("a.json.gz", b"").write_bytes(b"plain text\n")
    assert list(lines(tmp_path)) == [(f"{DAY}/a.json.gz line 1", None)]


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_no_folder_is_an_error_with_a_next_step(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Name the folder of the audit logs") as caught:
        list(lines(tmp_path / name))
    assert caught.value.where == str(tmp_path / name)


def test_days_come_newest_first_and_hold_every_workspace(tmp_path):
    names = {
        "workspaceId=1/date=2026-03-01/a.json": "1",
        "workspaceId=2/date=2026-03-01/a.json": "2",
        "workspaceId=1/date=2026-03-02/a.json": "3",
        "loose.json": "4",
    }
    for name, text in names.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    days = [[line for _, line in day] for day in newest_first(tmp_path)]
    assert days == [["3"], ["1", "2"], ["4"]]
    with pytest.raises(UsageError):
        next(newest_first(tmp_path / "nowhere"))

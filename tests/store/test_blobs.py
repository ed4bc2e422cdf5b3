from __future__ import annotations

import gzip

import pytest

from lakewarden.errors import SnapshotError
from lakewarden.store import blobs

LINES = [f'{{"id":"{n}","name":"Zürich"}}' for n in range(500)]


def test_lines_come_back_as_they_were(tmp_path):
    blob = blobs.write(tmp_path, iter(LINES))
    assert [line.rstrip("\n") for line in blobs.read(tmp_path, blob.sha256)] == LINES
    assert blob.lines == 500
    assert blob.size == blobs.path_of(tmp_path, blob.sha256).stat().st_size


def test_equal_content_has_one_name_and_equal_bytes(tmp_path):
    one = blobs.write(tmp_path / "a", LINES)
    two = blobs.write(tmp_path / "b", iter(LINES))
    assert one == two
    assert (
        blobs.path_of(tmp_path / "a", one.sha256).read_bytes()
        == blobs.path_of(tmp_path / "b", one.sha256).read_bytes()
    )


def test_an_equal_blob_is_written_once(tmp_path):
    blobs.write(tmp_path, LINES)
    blobs.write(tmp_path, LINES)
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_other_content_has_another_name(tmp_path):
    names = {blobs.write(tmp_path, lines).sha256 for lines in ([], [""], ["a"], ["a", "a"])}
    assert len(names) == 4


def test_nothing_is_half_written_when_the_source_fails(tmp_path):
    def source():
        yield from LINES
        raise RuntimeError("the page after the last")

    with pytest.raises(RuntimeError):
        blobs.write(tmp_path, source())
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def damage(path, how):
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "flipped":
        path.write_bytes(data[:60] + bytes([data[60] ^ 0xFF]) + data[61:])
    elif how == "not gzip":
        path.write_bytes(b"<html></html>")
    elif how == "not text":
        path.write_bytes(gzip.compress(b"\xff\xfe\xfa\n"))
    elif how == "one line less":
        path.write_bytes(gzip.compress("\n".join(LINES[:-1]).encode() + b"\n"))


@pytest.mark.parametrize(
    "how", ["missing", "cut", "empty", "flipped", "not gzip", "not text", "one line less"]
)
def test_damage_is_noticed_and_named(tmp_path, how):
    blob = blobs.write(tmp_path, LINES)
    path = blobs.path_of(tmp_path, blob.sha256)
    damage(path, how)
    with pytest.raises(SnapshotError) as caught:
        list(blobs.read(tmp_path, blob.sha256))
    assert caught.value.where == str(path)
    assert "Collect again" in str(caught.value)
    assert caught.value.exit_code == 2

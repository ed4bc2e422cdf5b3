from __future__ import annotations

import gzip
import itertools
import json
import random
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakewarden.errors import SnapshotError
from lakewarden.estate.access import IP_LISTS, TOKENS, WORKSPACE_CONF
from lakewarden.estate.fact import Cause
from lakewarden.estate.kind import Status
from lakewarden.estate.record import pack
from lakewarden.store import blobs
from lakewarden.store.snapshots import DiskSnapshot, SnapshotWriter
from store.samples import META, SCOPE, conf, gap, ip_list, snapshot

LISTS = [
    ip_list("b", ip_addresses=["192.0.2.0/24"]),
    ip_list("a", label="Zürich\n\t☃"),
    ip_list("c"),
]


def packed(found, kind=IP_LISTS, scope=SCOPE):
    return [pack(record) for record in found.collection(kind, scope).seen()]


def test_what_is_written_is_what_is_read(tmp_path):
    found = snapshot(tmp_path, LISTS)
    assert packed(found) == [pack(r) for r in sorted(LISTS, key=lambda r: r.identity())]
    assert found.meta == META
    assert found.collection(IP_LISTS, SCOPE).gap is None
    assert [h.count for h in found.headers()] == [3]


def test_a_collection_can_be_read_twice_at_once(tmp_path):
    collection = snapshot(tmp_path, LISTS).collection(IP_LISTS, SCOPE)
    assert [(a.id, b.id) for a, b in zip(collection.seen(), collection.seen(), strict=True)] == [
        ("a", "a"),
        ("b", "b"),
        ("c", "c"),
    ]


def test_a_field_that_was_not_read_comes_back_as_such(tmp_path):
    before = ip_list("a", enabled="yes")
    (after,) = snapshot(tmp_path, [before]).collection(IP_LISTS, SCOPE).seen()
    assert after.enabled.gap == before.enabled.gap
    assert after.enabled.gap.cause is Cause.MALFORMED


@pytest.mark.parametrize(
    ("cause", "records", "status"),
    [
        (None, LISTS, Status.COMPLETE),
        (None, [], Status.COMPLETE),
        (Cause.TIMEOUT, LISTS, Status.PARTIAL),
        (Cause.TIMEOUT, [], Status.PARTIAL),
        (Cause.FORBIDDEN, [], Status.FORBIDDEN),
        (Cause.FORBIDDEN, LISTS, Status.PARTIAL),
        (Cause.DISABLED, [], Status.DISABLED),
    ],
)
def test_every_status_survives(tmp_path, cause, records, status):
    gaps = [] if cause is None else [gap(cause, IP_LISTS)]
    found = snapshot(tmp_path, records, *gaps)
    (header,) = found.headers()
    assert (header.status, header.gap) == (status, gaps[0] if gaps else None)
    assert len(packed(found)) == len(records)


def test_a_shut_door_survives_and_speaks_for_its_collections(tmp_path):
    with SnapshotWriter(tmp_path, META) as writer:
        writer.shut("aws", gap(Cause.UNREACHABLE))
        writer.shut(SCOPE, gap(Cause.UNREACHABLE))
    found = DiskSnapshot.open(tmp_path)
    assert set(found.meta.doors) == {"aws", SCOPE}
    missing = found.collection(TOKENS, SCOPE)
    assert missing.gap.cause is Cause.UNREACHABLE
    assert list(missing.seen()) == []


def test_what_was_never_asked_for_is_not_empty_but_unread(tmp_path):
    missing = snapshot(tmp_path, LISTS).collection(TOKENS, SCOPE)
    assert missing.gap.cause is Cause.NOT_READ


def test_what_was_written_can_be_read_before_the_end(tmp_path):
    with SnapshotWriter(tmp_path, META) as writer:
        writer.write(IP_LISTS, SCOPE, LISTS, [])
        assert [r["id"] for r in packed(writer)] == ["a", "b", "c"]


def test_an_interrupted_collection_is_no_snapshot(tmp_path):
    snapshot(tmp_path, LISTS)
    with pytest.raises(KeyboardInterrupt), SnapshotWriter(tmp_path, META):
        raise KeyboardInterrupt
    with pytest.raises(SnapshotError, match=r"no manifest\.json"):
        DiskSnapshot.open(tmp_path)


def test_a_crash_while_the_manifest_was_written_does_not_block_the_folder(tmp_path):
    (tmp_path / "manifest.json.new").write_text("{")
    assert len(packed(snapshot(tmp_path, LISTS))) == 3


def test_the_same_records_have_the_same_address_in_any_order(tmp_path):
    records = [ip_list(f"list/{n}\tä", label=f"office {n}") for n in range(300)]
    addresses = set()
    for seed in range(4):
        random.Random(seed).shuffle(records)
        addresses.add(snapshot(tmp_path / str(seed), records).entries()["ip_lists", SCOPE].sha256)
    assert len(addresses) == 1


def test_concurrent_writing_gives_the_same_manifest(tmp_path):
    manifests = set()
    for workers in (1, 8):
        folder = tmp_path / str(workers)
        with SnapshotWriter(folder, META) as writer, ThreadPoolExecutor(workers) as pool:

            def write(number, writer=writer):
                lists = [ip_list(f"{number}-{n}") for n in range(number)]
                writer.write(IP_LISTS, f"workspace/{number}", lists, [])

            list(pool.map(write, range(24)))
        manifests.add((folder / "manifest.json").read_bytes())
    assert len(manifests) == 1


def test_text_that_is_no_unicode_is_kept(tmp_path):
    (found,) = packed(snapshot(tmp_path, [ip_list("a\ud800", label="\udfff")]))
    assert (found["id"], found["label"]) == ("a\ud800", "\udfff")


MISTAKES = {
    "not JSON": lambda _: "{",
    "a list": lambda _: "[]",
    "another format": lambda m: json.dumps({**m, "format": "lakewarden.snapshot/99"}),
    "no format": lambda m: json.dumps({k: v for k, v in m.items() if k != "format"}),
    "no collections": lambda m: json.dumps({k: v for k, v in m.items() if k != "collections"}),
    "an unknown kind": lambda m: json.dumps(m).replace('"ip_lists"', '"horoscopes"'),
    "an unknown status": lambda m: json.dumps(m).replace('"complete"', '"splendid"'),
    "a status that its gap denies": lambda m: json.dumps(m).replace('"complete"', '"partial"'),
    "no gap": lambda m: json.dumps(m).replace('"gap"', '"gab"'),
    "no count": lambda m: json.dumps(m).replace('"count": 3', '"count": null'),
    "doors that are a list": lambda m: json.dumps({**m, "doors": []}),
    "truncated": lambda m: json.dumps(m)[:-9],
    "not text": lambda _: "\x00\udcff",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_manifest_that_cannot_be_used_is_named(tmp_path, name):
    snapshot(tmp_path, LISTS)
    manifest = tmp_path / "manifest.json"
    text = MISTAKES[name](json.loads(manifest.read_text()))
    manifest.write_text(text, errors="surrogateescape")
    with pytest.raises(SnapshotError) as caught:
        DiskSnapshot.open(tmp_path)
    assert caught.value.where == str(manifest)
    assert "Collect again" in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_a_manifest_is_no_snapshot(tmp_path, name):
    with pytest.raises(SnapshotError, match="lakewarden collect --out"):
        DiskSnapshot.open(tmp_path / name)


@pytest.mark.parametrize(
    "line",
    ["[]", "7", "null", "{", '{"id":"a"}', '{"id":"a","?":[]}', '{"id":"a","?":{"label":1}}'],
)
def test_a_record_that_cannot_be_used_is_named(tmp_path, line):
    found = snapshot(tmp_path, LISTS)
    path = blobs.path_of(tmp_path, found.entries()["ip_lists", SCOPE].sha256)
    path.write_bytes(gzip.compress(f"{line}\n".encode()))
    with pytest.raises(SnapshotError) as caught:
        packed(found)
    assert caught.value.where == str(path)


def test_a_folder_in_use_for_something_else_is_left_alone(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a web page"}')
    (tmp_path / "index.html").write_text("<html>")
    with pytest.raises(SnapshotError, match=r"something else: it holds index\.html"):
        SnapshotWriter(tmp_path, META)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.html", "manifest.json"]
    assert "web page" in (tmp_path / "manifest.json").read_text()


def test_an_older_snapshot_is_replaced(tmp_path):
    snapshot(tmp_path, LISTS)
    assert [r["id"] for r in packed(snapshot(tmp_path, [ip_list("new")]))] == ["new"]


def test_a_replaced_snapshot_leaves_nothing_behind(tmp_path):
    snapshot(tmp_path, LISTS)
    (tmp_path / "objects" / ".new-left-by-a-crash").touch()
    snapshot(tmp_path, [ip_list("new")])
    assert len([p for p in (tmp_path / "objects").rglob("*") if p.is_file()]) == 1
    [kept] = DiskSnapshot.open(tmp_path).collection(IP_LISTS, SCOPE).each()
    assert kept.id == "new"


def test_a_folder_that_cannot_be_made_is_an_error_with_a_next_step(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SnapshotError, match=r"cannot be written.*--out"):
        SnapshotWriter(tmp_path / "file" / "snapshot", META)


def refuse(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_a_read_only_folder_is_noticed_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(SnapshotError, match="Permission denied"):
        SnapshotWriter(tmp_path, META)


@pytest.mark.parametrize("target", ["tempfile.mkstemp", "os.replace"])
def test_a_disk_that_refuses_later_is_an_error_with_a_next_step(tmp_path, monkeypatch, target):
    writer = SnapshotWriter(tmp_path, META)
    monkeypatch.setattr(target, refuse)
    with pytest.raises(SnapshotError, match=r"Permission denied.*--out"):
        writer.write(IP_LISTS, SCOPE, LISTS, [])
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def watched(count, start):
    """Yield entries in disorder; memory is watched once `start` of them are on their way."""
    value = conf("x", "true").value
    for n in range(count):
        if n == start:
            tracemalloc.start()
        yield WORKSPACE_CONF.record(f"key-{n * 7919 % count:06}", value)


def peak_mebibytes():
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


def test_memory_stays_flat_however_many_records_stream_by(tmp_path):
    with SnapshotWriter(tmp_path, META) as writer:
        header = writer.write(WORKSPACE_CONF, SCOPE, watched(200_000, 160_000), [])
        assert peak_mebibytes() < 6  # one run of the sorter takes about 4
        assert header.count == 200_000
        tracemalloc.start()
        first = list(itertools.islice(writer.collection(WORKSPACE_CONF, SCOPE).seen(), 2_000))
        assert peak_mebibytes() < 3
    assert [first[0].name, first[-1].name] == ["key-000000", "key-001999"]

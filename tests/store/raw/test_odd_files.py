from __future__ import annotations

import gzip
import json
import os

import duckdb
import pytest

from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, UnreadableError
from lakewarden.store.raw.folder import Folder
from lakewarden.store.raw.refusal import CUT, NOT_JSON, NOT_UTF8, TOO_LONG
from lakewarden.store.raw.spool import spool
from store.raw.logs import AT, FLOW, HEADER, call, delivered, lines, system, trail

SOUND = lines(delivered())
WRONG_TIME = "has a time before 2000 or after 2100"

LINES = {
    "no JSON": (b"{oops}", NOT_JSON),
    "no UTF-8": (b'{"timestamp": "\xff\xfe"}', NOT_UTF8),
    "a NUL": (SOUND[:20] + b"\0" + SOUND[20:-1], NOT_JSON),
    "two in one": (SOUND[:-1] + SOUND[:-1], NOT_JSON),
    "cut": (SOUND[:50], NOT_JSON),
    "an array": (b"[1]", "is no object"),
    "a number": (b"5", "is no object"),
    "null": (b"null", "is no object"),
    "an empty object": (b"{}", "is no event of databricks"),
    "something else": (b'{"a": 1}', "is no event of databricks"),
    "no time": (lines(delivered(timestamp=None))[:-1], "has no time"),
    "a word for a time": (lines(delivered(timestamp="soon"))[:-1], "has no time"),
    "seconds for a time": (lines(delivered(timestamp=AT // 1000))[:-1], WRONG_TIME),
    "too late": (lines(delivered(timestamp=AT * 10))[:-1], WRONG_TIME),
    "a negative time": (lines(delivered(timestamp=-1))[:-1], WRONG_TIME),
    "no action": (lines(delivered(actionName=""))[:-1], "does not say what was done"),
    "an answer that is no object": (
        lines(delivered(response="fine"))[:-1],
        "has no object in response",
    ),
    "too deep": (b"[" * 200_000, "is nested too deep"),
}


def test_records_that_are_no_events_are_refused_alone(reader):
    content, expected = b"", []
    for number, (line, reason) in enumerate(LINES.values()):
        content += SOUND + b"\n"
        expected.append(("a.json", 4 * number + 3, len(content), reason))
        content += line + b"\r\n  \n"
    found = reader.read("databricks", {"a.json": content})
    assert len(found.events) == len(LINES)
    assert found.refused == expected


def test_records_that_are_only_odd_are_events(reader):
    deep = "[" * 5_000 + "]" * 5_000
    content = (
        SOUND.replace(b"ann@", b"\\ud800ann@")
        + SOUND.replace(b'"user": ', b'"twice": 1, "twice": 2, "user": ')
        + SOUND.replace(b'"user": ', b'"nul": "a\\u0000b", "user": ')
        + SOUND.replace(b'"user": ', b'"deep": %s, "user": ' % deep.encode())
        + lines(delivered(requestParams="text"), {**delivered(), "~file": 7, "more": {"a": []}})
        + b"\xef\xbb\xbf"
        + SOUND[:-1]
    )
    found = reader.read("databricks", {"a.json": content})
    assert (len(found.events), found.refused) == (7, [])
    params = [event["params"] for event in found.events]
    assert {"value": "text"} in params
    assert any(one.get("twice") == "2" for one in params)
    assert any(one.get("deep") == deep for one in params)


def test_many_refused_records_are_not_held_in_memory(reader):
    found = reader.read("databricks", {"a.json": b"junk\n" * 450 + SOUND, "b.json": b"junk\n"})
    assert found.refused == [
        *(("a.json", n + 1, 5 * n, NOT_JSON) for n in range(450)),
        ("b.json", 1, 0, NOT_JSON),
    ]
    spilt = (found.spooled.folder / "refused-0").read_text().splitlines()
    assert [json.loads(line)[1] for line in spilt] == list(range(1, 401))


def test_one_odd_file_does_not_harm_the_others_that_it_was_joined_with(reader):
    files = {f"{n}.json": lines(delivered(requestId=str(n))) for n in range(20)}
    files |= {"7.json": b"{", "8.json": b"", "9.json": b"\n\n", "10.json.gz": gzip.compress(SOUND)}
    files["11.json.gz"] = gzip.compress(SOUND)[:-9]
    found = reader.read("databricks", files)
    assert len(found.events) == 19
    assert found.refused == [("11.json.gz", 2, len(SOUND), CUT), ("7.json", 1, 0, NOT_JSON)]
    assert {one.item.key: one.records for one in found.counted}["8.json"] == 0


@pytest.mark.parametrize("size", [0.3, 0.6, 0.99])
def test_what_is_before_the_cut_of_a_compressed_file_is_read(reader, size):
    records = [delivered(requestId=os.urandom(20).hex()) for _ in range(300)]
    whole = gzip.compress(lines(*records))
    found = reader.read("databricks", {"a.json.gz": whole[: int(len(whole) * size)]})
    count = len(found.events)
    assert 300 * size * 0.8 < count < 300
    ids = {event["request_id"] for event in found.events}
    assert ids == {record["requestId"] for record in records[:count]}
    assert found.refused == [("a.json.gz", count + 1, len(lines(*records[:count])), CUT)]


def test_a_line_of_200_mb_is_refused_and_what_follows_is_read(reader):
    long = b'{"timestamp": "' + b"x" * 200_000_000 + b'"}\n'
    found = reader.read("databricks", {"a.json": SOUND + long + SOUND})
    assert len(found.events) == 2
    assert found.refused == [("a.json", 2, len(SOUND), TOO_LONG)]


def test_a_mark_in_a_record_leads_nobody_astray(reader):
    marked = {"~file": 999, "~line": 1, "~start": 1}
    files = {
        "a.json": lines({**delivered(), **marked}),
        "b.json": lines({**delivered(), "~file": 2}, {**delivered(), "~file": "x"}),
        "c.json": SOUND,
    }
    found = reader.read("databricks", files)
    assert (len(found.events), found.refused) == (4, [])
    assert {one.item.key: one.records for one in found.counted} == dict(
        zip(files, (1, 2, 1), strict=True)
    )


def test_lists_that_follow_each_other_are_read_to_the_end(reader):
    def listed(*names):
        return trail(*[call(eventID=name) for name in names])

    more = listed("b")[:-1] + b', "Other": [{"a": 1}]}'
    files = {
        "a.json": listed("a") + b"\n" + more + b"\r\n " + listed("c", "d"),
        "b.json": listed("e") + b"oops",
        "c.json": listed("f")[:-1],
        "d.json": json.dumps([call(eventID="g")]).encode() + b", {}",
    }
    found = reader.read("cloudtrail", files)
    assert sorted(event["native_id"] for event in found.events) == list("abcdefg")
    assert [(file, number, why) for file, number, _, why in found.refused] == [
        ("b.json", 2, NOT_JSON),
        ("c.json", 2, NOT_JSON),
        ("d.json", 2, NOT_JSON),
    ]


def test_odd_calls_are_refused_alone(reader):
    sound = json.dumps(call()).encode()
    files = {
        "a.json": b'{"Records": [null, 5, %s, {"awsRegion": "z", "eventTime": "?"}]}' % sound,
        "b.json": b'{"Records": [%s, {"awsRegion": oops}, %s]}' % (sound, sound),
        "c.json": trail(call(userIdentity="root")),
        "d.json": b'{"Records": 5}',
        "g.json": b'{"Records": [',
        "e.json": b'{"Records": [%s, {"eventTime": "\xff"}]}' % sound,
        "f.json.gz": gzip.compress(trail(*[call(eventID=os.urandom(9).hex()) for _ in range(50)]))[
            :1500
        ],
    }
    found = reader.read("cloudtrail", files)
    (cut,) = [one for one in found.counted if one.item.key == "f.json.gz"]
    assert 10 < cut.records < 50
    assert [record.reason for record in cut.refused] == [CUT]
    assert len(found.events) == 4 + cut.records
    refused = [(file, number, why) for file, number, _, why in found.refused]
    assert [one for one in refused if one[0] != cut.item.key] == [
        ("a.json", 1, "is no object"),
        ("a.json", 2, "is no object"),
        ("a.json", 4, "has no time"),
        ("b.json", 2, NOT_JSON),
        ("c.json", 1, "has no object in userIdentity"),
        ("d.json", 1, "is no event of cloudtrail"),
        ("e.json", 2, NOT_UTF8),
        ("g.json", 1, CUT),
    ]


def test_an_element_that_cannot_be_read_is_passed_by_its_brackets(reader):
    deep = "[" * 5_000 + "]" * 5_000
    odd = {
        json.dumps(call(eventID="deep")).replace('"k": "v"', f'"k": {deep}'): None,
        '{"eventID": "x", "awsRegion": oops, "more": {"text": "]}, \\" {["}}': NOT_JSON,
        '{"long": "' + "x" * (34 << 20) + '"}': TOO_LONG,
        "[" * 9_000 + "]" * 9_000: "is nested too deep",
        "oops }": NOT_JSON,
    }
    sound = [json.dumps(call(eventID=str(n)), indent=1) for n in range(len(odd))]
    listed = ",".join(f"{one},\n{other}" for one, other in zip(odd, sound, strict=True))
    found = reader.read("cloudtrail", {"a.json": f"[{listed}]\n".encode()})
    assert sorted(event["native_id"] for event in found.events) == [*"01234", "deep"]
    wrong = [(number, why) for number, why in enumerate(odd.values()) if why]
    assert [(line, why) for _, line, _, why in found.refused] == [
        (2 * number + 1, why) for number, why in wrong
    ]


def test_odd_flows_are_refused_alone(reader):
    odd = b"2 3 4\n" + FLOW.replace(b"1790000000", b"soon") + b"\xff\n\n"
    files = {
        "a.log": HEADER + FLOW + odd + HEADER + FLOW[:-1],
        "b.log": HEADER,
        "c.log": b"fields that are none\n" + FLOW,
    }
    found = reader.read("vpcflow", files)
    assert len(found.events) == 2
    assert [(file, number, why) for file, number, _, why in found.refused] == [
        ("a.log", 3, "has 3 fields, and not 14"),
        ("a.log", 4, "has no time"),
        ("a.log", 5, NOT_UTF8),
        ("c.log", 1, "is in a file that does not begin with the names of its fields"),
        ("c.log", 2, "is in a file that does not begin with the names of its fields"),
    ]


@pytest.mark.parametrize(
    ("source", "sound"), [("databricks", SOUND), ("vpcflow", FLOW), ("cloudtrail", trail(call()))]
)
def test_a_table_that_is_damaged_or_of_something_else_is_one_refused_record(
    reader, tmp_path, source, sound
):
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS id FROM range(9)) TO '{tmp_path}/b.parquet'")
    other = (tmp_path / "b.parquet").read_bytes()
    files = {"a.parquet": b"PAR1 and no more", "b.parquet": other, "c.log": sound}
    found = reader.read(source, files)
    assert len(found.events) == 1
    assert [(file, why.split(" (")[0]) for file, _, _, why in found.refused] == [
        ("a.parquet", "is no Parquet file of these logs"),
        ("b.parquet", "is no Parquet file of these logs"),
    ]


def test_rows_of_a_table_that_are_no_events_are_refused_alone(reader, tmp_path):
    odd = [
        {"request_params": '{"user": "ann@exa... truncated'},
        {"request_params": [{"key": "user", "value": "ann"}]},
        {"response": "fine"},
        {"event_time": None},
    ]
    rows = [system(request_id=str(n), **{"response": None, **one}) for n, one in enumerate(odd)]
    for row in rows:
        row["request_params"] = json.dumps(row["request_params"])
    rows[0]["request_params"] = odd[0]["request_params"]
    (tmp_path / "rows.json").write_bytes(lines(*rows))
    with duckdb.connect() as connection:
        read = f"read_json('{tmp_path}/rows.json', map_inference_threshold = -1)"
        connection.execute(f"COPY (FROM {read}) TO '{tmp_path}/a.parquet'")
    found = reader.read("databricks", {"a.parquet": (tmp_path / "a.parquet").read_bytes()})
    assert [event["params"] for event in found.events] == [
        {"user": "ann"},
        {"value": odd[0]["request_params"]},
    ]
    assert found.refused == [
        ("a.parquet", 3, 3, "has no object in response"),
        ("a.parquet", 4, 4, "has no time"),
    ]


def test_what_vanishes_while_it_is_listed_is_unreadable(reader, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_bytes(SOUND)
    (tmp_path / "b.json").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe")
    listing = Folder(tmp_path).listed()
    found = [next(listing)]
    (tmp_path / "deep").rmdir()
    found += listing
    assert sorted((item.key, item.size > 0) for item in found) == [
        ("a.json", True),
        ("b.json", False),
        ("deep", False),
    ]
    spooled = spool(found, Folder(tmp_path), Source.DATABRICKS, tmp_path / "_spool")
    assert sorted(item.key for item, _ in spooled.unreadable) == ["b.json", "deep"]


@pytest.mark.parametrize("size", [1, 2000])
def test_a_file_that_vanishes_while_it_is_read_is_unreadable(reader, tmp_path, size):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(SOUND * size + b"{oops")
    (tmp_path / "c.parquet").write_bytes(b"PAR1" * (1 << 15))
    spooled = spool(Folder(tmp_path).listed(), Folder(tmp_path), Source.DATABRICKS, tmp_path / "_s")
    (tmp_path / "b.json").unlink()
    (tmp_path / "c.parquet").unlink()
    counted = reader.load(Source.DATABRICKS, spooled, Folder(tmp_path))
    assert [(one.item.key, one.records, len(one.refused)) for one in counted] == [
        ("a.json", size, 1)
    ]
    assert sorted(item.key for item, _ in spooled.unreadable) == ["b.json", "c.parquet"]


def test_a_file_that_grows_while_it_is_read_has_each_record_once(reader, tmp_path):
    content = lines(*[delivered(requestId=str(n)) for n in range(3000)])
    (tmp_path / "a.json").write_bytes(content)
    spooled = spool(Folder(tmp_path).listed(), Folder(tmp_path), Source.DATABRICKS, tmp_path / "_s")
    with (tmp_path / "a.json").open("ab") as file:
        file.write(SOUND + SOUND[:99])
    (one,) = reader.load(Source.DATABRICKS, spooled, Folder(tmp_path))
    assert one.records == 3001
    assert [(record.start, record.size) for record in one.refused] == [
        (len(content) + len(SOUND), 99)
    ]


def test_a_file_that_is_gone_is_unreadable(tmp_path):
    (tmp_path / "a.json").write_bytes(SOUND)
    item = Delivered("b.json", "e", 5, 0)
    for ask in (Folder(tmp_path).read, lambda item: Folder(tmp_path).place(item, "")):
        with pytest.raises(UnreadableError, match=r"b\.json: cannot be read \(No such file"):
            ask(item)

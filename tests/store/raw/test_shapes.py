from __future__ import annotations

import gzip
import json
from operator import itemgetter

import duckdb
import pytest

from lakewarden.events.columns import NAMES
from lakewarden.store.lake.shapes.shape import select
from lakewarden.store.raw.forms import SHAPES
from lakewarden.store.raw.rows import tables
from store.raw.logs import AT, FLOW, HEADER, call, delivered, diagnostic, lines, system, trail

TRAIL = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09/21/a.json.gz"
FLOWS = "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/09/21/a.log.gz"


@pytest.fixture
def one(reader):
    """Read one file with one event."""
    return lambda source, content: reader.read(source, {"a.json": content}).one


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_select_has_all_columns_in_their_order(shape):
    with duckdb.connect() as connection:
        tables(connection, shape.source)
        connection.execute("CREATE TABLE addresses (raw TEXT, text TEXT, kind TEXT, key TEXT)")
        found = connection.execute(select(shape))
        assert tuple(column[0] for column in found.description) == NAMES


def test_the_same_event_in_all_shapes_is_one(reader):
    nested = ("user_identity", "request_params", "response")
    texts = {name: json.dumps(system()[name]) for name in nested}
    files = {
        "a.json": lines(delivered()),
        "b.json": lines(system()),
        "c.json": lines(diagnostic()),
        "d.json.gz": gzip.compress(lines(system(**texts, workspace_id="1001"))),
        "e.json": lines({"records": [diagnostic()]}),
    }
    found = reader.read("databricks", files)
    assert (len(found.events), found.refused) == (5, [])
    assert len({event["id"] for event in found.events}) == 1
    assert {event["native_id"] for event in found.events} == {None, "e1", "l1"}
    assert {event["run_by"] for event in found.events} == {None, "bob@example.com"}


def test_what_differs_is_another_event(reader):
    response = {"statusCode": 403, "errorMessage": None, "result": None}
    swapped = {"user": "BROWSER", "authentication_method": "ann@example.com"}
    others = (
        {"timestamp": AT + 1},
        {"workspaceId": "1002"},
        {"actionName": "logout"},
        {"serviceName": "workspace"},
        {"requestId": "r2"},
        {"userIdentity": {"email": "bob@example.com"}},
        {"requestParams": swapped},
        {"requestParams": {}},
        {"response": response},
        {"response": {**response, "errorMessage": "no"}},
        {"response": {**response, "result": "no"}},
    )
    content = lines(delivered(), *(delivered(**other) for other in others))
    events = reader.read("databricks", {"a.json": content}).events
    assert len({event["id"] for event in events}) == 1 + len(others)


def test_an_event_has_its_columns(one):
    params = {
        "target_user_name": "x",
        "targetUserName": "",
        "n": 5,
        "on": True,
        "deep": {"a": [1, None]},
        "no": None,
    }
    event = one("databricks", lines(delivered(requestParams=params, workspaceId=0, sessionId="s")))
    assert (event["ts"], event["day"]) == (AT, "2026-09-21")
    assert (event["workspace_id"], event["session_id"], event["user_agent"]) == ("0", "s", None)
    assert (event["src_ip"], event["ip_key"]) == ("198.51.100.7", "4:c6336407")
    assert (event["status"], event["ok"], event["p_target"]) == (200, True, "x")
    texts = {
        "target_user_name": "x",
        "targetUserName": "",
        "n": "5",
        "on": "true",
        "deep": '{"a":[1,null]}',
    }
    assert event["params"] == {**texts, "no": None}


def test_an_answer_may_be_a_number_or_a_text_or_missing(reader):
    answers = ({"statusCode": "200"}, {"statusCode": 403}, {"statusCode": 1}, {}, None)
    records = [delivered(response=answer, timestamp=AT + n) for n, answer in enumerate(answers)]
    events = reader.read("databricks", {"a.json": lines(*records)}).events
    found = [(e["status"], e["ok"]) for e in sorted(events, key=itemgetter("ts"))]
    assert found == [(200, True), (403, False), (1, False), (None, None), (None, None)]


def test_actors_have_kinds(reader):
    kinds = {
        "ann@example.com": "user",
        "0f8fad5b-d9cb-469f-a165-70867728950e": "service_principal",
        "System-User": "system",
        "unknown": "unknown",
        None: "unknown",
    }
    content = lines(*[delivered(userIdentity={"email": who}) for who in kinds])
    events = reader.read("databricks", {"a.json": content}).events
    assert {event["actor"]: event["actor_kind"] for event in events} == kinds


def test_times_of_the_system_table_have_several_forms(reader):
    times = {
        "2026-09-21T14:13:20.123Z": AT + 123,
        "2026-09-21T16:13:20.123+02:00": AT + 123,
        "2026-09-21 14:13:20.123999": AT + 123,
        str(AT): AT,
        AT + 1: AT + 1,
    }
    content = lines(*[system(event_time=time, event_id=str(time)) for time in times])
    events = reader.read("databricks", {"a.json": content}).events
    found = {event["native_id"]: event["ts"] for event in events}
    assert found == {str(time): at for time, at in times.items()}


def test_the_workspace_is_that_of_the_event_and_not_of_the_path(reader):
    files = {"workspaceId=7/date=2026-09-21/a.json": lines(delivered())}
    assert reader.read("databricks", files).one["workspace_id"] == "1001"


def test_the_system_table_is_read_from_parquet(reader, tmp_path):
    query = (
        "SELECT TIMESTAMPTZ '2026-09-21 14:13:20Z' AS event_time, 'e1' AS event_id, 1001 AS"
        " workspace_id, 'accounts' AS service_name, 'login' AS action_name, 'r1' AS request_id,"
        " {'email': 'ann@example.com', 'subject_name': NULL::TEXT} AS user_identity,"
        " MAP {'user': 'ann@example.com', 'authentication_method': 'BROWSER'} AS request_params,"
        " {'status_code': 200, 'error_message': NULL::TEXT, 'result': NULL::TEXT} AS response"
    )
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{tmp_path}/a.parquet'")
    files = {"a.parquet": (tmp_path / "a.parquet").read_bytes(), "b.json": lines(delivered())}
    found = reader.read("databricks", files)
    assert (len(found.events), found.refused) == (2, [])
    assert len({event["id"] for event in found.events}) == 1


def test_a_call_has_its_columns(reader):
    found = reader.read("cloudtrail", {TRAIL: gzip.compress(trail(call()))})
    event = found.one
    role = "arn:aws:iam::111122223333:role/Admin"
    assert (event["service"], event["action"]) == ("lambda", "UpdateFunctionCode")
    assert (event["actor"], event["actor_kind"], event["session_id"]) == (
        role,
        "AssumedRole",
        "ASIAEXAMPLE",
    )
    assert (event["native_id"], event["request_id"], event["level"]) == ("i1", "q1", "Management")
    assert (event["account_id"], event["region"]) == ("111122223333", "eu-west-1")
    assert (event["status"], event["ok"], event["error"]) == (None, True, None)
    expected = {
        "functionName": "f",
        "dryRun": "false",
        "list": '[1,{"a":"b"}]',
        "response.codeSize": "5",
        "extra.k": "v",
        "identity.type": "AssumedRole",
        "identity.issuer": role,
        "identity.mfa": "true",
        "event.eventName": "UpdateFunctionCode20150331v2",
        "event.readOnly": "false",
        "event.vpcEndpointId": "vpce-1",
    }
    assert expected.items() <= event["params"].items()
    (file,) = found.counted
    assert (file.records, file.first_ts, file.last_ts) == (1, AT, AT)


def test_a_call_succeeded_or_not(reader):
    cases = (
        ({"errorCode": "AccessDenied"}, False, "AccessDenied"),
        ({"errorCode": "Success"}, True, None),
        ({"errorCode": ""}, True, None),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, False, None),
        ({"responseElements": {"ConsoleLogin": "Success"}}, True, None),
        ({"responseElements": None, "requestParameters": None}, True, None),
    )
    calls = [call(eventID=str(n), **other) for n, (other, _, _) in enumerate(cases)]
    events = reader.read("cloudtrail", {"a.json": trail(*calls)}).events
    found = [(e["ok"], e["error"]) for e in sorted(events, key=itemgetter("native_id"))]
    assert found == [(ok, error) for _, ok, error in cases]


def test_a_call_has_an_actor(reader):
    cases = (
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/a"}, "arn:aws:iam::1:user/a"),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com"),
        ({"type": "AWSAccount", "principalId": "AIDA", "accountId": "1"}, "AIDA"),
        (None, None),
    )
    calls = [call(eventID=str(n), userIdentity=identity) for n, (identity, _) in enumerate(cases)]
    events = reader.read("cloudtrail", {"a.json": trail(*calls)}).events
    found = [e["actor"] for e in sorted(events, key=itemgetter("native_id"))]
    assert found == [actor for _, actor in cases]


def test_calls_come_in_several_forms(reader):
    copies = {"eventData": json.dumps(call(eventID="c2"))}
    files = {
        "a.json": json.dumps({"Records": [call(eventID="a")]}, indent=2).encode(),
        "b.json": lines(call(eventID="b1"), call(eventID="b2")),
        "c.json": lines({"eventData": call(eventID="c1")}, copies),
        "d.json": json.dumps([call(eventID="d1"), {"eventData": call(eventID="d2")}]).encode(),
        "e.json": trail(),
        "f.json": trail(call(eventID="f", requestParameters="HIDDEN")),
    }
    found = reader.read("cloudtrail", files)
    assert (len(found.counted), found.refused) == (6, [])
    names = sorted(event["native_id"] for event in found.events)
    assert names == ["a", "b1", "b2", "c1", "c2", "d1", "d2", "f"]


def test_an_insight_is_an_event_and_a_digest_is_none(reader):
    detail = {"state": "Start", "insightType": "ApiCallRateInsight", "eventName": "RunInstances"}
    insight = call(eventID="i", insightDetails=detail, eventCategory="Insight")
    for name in ("eventSource", "eventName"):
        del insight[name]
    files = {
        "AWSLogs/1/CloudTrail-Insight/eu-west-1/a.json.gz": gzip.compress(trail(insight)),
        "AWSLogs/1/CloudTrail-Digest/eu-west-1/b.json.gz": gzip.compress(b"{}"),
        "c.json": b'{"digestEndTime": "2026-09-21", "digestS3Bucket": "b", "logFiles": []}',
    }
    found = reader.read("cloudtrail", files)
    assert (found.spooled.skipped, found.refused) == (2, [])
    assert (found.one["level"], found.one["action"]) == ("Insight", "ApiCallRateInsight")
    assert found.one["params"]["event.insight.eventName"] == "RunInstances"


def test_a_call_that_speaks_of_digests_is_no_digest(reader):
    def named(name):
        return call(eventID=name, requestParameters={"digestS3Bucket": "digestS3Bucket"})

    files = {"a.json": trail(named("a")), "b.json": lines(named("b"))}
    found = reader.read("cloudtrail", files)
    assert sorted(event["native_id"] for event in found.events) == ["a", "b"]


def test_a_flow_has_its_columns(reader):
    event = reader.read("vpcflow", {FLOWS: gzip.compress(HEADER + FLOW)}).one
    assert (event["ts"], event["account_id"], event["region"]) == (AT, "111122223333", "eu-west-1")
    assert (event["service"], event["action"], event["ok"]) == ("vpc", "ACCEPT", True)
    assert (event["src_ip"], event["dst_ip"], event["dst_kind"]) == (
        "10.0.0.1",
        "8.8.8.8",
        "public",
    )
    numbers = ("src_port", "dst_port", "protocol", "packets", "bytes")
    assert [event[name] for name in numbers] == [1234, 53, 17, 1, 60]
    assert (event["interface"], event["actor"]) == ("eni-1", None)
    assert event["params"] == {"version": "2", "end": "1790000060", "log-status": "OK"}


def test_fields_of_flows_may_be_chosen_missing_and_new(one):
    fields = b"srcaddr start action flow-direction dstaddr new-field\n"
    event = one("vpcflow", fields + b"- 1790000000 REJECT egress 2001:db8::1 zz\n")
    assert (event["src_ip"], event["ip_kind"], event["dst_ip"]) == (None, "none", "2001:db8::1")
    assert (event["ok"], event["interface"], event["bytes"]) == (False, None, None)
    assert event["params"] == {"flow-direction": "egress", "new-field": "zz"}


def test_a_flow_is_at_its_end_where_its_start_is_not_told(one):
    event = one("vpcflow", b"srcaddr end action\n10.0.0.1 1790000000 ACCEPT\n")
    assert (event["ts"], event["params"]) == (AT, {"end": "1790000000"})


@pytest.mark.parametrize("status", ["NODATA", "SKIPDATA"])
def test_an_interval_without_flows_is_an_event(one, status):
    line = b"2 1 eni-1 - - - - - - - 1790000000 1790000060 - %s\n" % status.encode()
    event = one("vpcflow", HEADER + line)
    assert (event["action"], event["ok"], event["src_ip"]) == (status, None, None)


@pytest.mark.parametrize("small", [0, 1 << 20])
def test_flows_in_any_form_are_the_same(reader, tmp_path, monkeypatch, small):
    monkeypatch.setattr("lakewarden.store.raw.spool._SMALL", small)
    values = dict(zip(HEADER.decode().split(), FLOW.decode().split(), strict=True))
    turned = dict(reversed(values.items()))
    columns = ", ".join(
        f"'{value}'{'::BIGINT' if name in {'start', 'bytes', 'srcport'} else ''}"
        f' AS "{name.replace("-", "_")}"'
        for name, value in values.items()
    )
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {columns}) TO '{tmp_path}/d.parquet'")
    files = {
        "a.log": HEADER + FLOW,
        "b.log": FLOW,
        "c.log": f"{' '.join(turned)}\n{' '.join(turned.values())}".encode(),
        "aws-region=eu-west-1/hour=05/d.parquet": (tmp_path / "d.parquet").read_bytes(),
        "e.log": (HEADER + FLOW).replace(b"\n", b"\r\n"),
    }
    found = reader.read("vpcflow", files)
    assert (len(found.events), found.refused) == (5, [])
    assert len({event["id"] for event in found.events}) == 1

"""A table of audit logs in place: its events are those that delivered files would have given."""

from __future__ import annotations

import ipaddress
import json
import random
from contextlib import suppress

import pytest

from lakewarden.clients import warehouse
from lakewarden.clients.tables import ADDRESSES, parameter
from lakewarden.errors import LakewardenError, UsageError
from lakewarden.events import address
from lakewarden.events.columns import NAMES, Source
from lakewarden.store.alerts import Alerts
from lakewarden.store.lake.engine import no_events, opened
from lakewarden.store.lake.given import put_events
from lakewarden.watch import addresses, in_place
from lakewarden.watch.in_place import TableInPlace
from lakewarden.watch.latecomers import came_late

SHAPE = (
    "event_time TIMESTAMP, event_date DATE, account_id STRING, workspace_id STRING,"
    " audit_level STRING, service_name STRING, action_name STRING,"
    " user_identity STRUCT<email: STRING, subject_name: STRING>, source_ip_address STRING,"
    " user_agent STRING, session_id STRING, request_id STRING,"
    " request_params MAP<STRING, STRING>,"
    " response STRUCT<status_code: INT, error_message: STRING, result: STRING>,"
    " event_id STRING, identity_metadata STRUCT<run_by: STRING, run_as: STRING>"
)
NEWEST = 1_772_445_600_000


def record(n=0, **changes):
    """One delivered record."""
    return {
        "version": "2.0",
        "auditLevel": "WORKSPACE_LEVEL",
        "timestamp": NEWEST - n * 977,
        "accountId": "aaaa-1",
        "workspaceId": "1001",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "curl/8",
        "sessionId": "s-1",
        "userIdentity": {"email": "Ann@example.com", "subjectName": None},
        "serviceName": "accounts",
        "actionName": "login",
        "requestId": f"r-{n}",
        "requestParams": {"user": "ann@example.com", "z": "1", "a": "ü|'\\\"\n"},
        "response": {"statusCode": 200, "errorMessage": None, "result": "{}"},
        **changes,
    }


def who(email, subject=None):
    return {"userIdentity": {"email": email, "subjectName": subject}}


def answer(status, message=None, result=None):
    return {"response": {"statusCode": status, "errorMessage": message, "result": result}}


CHANGES = [
    {},
    {"workspaceId": "0", "auditLevel": "ACCOUNT_LEVEL"},
    {"workspaceId": ""},
    {"workspaceId": None, "accountId": ""},
    who("0b9bd4b5-9c1e-4a3c-8a0d-0123456789ab"),
    who("", "subject"),
    who(None, "0B9BD4B5-9C1E-4A3C-8A0D-0123456789AB"),
    who(None),
    who("System-User"),
    {"userIdentity": None},
    answer(401, "no"),
    answer(299, "", ""),
    answer(None, "odd"),
    answer(1),
    {"response": None},
    {"requestParams": {}},
    {"requestParams": None},
    {"requestParams": {"target_user_name": "bob", "cluster_id": "", "clusterId": "c-1"}},
    {"requestParams": {"b": None, "a": "x", "ä": "y", "Z": "z", "name": ""}},
    {"requestParams": {"changes": '[{"principal": "x"}]', "path": "/a", "commandText": "ls"}},
    {"userAgent": "", "sessionId": None, "requestId": None},
    *(
        {"sourceIPAddress": text}
        for text in (
            *("10.1.2.3", "10.1.2.3:443", " 203.0.113.9 ", "0.1.87.5", "100.64.0.1", "127.0.0.1"),
            *("2001:db8:0:0:0:0:0:1", "[2a02:6b8::1]:443", "::ffff:192.0.2.1", "fe80::1%eth0"),
            *("", "-", None, "ec2.amazonaws.com", "01.2.3.4", "256.1.1.1", "1.2.3", "8.8.8.8:"),
        )
    ),
]
RECORDS = [record(n, **changes) for n, changes in enumerate(CHANGES)]


def row(record):
    """The row of the system table for a delivered record."""
    identity, reply = record["userIdentity"], record["response"]
    moment = record["timestamp"]
    return {
        "event_time": moment,
        "account_id": record["accountId"],
        "workspace_id": record["workspaceId"],
        "audit_level": record["auditLevel"],
        "service_name": record["serviceName"],
        "action_name": record["actionName"],
        "user_identity": identity
        and {"email": identity["email"], "subject_name": identity["subjectName"]},
        "source_ip_address": record["sourceIPAddress"],
        "user_agent": record["userAgent"],
        "session_id": record["sessionId"],
        "request_id": record["requestId"],
        "request_params": record["requestParams"],
        "response": reply
        and {
            "status_code": reply["statusCode"],
            "error_message": reply["errorMessage"],
            "result": reply["result"],
        },
    }


def put_table(engine, name, records, shape=SHAPE):
    """Make a table like `system.access.audit` of delivered records."""
    raw = shape.replace("event_time TIMESTAMP, event_date DATE", "event_time BIGINT")
    text = json.dumps([row(record) for record in records])
    query = (
        f"SELECT timestamp_millis(event_time) AS event_time,"
        " CAST(timestamp_millis(event_time) AS DATE) AS event_date, * EXCEPT (event_time)"
        f" FROM (SELECT inline(from_json(:rows, 'ARRAY<STRUCT<{raw}>>')))"
    )
    frame = engine.session.sql(query, args={"rows": text})
    frame.createOrReplaceTempView(name)


def delivered(records):
    with opened(threads=1) as engine:
        no_events(engine.connection, "given")
        put_events(engine.connection, "given", [(Source.DATABRICKS, each) for each in records])
        return engine.rows("SELECT * FROM given ORDER BY ts DESC")


def shown(rows):
    """Each event with its columns by name."""
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def test_every_column_is_that_of_the_delivered_event(spark):
    put_table(spark, "audit", RECORDS)
    table = TableInPlace(spark, "here", "audit", {})
    assert table.version() == NEWEST
    with table.opened(None) as engine:
        found = engine.rows("SELECT * FROM all_events ORDER BY ts DESC")
    assert shown(found) == shown(delivered(RECORDS))


def test_addresses_are_read_alike(spark):
    edges = [
        str(ipaddress.IPv4Address(int(one) + step))
        for network in map(ipaddress.ip_network, addresses._APART)
        for one in (network[0], network[-1])
        for step in (-1, 0, 1)
        if 0 <= int(one) + step < 2**32
    ]
    drawn = random.Random(7)
    some = [str(ipaddress.IPv4Address(drawn.getrandbits(32))) for _ in range(2000)]
    texts = sorted({*edges, *some})
    columns = addresses.columns("ip", "bare", "sorting")
    written = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    bare = f"SELECT ip, {addresses.ipv4('ip')} AS bare FROM places"
    keyed = f"SELECT *, {addresses.key('bare')} AS sorting FROM ({bare})"
    spark.put("places", [{"ip": text} for text in texts])
    spark.put("addresses", [])
    found = spark.rows(
        f"SELECT ip, {written} FROM ({keyed}) AS r LEFT JOIN addresses ON raw = ip ORDER BY ip"
    )
    assert found == [(text, *address.read(text)) for text in texts]


def test_what_may_be_new_is_looked_at_again(spark):
    late = record(900, timestamp=NEWEST - 3_600_000)
    put_table(spark, "audit", [record(), late])
    table = TableInPlace(spark, "here", "audit", {}, lateness=3_600_000)
    counted = []
    for since in (None, NEWEST, NEWEST + 1, NEWEST + 3_600_001):
        with table.opened(since) as engine:
            counted.append(engine.rows("SELECT COUNT(*) FROM fresh_events")[0][0])
    assert counted == [2, 2, 1, 0]


def test_an_event_that_is_still_to_come_is_not_the_newest(spark):
    put_table(spark, "audit", [record(), record(1, timestamp=4_000_000_000_000)])
    assert TableInPlace(spark, "here", "audit", {}).version() == NEWEST


def test_spellings_of_the_table_that_documents_show(spark):
    put_table(spark, "plain", [record(**answer(403, "no"))])
    spark.session.sql(
        "SELECT * EXCEPT (event_time, event_date, response, user_identity, identity_metadata),"
        " unix_millis(event_time) AS event_time,"
        " named_struct('statusCode', response.status_code, 'errorMessage', response.error_message)"
        " AS response, named_struct('email', CAST(NULL AS STRING), 'subjectName', 'x') AS"
        " user_identity FROM plain"
    ).createOrReplaceTempView("odd")
    table = TableInPlace(spark, "here", "odd", {})
    with table.opened(None) as engine:
        query = "SELECT ts, day, actor, status, error, result, run_by FROM fresh_events"
        assert engine.rows(query) == [(NEWEST, "2026-03-02", "x", 403, "no", None, None)]


def test_as_many_addresses_as_are_read_fit_into_a_query_of_a_warehouse():
    raw = "[2001:0db8:85a3:1234:5678:8a2e:0370:7334]:65535"
    rows = list(addresses.rows([raw])) * in_place._MOST
    assert len(parameter(ADDRESSES, rows)) < warehouse._ROOM


def test_more_addresses_than_a_query_takes(spark, monkeypatch):
    monkeypatch.setattr("lakewarden.watch.in_place._MOST", 1)
    put_table(spark, "audit", [record(n, sourceIPAddress=f"2001:db8::{n}") for n in range(2)])
    table = TableInPlace(spark, "here", "audit", {})
    with pytest.raises(LakewardenError, match="more than 1 addresses"), table.opened(None):
        pass


def test_of_too_many_addresses_those_that_matter_to_what_is_new_are_read(spark, monkeypatch):
    monkeypatch.setattr("lakewarden.watch.in_place._MOST", 1)
    year = 365 * 86_400_000
    old = record(1, sourceIPAddress="2001:db8::1", timestamp=NEWEST - year)
    put_table(spark, "audit", [old, record(sourceIPAddress="2001:db8:0::2")])
    table = TableInPlace(spark, "here", "audit", {})
    with table.opened(NEWEST) as engine:
        assert engine.rows("SELECT src_ip FROM fresh_events") == [("2001:db8::2",)]


def test_events_that_come_later_than_they_may_are_counted(spark, tmp_path):
    day = 86_400_000
    alerts = Alerts.open(f"sqlite:///{tmp_path}/alerts.db")

    def late(*ages, again=False, fails=False):
        put_table(spark, "audit", [record(n, timestamp=NEWEST - age) for n, age in enumerate(ages)])
        table = TableInPlace(spark, "here", "audit", {})
        with suppress(TimeoutError), came_late(table, alerts, again=again, now=NEWEST) as told:
            if fails:
                raise TimeoutError
        return told

    assert late(0, 4 * day) == 0
    assert late(0, 2 * day, 4 * day, 5 * day, 6 * day, -day, fails=True) == 2
    assert late(0, 2 * day, 4 * day, 5 * day, 6 * day, -day) == 2
    assert late(0, 2 * day, 4 * day, 5 * day, 6 * day, -day) == 0
    assert late(0, 4 * day, 5 * day, 6 * day, 7 * day, again=True) == 0
    assert late(0) == 0
    alerts.close()


@pytest.mark.parametrize(
    ("table", "what"), [("none; DROP", "is no name"), ("places", "has no column event_time")]
)
def test_what_is_no_table_of_audit_logs_is_refused(spark, table, what):
    with pytest.raises(UsageError, match=what):
        TableInPlace(spark, "here", table, {})

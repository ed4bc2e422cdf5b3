"""What is read as a whole and what is read record by record comes to the same."""

from __future__ import annotations

import gzip
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from store.raw.logs import AT, FLOW, HEADER, call, delivered, diagnostic, lines, system, trail

TEXT = st.text(max_size=12)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
PARAMS = st.none() | st.dictionaries(TEXT, VALUE, max_size=5)
TIMES = st.integers(AT - 10**9, AT + 10**9)
SEVERAL = {"min_size": 1, "max_size": 40}

DELIVERED = st.builds(
    delivered,
    timestamp=TIMES,
    requestParams=PARAMS,
    userAgent=SCALAR,
    sourceIPAddress=st.sampled_from(["::ffff:10.0.0.1", "10.0.0.1:1", "", "-", "x", None]) | TEXT,
    userIdentity=st.none() | st.fixed_dictionaries({"email": TEXT}),
    response=st.none() | st.fixed_dictionaries({"statusCode": SCALAR, "result": VALUE}),
)
SYSTEM = st.builds(system, event_time=TIMES, request_params=PARAMS, workspace_id=SCALAR)
DIAGNOSTIC = st.builds(diagnostic, identity=st.none() | PARAMS.map(json.dumps))
CALLS = st.builds(
    call,
    eventID=st.uuids().map(str),
    requestParameters=PARAMS,
    responseElements=PARAMS,
    resources=VALUE,
    errorCode=st.none() | TEXT,
)
FIELDS = st.lists(st.sampled_from(["-", "0", "1790000000", "10.0.0.1", "x", "::1"]), min_size=14)


def _compare(reader, source, whole, piecewise):
    """Read a file, and again with one that is refused in the midst of it."""
    found = [reader.read(source, {"a.json": content}) for content in (whole, piecewise)]
    assert [one.by_record for one in found] == [False, True]
    assert [len(one.refused) for one in found] == [0, 1]
    assert found[0].events == found[1].events


@settings(max_examples=12, deadline=None)
@given(st.one_of(st.lists(shape, **SEVERAL) for shape in (DELIVERED, SYSTEM, DIAGNOSTIC)))
def test_audit_events(reader, records):
    _compare(reader, "databricks", lines(*records), lines(*records) + b"{oops\n")


@settings(max_examples=5, deadline=None)
@given(st.lists(CALLS, **SEVERAL))
def test_calls(reader, records):
    _compare(reader, "cloudtrail", gzip.compress(trail(*records)), trail(*records, None))


@settings(max_examples=4, deadline=None)
@given(st.lists(FIELDS, **SEVERAL))
def test_flows(reader, records):
    rows = [" ".join([*row[:10], "1790000000", *row[11:12], "ACCEPT", row[13]]) for row in records]
    content = HEADER + FLOW + "".join(f"{row}\n" for row in rows).encode()
    _compare(reader, "vpcflow", content, content + b"oops\n")

"""Records: from an answer, into a snapshot and back, without losing a value or a gap."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estate.shapes import ANY, GOOD, JSON, PATIENT, Thing
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.record import Record, hollow, key, pack, plan_of, read, record, unpack
from lakewarden.estate.wire import MalformedError

SOURCE = "GET /api/2.0/things"
FULL = {
    "meta": {"id": "t1"},
    "count": "7",
    "share": 0.5,
    "deep": {"er": {"on": False}},
    "label": "x",
    "tags": {"a": "b"},
    "parts": [{"name": "p", "sizes": [1, 2]}],
    "raw": {"any": ["thing"]},
}


def make(item):
    return read(Thing, item, source=SOURCE, grant="READ")


def facts(thing):
    """Return what a record holds, as plain values that can be compared."""
    found = {}
    for field in plan_of(type(thing)):
        value = getattr(thing, field.name)
        if field.is_key:
            found[field.name] = value
        else:
            found[field.name] = value.gap or (value.get(), value.field)
    return found


def without(path):
    return {name: value for name, value in FULL.items() if name != path}


@PATIENT
@given(GOOD | ANY)
def test_a_record_survives_the_way_to_disk_and_back(item):
    thing = make(item)
    text = json.dumps(pack(thing))
    back = unpack(Thing, json.loads(text), source=SOURCE)
    assert facts(back) == facts(thing)
    assert json.dumps(pack(back)) == text


@PATIENT
@given(GOOD)
def test_a_right_answer_leaves_gaps_only_where_it_is_silent(item):
    thing = make(item)
    for name, place in [("count", "count"), ("share", "share"), ("on", "deep")]:
        gap = getattr(thing, name).gap
        assert (gap is None) == (place in item)
        assert gap is None or gap.cause is Cause.MISSING_FIELD
    assert all(getattr(thing, name).gap is None for name in ("label", "tags", "parts", "raw"))


@PATIENT
@given(ANY)
def test_a_wrong_field_spoils_nothing_but_itself(item):
    found = facts(make({**item, "count": "many"}))
    other = facts(make({**item, "count": 1}))
    assert found.pop("count").cause is Cause.MALFORMED
    assert other.pop("count") == (1, "count")
    assert found == other


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@settings(PATIENT, max_examples=10)
@given(data=st.data())
def test_no_answer_crashes_a_kind(kind, data):
    fields = plan_of(kind.record)
    tops = sorted({field.steps[0] for field in fields})
    item = data.draw(st.fixed_dictionaries(dict.fromkeys(tops, JSON)))
    try:
        made = read(kind.record, item, source=kind.source, grant=kind.grant)
    except MalformedError:
        return
    back = unpack(kind.record, json.loads(json.dumps(pack(made))), source=kind.source)
    assert back.identity() == made.identity()
    assert facts(back) == facts(made)


def test_values_come_from_their_places():
    thing = make(FULL)
    assert thing.id == thing.identity() == "t1"
    assert thing.count.get() == 7
    assert thing.on.get() is False
    assert (thing.on.source, thing.on.field) == (SOURCE, "deep.er.on")
    assert thing.parts.get()[0].sizes == (1, 2)


@pytest.mark.parametrize("path", ["count", "share", "deep"])
def test_an_absent_field_is_a_gap_that_names_it(path):
    field = {"deep": "on"}.get(path, path)
    gap = getattr(make(without(path)), field).gap
    assert gap.cause is Cause.MISSING_FIELD
    assert path in gap.detail
    assert (gap.source, gap.grant) == (SOURCE, "READ")


@pytest.mark.parametrize(
    ("path", "value"), [("label", None), ("tags", {}), ("parts", ()), ("raw", None)]
)
def test_absence_means_what_the_field_declares(path, value):
    assert getattr(make(without(path)), path).get() == value
    assert getattr(make({**FULL, path: None}), path).get() == value


@pytest.mark.parametrize("deep", [{}, {"er": None}, {"er": []}, {"er": {"on": None}}, "er", None])
def test_a_path_that_ends_early_is_absent(deep):
    assert make({**FULL, "deep": deep}).on.gap.cause is Cause.MISSING_FIELD


@pytest.mark.parametrize("meta", [None, {}, {"id": None}, {"id": 3}, "t1"])
def test_what_has_no_identity_is_no_record(meta):
    with pytest.raises(MalformedError):
        make({**FULL, "meta": meta})


def test_a_hollow_record_knows_its_name_alone():
    gap = Gap(Cause.TIMEOUT, SOURCE, "", "READ")
    thing = hollow(Thing, {"id": "t1"}, gap)
    assert thing.identity() == "t1"
    names = [f.name for f in dataclasses.fields(Thing) if f.name != "id"]
    assert all(getattr(thing, name).gap is gap for name in names)
    assert facts(unpack(Thing, pack(thing), source=SOURCE)) == facts(thing)


def test_a_packed_record_without_a_field_is_damaged():
    packed = pack(make(FULL))
    del packed["count"]
    with pytest.raises(MalformedError, match="Thing without count"):
        unpack(Thing, packed, source=SOURCE)


def test_a_packed_record_with_a_wrong_value_is_damaged():
    with pytest.raises(MalformedError):
        unpack(Thing, {**pack(make(FULL)), "on": "yes"}, source=SOURCE)


def test_an_identity_of_several_keys_joins_them():
    @record
    class Pair(Record):
        """Two keys."""

        left: str = key("l")
        right: int = key("r")

    assert read(Pair, {"l": "a", "r": 2}, source=SOURCE).identity() == "a/2"


def test_identities_of_several_keys_never_collide():
    @record
    class Pair(Record):
        """Two keys."""

        left: str = key("l")
        right: str = key("r")

    pairs = [{"l": "a/b", "r": "c"}, {"l": "a", "r": "b/c"}, {"l": "a%2Fb", "r": "c"}]
    assert len({read(Pair, pair, source=SOURCE).identity() for pair in pairs}) == len(pairs)


def test_records_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make(FULL).count = None

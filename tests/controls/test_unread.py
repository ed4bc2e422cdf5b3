"""What a control does when something goes missing that its good examples had.

Every good example of every control is robbed of one thing at a time: a whole collection, or one
field of one record. That may leave the verdict or make it UNKNOWN, and never makes it a FAIL.
"""

from __future__ import annotations

import dataclasses

import pytest

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.judge import judge
from lakewarden.controls.kit.registry import controls
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Fact
from lakewarden.estate.kind import Status
from lakewarden.estate.record import plan_of
from lakewarden.estate.snapshot import Header, MemorySnapshot
from lakewarden.ledger.finding import Verdict

READING = [c for c in controls() if c.needs]
GOOD = {Verdict.PASS, Verdict.ATTESTED}


def verdicts(control, example, snapshot):
    at = Context(
        Estate(snapshot), example.policy.naming([control.id]), parse_time(snapshot.meta.taken)
    )
    return {finding.verdict for finding in judge(at.estate, [control], at)}


def good(control):
    return [example for example in control.list_examples() if example.verdict in GOOD]


def held(snapshot):
    """Return the collections of an example as a mapping of kind and scope to what they hold."""
    return {
        (header.kind, header.scope): (
            header,
            tuple(snapshot.collection(KINDS[header.kind], header.scope).seen()),
        )
        for header in snapshot.headers()
    }


def without_collection(snapshot, name):
    gap = KINDS[name].gap(Cause.TIMEOUT)
    taken = {
        place: (Header(*place, Status.PARTIAL, gap, 0), ()) if place[0] == name else found
        for place, found in held(snapshot).items()
    }
    return MemorySnapshot(snapshot.meta, taken)


def without_fields(snapshot):
    """Yield the snapshot with one field of one record unread, for each field in turn."""
    whole = held(snapshot)
    for place, (header, records) in whole.items():
        gap = KINDS[header.kind].gap(Cause.MALFORMED)
        for n, record in enumerate(records):
            for field in (f for f in plan_of(type(record)) if not f.is_key):
                spoilt = dataclasses.replace(record, **{field.name: Fact.unread(gap, field.path)})
                changed = (*records[:n], spoilt, *records[n + 1 :])
                yield MemorySnapshot(snapshot.meta, {**whole, place: (header, changed)})


@pytest.mark.parametrize("control", READING, ids=lambda c: c.id)
def test_an_unread_field_never_makes_a_fail(control):
    for example in good(control):
        for snapshot in without_fields(example.estate):
            assert Verdict.FAIL not in verdicts(control, example, snapshot), example.title


@pytest.mark.parametrize("control", READING, ids=lambda c: c.id)
def test_an_unread_collection_never_makes_a_fail(control):
    for example in good(control):
        for name in {header.kind for header in example.estate.headers()}:
            found = verdicts(control, example, without_collection(example.estate, name))
            assert found <= {example.verdict, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE}, name


@pytest.mark.parametrize("control", READING, ids=lambda c: c.id)
def test_every_collection_that_is_asked_for_matters_to_a_verdict(control):
    for name in {need.kind for need in control.needs}:
        assert any(
            verdicts(control, example, without_collection(example.estate, name))
            != {example.verdict}
            for example in control.list_examples()
        ), f"no example of {control.id} depends on {name}"


@pytest.mark.parametrize("control", READING, ids=lambda c: c.id)
def test_nothing_read_is_nothing_passed(control):
    nothing = MemorySnapshot(control.list_examples()[0].estate.meta, {})
    for example in control.list_examples():
        found = verdicts(control, example, nothing)
        assert not found & {*GOOD, Verdict.FAIL}, example.title

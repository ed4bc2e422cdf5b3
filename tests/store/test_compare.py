from __future__ import annotations

import shutil

import pytest

from lakewarden.estate.access import IP_LISTS, WORKSPACE_CONF
from lakewarden.estate.aws import BUCKET_POLICY, BUCKET_VERSIONING, TRAIL_STATUS
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import hollow, read
from lakewarden.estate.vpc import SECURITY_GROUPS
from lakewarden.store.compare import What, compare, lasting
from lakewarden.store.snapshots import DiskSnapshot, SnapshotWriter
from store.samples import META, SCOPE, gap, ip_list, snapshot

BASE = [ip_list("a"), ip_list("b"), ip_list("c")]
LOST = gap(Cause.SERVER_ERROR, IP_LISTS)
REFUSED = gap(Cause.FORBIDDEN, IP_LISTS)


@pytest.fixture
def changes(tmp_path):
    def run(before, after, old_gaps=(), new_gaps=()):
        old = snapshot(tmp_path / "old", before, *old_gaps)
        new = snapshot(tmp_path / "new", after, *new_gaps)
        return [(d.what, d.identity, d.fields) for d in compare(old, new)]

    return run


def status(was, now):
    return (What.CHANGED, "", {"status": (was, now)})


def test_added_removed_and_changed(changes):
    after = [ip_list("a"), ip_list("c", label="café", enabled=False), ip_list("d")]
    assert changes(BASE, after) == [
        (What.REMOVED, "b", {}),
        (What.CHANGED, "c", {"label": ("office", "café"), "enabled": (True, False)}),
        (What.ADDED, "d", {}),
    ]


def test_ends_of_either_side(changes):
    assert changes([], BASE[:2]) == [(What.ADDED, "a", {}), (What.ADDED, "b", {})]
    assert changes(BASE[:2], []) == [(What.REMOVED, "a", {}), (What.REMOVED, "b", {})]


@pytest.mark.parametrize("odd", ["é", "~", "\t", "\\", "Ω", "A\nB", "\U0001f600"])
def test_odd_identities_meet_their_like(changes, odd):
    same = [ip_list("A"), ip_list("[x]"), ip_list("z"), ip_list("ÿ")]
    assert changes([*same, ip_list(odd)], same) == [(What.REMOVED, odd, {})]


def test_equal_records_in_another_order_are_no_change(changes):
    assert changes(BASE, BASE[::-1]) == []


@pytest.mark.parametrize("broken", [LOST, REFUSED])
def test_nothing_is_removed_by_a_collection_that_was_cut(changes, broken):
    found = changes(BASE, BASE[:1], new_gaps=[broken])
    assert found == [status("complete", "partial")]


@pytest.mark.parametrize("broken", [LOST, REFUSED])
def test_nothing_is_added_to_a_collection_that_was_cut(changes, broken):
    found = changes(BASE[:1], BASE, old_gaps=[broken])
    assert found == [status("partial", "complete")]


def test_a_change_shows_even_in_what_is_left(changes):
    found = changes(BASE, [ip_list("a", enabled=False)], new_gaps=[LOST])
    assert found[1:] == [(What.CHANGED, "a", {"enabled": (True, False)})]


def test_what_was_refused_or_not_read_says_so_and_no_more(changes):
    assert changes(BASE, [], new_gaps=[REFUSED]) == [status("complete", "forbidden")]


def test_a_collection_that_is_not_there_is_not_read(changes):
    assert changes(BASE, None) == [status("complete", "not read")]


def test_a_collection_that_was_not_there_adds_nothing(changes):
    assert changes(None, BASE) == [status("not read", "complete")]


def test_a_field_that_was_not_read_has_not_changed(changes):
    unread = ip_list("a", enabled="maybe")
    assert changes([ip_list("a")], [unread]) == [
        (What.CHANGED, "a", {"unread": ([], ["enabled"])}),
    ]


def test_another_reason_for_the_same_hole_is_no_change(changes):
    one, two = (hollow(IP_LISTS.record, {"id": "a"}, IP_LISTS.gap(c)) for c in list(Cause)[:2])
    assert changes([one], [two]) == []


def test_equal_snapshots_read_nothing(tmp_path):
    old = snapshot(tmp_path / "old", BASE)
    new = snapshot(tmp_path / "new", BASE)
    for folder in ("old", "new"):
        shutil.rmtree(tmp_path / folder / "objects")
    assert list(compare(old, new)) == []


def test_order_is_scope_then_kind_then_identity(tmp_path):
    for name, lists in (("old", []), ("new", BASE[:2])):
        with SnapshotWriter(tmp_path / name, META) as writer:
            for scope in ("workspace/2", "workspace/1"):
                writer.write(IP_LISTS, scope, lists, [])
    found = compare(DiskSnapshot.open(tmp_path / "old"), DiskSnapshot.open(tmp_path / "new"))
    assert [(d.scope, d.identity) for d in found] == [
        ("workspace/1", "a"),
        ("workspace/1", "b"),
        ("workspace/2", "a"),
        ("workspace/2", "b"),
    ]


def test_a_difference_in_words_and_as_json(tmp_path):
    old = snapshot(tmp_path / "old", [ip_list("a", label="x")])
    new = snapshot(tmp_path / "new", [ip_list("a", label="y" * 200)])
    (found,) = compare(old, new)
    head, field = str(found).splitlines()
    assert head == f"~ {SCOPE} ip_lists a"
    assert field.startswith('    label: "x" -> "yyy')
    assert field.endswith("…")
    assert found.as_json() == {
        "change": "changed",
        "scope": SCOPE,
        "kind": "ip_lists",
        "id": "a",
        "fields": {"label": {"before": "x", "after": "y" * 200}},
    }


GROUP = {"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissionsEgress": []}
SSH, WEB = (
    {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    for port in (22, 443)
)
TRAIL = {"arn": "arn:t", "IsLogging": True}
TLS = '{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}}'


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (SECURITY_GROUPS, {"IpPermissions": [SSH, WEB]}, {"IpPermissions": [WEB, SSH]}),
        (TRAIL_STATUS, {"LatestDeliveryTime": "2026-01-01"}, {"LatestDeliveryTime": "2026-01-02"}),
        (TRAIL_STATUS, {}, {"LatestDeliveryTime": "2026-01-02"}),
        (BUCKET_VERSIONING, {}, {"Status": "Suspended"}),
        (
            BUCKET_POLICY,
            {"Policy": TLS},
            {"Policy": TLS.replace(" ", "").replace('"*"', '["*"]')},
        ),
        (WORKSPACE_CONF, {"value": None}, {"value": "false"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_makes_no_difference_is_none(kind, old, new):
    name = {"key": "enableIpAccessLists", "name": "t", "bucket": "b"}
    one, other = (
        lasting(read(kind.record, {**GROUP, **TRAIL, **name, **item}, source="x"), kind.name)
        for item in (old, new)
    )
    assert one == other


def test_what_makes_a_difference_is_shown():
    conf = {"key": "enableIpAccessLists"}
    unset, on = (
        lasting(read(WORKSPACE_CONF.record, {**conf, "value": value}, source="x"), "workspace_conf")
        for value in (None, "true")
    )
    assert (unset["value"], on["value"]) == ("false", "true")

"""What to admit first: networks around addresses that come together, most used first."""

from __future__ import annotations

from impact.conftest import change, event, people

LIST = {"list_id": "l1", "label": "x", "list_type": "ALLOW", "enabled": True}
BAD = {"list_id": "l2", "label": "y", "list_type": "BLOCK", "enabled": True}
WIDE, NARROW = ["0.0.0.0/1", "128.0.0.0/1", "::/0"], ["203.0.113.250"]
SHRINK = change("ip_access_list", "l1", {"/ip_addresses": WIDE}, {"/ip_addresses": NARROW})


def admitted(replay, addresses, *, blocked=("203.0.113.251",), who="ann@example.com"):
    events = [
        event("scim.me", who, address=address) for address, n in addresses.items() for _ in range(n)
    ]
    lists = [LIST | {"ip_addresses": WIDE}, BAD | {"ip_addresses": list(blocked)}]
    conf = {"enableIpAccessLists": "true"}
    return replay([SHRINK], events, ip_lists=lists, workspace_conf=conf, **people())


def test_addresses_that_come_together_are_one_network(replay):
    impact = admitted(
        replay, {"198.51.100.20": 5, "198.51.100.22": 4, "192.0.2.9": 1, "2001:db8::5": 3}
    )
    assert [(s.what, s.requests, s.addresses) for s in impact.networks] == [
        ("198.51.100.20/30", 9, 2),
        ("2001:db8::5", 3, 1),
        ("192.0.2.9", 1, 1),
    ]
    assert [round(s.share, 2) for s in impact.networks] == [0.69, 0.92, 1.0]
    assert impact.networks[0].people == ("ann@example.com",)


def test_no_network_reaches_over_what_is_blocked(replay):
    impact = admitted(replay, {"198.51.100.20": 1, "198.51.100.22": 1}, blocked=["198.51.100.21"])
    assert {s.what for s in impact.networks} == {"198.51.100.20", "198.51.100.22"}


def test_no_network_is_wider_than_an_office(replay):
    crowd = {f"198.51.100.{n}": 1 for n in range(4, 250, 6)}
    impact = admitted(replay, crowd | {"198.51.101.1": 1})
    assert {s.what for s in impact.networks} == {"198.51.100.0/24", "198.51.101.1"}


def test_addresses_far_apart_are_not_one_network(replay):
    impact = admitted(replay, {"198.51.100.1": 1, "198.51.100.2": 1, "198.51.100.254": 1})
    assert {s.what for s in impact.networks} == {"198.51.100.0/30", "198.51.100.254"}


def test_service_principals_are_named(replay):
    impact = admitted(replay, {"198.51.100.1": 2}, who="app-13")
    (one,) = impact.service_principals
    assert (one.what, one.people, one.requests) == ("app-13", ("etl",), 2)

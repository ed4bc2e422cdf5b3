"""No field that an answer lost makes a network look closed which is open."""

from __future__ import annotations

import copy

import pytest

from lakewarden.estate.catalog import KINDS
from lakewarden.estate.record import plan_of
from lakewarden.proofs.network.egress import Outcome
from proofs.network.estates import BASE, BY_NAT, estate, node, route, table, verdict
from proofs.network.test_reading_firewalls import POLICY, ROUTED
from proofs.network.test_reading_paths import HUB

ON_GATEWAY = {
    "region_route_tables": [table("dp", route("0.0.0.0/0", GatewayId="igw-1"))],
    "internet_gateways": BY_NAT["internet_gateways"],
    "region_interfaces": [node(public="203.0.113.9")],
}
OPEN_FIREWALL = {
    **ROUTED,
    "firewall_policies": [
        {name: value for name, value in POLICY.items() if name != "StatefulEngineOptions"}
    ],
}
LAYOUTS = {"nat": BY_NAT, "hub": HUB, "gateway": ON_GATEWAY, "firewall": OPEN_FIREWALL}

DEFINED = {
    ("transit_attachments", "Association"),
    ("region_interfaces", "PrivateIpAddresses.0.Association"),
}
"""What means something by being left out: no table decides, no public address."""


def places(value, path=()):
    """Yield the path of every key in nested JSON."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in pairs:
        if isinstance(value, dict):
            yield (*path, name)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, name))


def without(rows, path):
    """Return rows without the key at a path."""
    left = copy.deepcopy(rows)
    inner = left
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return left


def losses():
    """Yield every field that may be lost: what loses its identity breaks its list off instead."""
    for name, layout in LAYOUTS.items():
        for kind, rows in {**BASE, **layout}.items():
            for path in places(rows):
                said = ".".join(map(str, path[1:]))
                identities = {f.path for f in plan_of(KINDS[kind].record) if f.is_key}
                if said not in identities and (kind, said) not in DEFINED:
                    yield pytest.param(name, kind, path, id=f"{name}-{kind}-{path[0]}-{said}")


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layouts_are_open(name):
    assert verdict(estate(**LAYOUTS[name])).outcome is Outcome.ARBITRARY


@pytest.mark.parametrize(("name", "kind", "path"), list(losses()))
def test_a_lost_field_closes_nothing(name, kind, path):
    layout = {**BASE, **LAYOUTS[name]}
    found = verdict(estate(**{**layout, kind: without(layout[kind], path)}))
    assert found.outcome in {Outcome.ARBITRARY, Outcome.UNKNOWN}, str(found)

"""The networks of the worlds, as they are served and collected, get the verdicts they should."""

from __future__ import annotations

import os
import tomllib
from importlib.resources import files

import pytest

from collect.served import account
from lakewarden.proofs.network.egress import Outcome, egress
from lakewarden.simulate.aws import seed_network
from lakewarden.simulate.aws.builder import Builder
from proofs.network.estates import collected_for, seen

TRUTH = {
    "fresh": {"fr-main": Outcome.ARBITRARY},
    "typical": {"ty-analytics": Outcome.ARBITRARY, "ty-production": Outcome.ARBITRARY},
    "neglected": {"ng-shared": Outcome.ARBITRARY, "ng-legacy": Outcome.ARBITRARY},
    "high-security": {"hs-research": Outcome.NO_INTERNET, "hs-production": Outcome.NAMED},
}


def registered(ids, network):
    """Return a network of a world as the account would know it, with its first group."""
    name, group = network["name"], next(iter(network["security_groups"]))
    return {
        "network_id": name,
        "vpc_id": ids[f"vpc.{name}"],
        "subnet_ids": [ids[f"subnet.{name}-{key}"] for key in network["subnets"]],
        "security_group_ids": [ids[f"security_group.{group}"]],
    }


@pytest.mark.parametrize("world", TRUTH)
def test_networks_of_a_world_get_their_verdicts(world):
    path = files("lakewarden.simulate").joinpath("worlds", world, "aws.toml")
    table = tomllib.loads(path.read_text("utf-8"))
    with account() as aws:
        builder = Builder(os.environ["AWS_ENDPOINT_URL"], table)
        seed_network.networks(builder, table)
        builder.close()
        found = {
            network["name"]: egress(*seen(collected_for(aws, registered(builder.ids, network))))
            for network in table["networks"]
            if network["name"] in TRUTH[world]
        }
    assert {name: one.outcome for name, one in found.items()} == TRUTH[world], found
    for one in found.values():
        assert not one.missing or one.outcome is Outcome.ARBITRARY
        assert [named.name for named in one.names] == (
            ["packages.high.example"] if one.outcome is Outcome.NAMED else []
        )

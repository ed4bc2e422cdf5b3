"""What is called otherwise where a backup goes."""

from __future__ import annotations

import pytest

from lakewarden.errors import PolicyFileError, UsageError
from lakewarden.restore.maps import Maps
from lakewarden.restore.task import _apart
from lakewarden.restore.wanted import Wanted

MAPS = Maps.of_table(
    {
        "principals": {"ann@old.example": "ann@new.example", "crew": "the-crew"},
        "arns": {"arn:aws:iam::111": "arn:aws:iam::222"},
        "s3": {"s3://east": "s3://west", "s3://east/logs": "s3://logs-west"},
        "node_types": {"m5.large": "m6i.large"},
        "zones": {"us-east-1a": "us-west-2a"},
    },
    "a file",
)


def test_everything_in_a_definition_gets_its_name_of_there():
    profile = {"$asset": "instance_profile", "key": "arn:aws:iam::111:instance-profile/x"}
    wanted = Wanted(
        "job",
        "nightly",
        {
            "run_as": {"user_name": "ann@old.example"},
            "email_notifications": {"on_failure": ["ann@old.example", "eve@old.example"]},
            "tasks": [
                {
                    "notebook_task": {"notebook_path": "/Workspace/Users/ann@old.example/a"},
                    "new_cluster": {
                        "node_type_id": "m5.large",
                        "driver_node_type_id": "m5.xlarge",
                        "aws_attributes": {
                            "zone_id": "us-east-1a",
                            "instance_profile_arn": profile,
                        },
                        "cluster_log_conf": {"s3": {"destination": "s3://east/logs/jobs"}},
                    },
                }
            ],
        },
        [
            {"user_name": "ann@old.example", "permission_level": "IS_OWNER"},
            {"group_name": "crew", "permission_level": "CAN_VIEW"},
        ],
    )
    made = MAPS.mapped(wanted)
    task = made.spec["tasks"][0]
    cluster = task["new_cluster"]
    assert made.spec["run_as"] == {"user_name": "ann@new.example"}
    failure = made.spec["email_notifications"]["on_failure"]
    assert failure == ["ann@new.example", "eve@old.example"]
    assert task["notebook_task"]["notebook_path"] == "/Workspace/Users/ann@new.example/a"
    assert cluster["node_type_id"] == "m6i.large"
    assert cluster["driver_node_type_id"] == "m5.xlarge"
    assert cluster["aws_attributes"]["zone_id"] == "us-west-2a"
    assert cluster["aws_attributes"]["instance_profile_arn"]["key"].startswith("arn:aws:iam::222")
    assert cluster["cluster_log_conf"]["s3"]["destination"] == "s3://logs-west/jobs"
    assert [e.get("user_name") or e.get("group_name") for e in made.acl] == [
        "ann@new.example",
        "the-crew",
    ]
    assert wanted.spec["tasks"][0]["new_cluster"]["node_type_id"] == "m5.large"


@pytest.mark.parametrize(
    ("kind", "key", "new"),
    [
        ("user", "ann@old.example", "ann@new.example"),
        ("notebook", "/Users/ann@old.example/a", "/Users/ann@new.example/a"),
        ("secret_acl", "vault/crew", "vault/the-crew"),
        ("instance_profile", "arn:aws:iam::111:x", "arn:aws:iam::222:x"),
        ("job", "crew", "crew"),
    ],
)
def test_keys_have_names_too(kind, key, new):
    assert MAPS.key(kind, key) == new


def test_rules_of_a_policy_name_machines():
    rule = {"type": "allowlist", "values": ["m5.large", "r5.large"], "defaultValue": "m5.large"}
    policy = Wanted("cluster_policy", "p", {"definition": {"node_type_id": rule}})
    made = MAPS.mapped(policy).spec["definition"]["node_type_id"]
    assert made["values"] == ["m6i.large", "r5.large"]
    assert made["defaultValue"] == "m6i.large"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"people": {}}, "no map 'people'"),
        ({"principals": {"a": 1}}, "no map of names"),
        ({"principals": {"a": ""}}, "no map of names"),
        ({"arns": {"arn:aws": "elsewhere"}}, "'elsewhere' is none of the arns"),
        ({"s3": {"bucket": "s3://b"}}, "'bucket' is none of the s3"),
    ],
)
def test_a_map_that_is_none_is_refused(table, said):
    with pytest.raises(PolicyFileError, match=said):
        Maps.of_table(table, "lakewarden.toml")


def test_one_name_for_two_takes_nobodys_own_and_overwrites_nothing():
    people = [
        Wanted("user", name, {"userName": name, "displayName": name}) for name in ("ann", "ben")
    ]
    homes = [Wanted("directory", f"/Users/{n}", {"path": f"/Users/{n}"}) for n in ("ann", "ben")]
    maps = Maps(principals={"ann": "ben"})
    assert list(_apart(maps, [*people, *homes])) == [people[1], homes[1]]
    pages = [
        Wanted("notebook", f"/Users/{n}/page", {"path": f"/Users/{n}/page"}, content=n)
        for n in ("ann", "ben")
    ]
    with pytest.raises(UsageError, match="make notebook /Users/ben/page of /Users/ann/page"):
        list(_apart(maps, pages))

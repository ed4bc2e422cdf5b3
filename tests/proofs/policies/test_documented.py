"""The documented policies, beside those that the simulated AWS accounts were given by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from string import Template
from typing import Any

import pytest
from tests.proofs.policies.asking import ACCOUNT, GROUP, NODES, PLACE, READER, ROLE, TENANT, WRITER

from lakewarden.proofs.facts.accounts import Platform, platform
from lakewarden.proofs.facts.regions import Region, region
from lakewarden.proofs.policies import buckets, endpoints, keys, trust
from lakewarden.proofs.policies.build import Policy, merged, policy, read, tls_only, written
from lakewarden.proofs.policies.cross_account import Place, customer, managed, restricted
from lakewarden.semantics.iam_documents import Document

_TEMPLATES = files("lakewarden.simulate.aws").joinpath("policies")
_AWS = platform("aws")
_EAST = region("us-east-1")
assert _AWS is not None
assert _EAST is not None
AWS: Platform = _AWS
EAST: Region = _EAST


def _known(name: str, **blanks: str) -> Policy:
    text = _TEMPLATES.joinpath(f"{name}.json").read_text("utf-8")
    found: Policy = json.loads(Template(text).substitute(blanks))
    return found


def _bare(document: Document) -> list[Any]:
    """Return statements without names, and without the order in which they name things."""

    def plain(statement: Any) -> Any:
        conditions = sorted(
            (operator, key, tuple(sorted(values)))
            for operator, tests in statement.conditions.items()
            for key, values in tests.items()
        )
        kinds = (statement.principals, statement.actions, statement.resources, statement.spared)
        return (statement.allows, *(tuple(sorted(kind)) for kind in kinds), tuple(conditions))

    return sorted(map(plain, document.statements))


_PLACE = {"region": PLACE.region, "aws_account": ACCOUNT}
_TENANT = {"account_id": TENANT}


@pytest.mark.parametrize(
    ("made", "known"),
    [
        (managed(), _known("cross-account-managed")),
        (customer(), _known("cross-account-customer")),
        (
            restricted(PLACE, GROUP),
            _known("cross-account-restricted", **_PLACE, vpc=PLACE.vpc, security_group=GROUP),
        ),
        (trust.cross_account(AWS, TENANT), _known("trust-cross-account", **_TENANT)),
        (trust.log_delivery(AWS, TENANT), _known("trust-log-delivery", **_TENANT)),
        (
            trust.storage_credential(AWS, "e-1", READER),
            _known(
                "trust-unity-catalog",
                external_id="e-1",
                aws_account=ACCOUNT,
                role_name="storage-credential",
            ),
        ),
        (
            merged(buckets.root_bucket(AWS, "root", TENANT), policy(tls_only("root"))),
            _known("root-bucket", bucket="root", **_TENANT),
        ),
        (
            buckets.restrictive_root_bucket(AWS, "root", TENANT, "nvirginia", "42"),
            _known("root-bucket-restrictive", bucket="root", workspace="42", **_TENANT),
        ),
        (
            merged(buckets.log_bucket("logs", WRITER), policy(tls_only("logs"))),
            _known("log-bucket", bucket="logs", aws_account=ACCOUNT, role_name="log-delivery"),
        ),
        (
            buckets.storage_credential("data", READER),
            _known(
                "unity-catalog-access",
                bucket="data",
                aws_account=ACCOUNT,
                role_name="storage-credential",
            ),
        ),
        (
            keys.managed_services(AWS, ACCOUNT, TENANT),
            _known("key-managed-services", aws_account=ACCOUNT, **_TENANT),
        ),
        (
            endpoints.s3(AWS, EAST, ["root"], ["data"], ACCOUNT),
            _known("endpoint-s3", root_bucket="root", data_bucket="data", aws_account=ACCOUNT),
        ),
    ],
)
def test_is_what_was_written_by_hand(made: Policy, known: Policy) -> None:
    assert _bare(read(made)) == _bare(read(known))


def test_names_the_roles_that_may_be_passed() -> None:
    (passing,) = (s for s in customer([NODES])["Statement"] if s["Sid"] == "PassRoles")
    assert passing["Resource"] == NODES
    assert all(s["Sid"] != "PassRoles" for s in customer()["Statement"])


def test_the_storage_key_is_used_by_ec2_alone_for_the_role() -> None:
    made = keys.workspace_storage(AWS, ACCOUNT, ROLE, TENANT)
    assert [s["Sid"] for s in made["Statement"]] == [
        "OwnAccount",
        "Databricks",
        "DatabricksGrants",
        "ClusterVolumes",
    ]
    assert made["Statement"][-1]["Condition"] == {
        "ForAnyValue:StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}
    }
    assert len(keys.workspace_storage(AWS, ACCOUNT, ROLE, grants=False)["Statement"]) == 3


def test_another_partition_is_named_throughout() -> None:
    gov = platform("aws-us-gov")
    assert gov is not None
    place = Place(ACCOUNT, "us-gov-west-1", "vpc-0a1b", "aws-us-gov")
    west = region("us-gov-west-1", "aws-us-gov")
    assert west is not None
    made = [
        managed(["arn:aws-us-gov:iam::111122223333:role/n"], "aws-us-gov"),
        restricted(place, GROUP),
        trust.cross_account(gov, TENANT),
        trust.log_delivery(gov, TENANT),
        buckets.root_bucket(gov, "root", TENANT),
        buckets.restrictive_root_bucket(gov, "root", TENANT, "pendleton", "42"),
        keys.managed_services(gov, ACCOUNT),
        endpoints.s3(gov, west, ["root"], ["data"], ACCOUNT),
        endpoints.sts(gov, ACCOUNT),
        endpoints.kinesis(gov, "us-gov-west-1"),
    ]
    assert all("arn:aws:" not in written(each) for each in made)
    assert all("arn:aws-us-gov:" in written(each) for each in made)


def test_an_unknown_bucket_of_databricks_gets_no_statement() -> None:
    nowhere = replace(EAST, buckets=replace(EAST.buckets, datasets=None, logs=None))
    made = endpoints.s3(AWS, nowhere, [], ["data"], ACCOUNT)
    assert [s["Sid"] for s in made["Statement"]] == ["DataBuckets", "Artifacts", "SystemTables"]


def test_machines_become_their_role() -> None:
    (statement,) = trust.instance_profile()["Statement"]
    assert statement["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert "Resource" not in statement

"""Condition keys: kinds of values, how many, and when a request carries them."""

from __future__ import annotations

import pytest

from lakewarden.proofs.facts.actions import SERVICES, catalogue
from lakewarden.proofs.facts.keys import family_of, global_keys


@pytest.mark.parametrize(
    ("name", "sort", "many"),
    [
        ("aws:SourceIp", "ip", False),
        ("aws:VpcSourceIp", "ip", False),
        ("aws:SourceVpce", "string", False),
        ("aws:SourceVpcArn", "arn", False),
        ("aws:VpceOrgPaths", "string", True),
        ("aws:PrincipalOrgPaths", "string", True),
        ("aws:PrincipalArn", "arn", False),
        ("aws:PrincipalServiceNamesList", "string", True),
        ("aws:CalledVia", "string", True),
        ("aws:CalledViaFirst", "string", False),
        ("aws:TagKeys", "string", True),
        ("aws:TokenIssueTime", "date", False),
        ("aws:MultiFactorAuthAge", "number", False),
        ("aws:secureTRANSPORT", "bool", False),
        ("kms:GrantOperations", "string", True),
        ("kms:EncryptionContextKeys", "string", True),
        ("kms:ViaService", "string", False),
        ("s3:object-lock-remaining-retention-days", "number", False),
        ("s3:max-keys", "number", False),
        ("ec2:Vpc", "arn", False),
        ("ec2:Owner", "string", False),
        ("ec2:Public", "bool", False),
        ("sts:TransitiveTagKeys", "string", True),
        ("logs:LogGeneratingResourceArns", "arn", True),
    ],
)
def test_what_a_key_holds(name, sort, many):
    key = catalogue().key(name)
    assert (key.name, key.sort, key.many) == (name.lower(), sort, many)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("aws:PrincipalTag/DatabricksAccountId", "aws:principaltag/*"),
        ("aws:ResourceTag/a/b", "aws:resourcetag/*"),
        ("s3:ExistingObjectTag/team", "s3:existingobjecttag/*"),
        ("kms:EncryptionContext:aws:ebs:id", "kms:encryptioncontext:*"),
        ("secretsmanager:ResourceTag/team", "secretsmanager:resourcetag/*"),
        ("ec2:Attribute/PublicIp", "ec2:attribute/*"),
    ],
)
def test_a_tag_or_name_belongs_to_a_family(name, family):
    assert catalogue().key(name).name == family
    assert catalogue().key(name).family


@pytest.mark.parametrize("name", ["secretsmanager:resource/Type", "ec2:Add/group"])
def test_a_slash_alone_makes_no_family(name):
    assert catalogue().key(name).name == name.lower()
    assert not catalogue().key(name).family


@pytest.mark.parametrize(
    "name",
    [
        "aws:NoSuchKey",
        "aws:NoSuchTag/team",
        "s3:NoSuchKey",
        "token.actions.githubusercontent.com:sub",
        "dynamodb:LeadingKeys",
        "",
    ],
)
def test_a_key_that_nobody_knows_is_none(name):
    assert catalogue().key(name) is None


def test_keys_of_identity_providers_are_known():
    assert catalogue().key("accounts.google.com:aud").sort == "string"
    assert catalogue().key("saml:edupersonaffiliation").many


def test_what_every_request_carries():
    assert {key.name for key in global_keys().values() if key.always} == {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:useragent",
        "aws:userid",
        "aws:viaawsservice",
    }


def test_what_every_signed_request_carries_besides():
    signed = {key.name for key in global_keys().values() if key.signed and not key.always}
    assert signed == {"aws:principalarn", "aws:principalisawsservice"}


def test_time_is_a_date_or_the_seconds_of_one():
    assert (global_keys()["aws:epochtime"].sort, global_keys()["aws:epochtime"].also) == (
        "date",
        "number",
    )


def test_keys_of_the_network_say_by_which_way():
    network = ("sourcevpc", "sourcevpcarn", "sourcevpce", "vpcsourceip", "vpceaccount")
    ways = {global_keys()[f"aws:{name}"].when.split(",")[0] for name in network}
    assert ways == {"through a VPC endpoint"}
    assert global_keys()["aws:sourceip"].when == "not through a VPC endpoint"


def test_services_agree_on_the_keys_that_they_share():
    for service in SERVICES:
        for name, key in catalogue().service(service).keys.items():
            known = catalogue().key(name)
            assert (known.name, known.sort, known.many) == (name, key.sort, key.many)


def test_lists_name_actions_and_services_that_are_there():
    for key in global_keys().values():
        assert all(catalogue().action(name) for name in key.lacking)
        assert (key.services or set()) <= set(SERVICES)


def test_the_family_of_a_name_without_colon_is_no_error():
    assert family_of("nothing") == "nothing:*"

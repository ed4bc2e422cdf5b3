"""Whatever a rule may not say is found, with the place and the reason."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.clients.aws_models import operations
from lakewarden.errors import UsageError
from lakewarden.events.columns import Source
from lakewarden.policyfile.pattern import fault
from lakewarden.watch import examples
from lakewarden.watch.lint import faults
from lakewarden.watch.rule import rule_of

RULE = {
    "title": "A title",
    "kind": "match",
    "source": "databricks",
    "severity": "low",
    "threats": ["AT"],
    "paper": ["P01"],
    "attack": ["T1078"],
    "why": "It is wrong.",
    "false_positives": ["Somebody tried."],
    "response": {"do": "Ask."},
    "select": {"it": {"do": "accounts.login"}},
    "condition": "it",
}
AWS = {**RULE, "source": "cloudtrail", "select": {"it": {"do": "kms.DisableKey"}}}


def said(rule, **changes):
    return faults(rule_of("test.it", {**rule, **changes}))


def of(selection):
    return {"select": {"it": selection}}


def test_a_rule_that_is_right_has_no_faults():
    assert said(RULE) == []
    assert said(AWS) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"paper": ["P99"]}, "paper: 'P99' is neither a section nor a duty"),
        ({"attack": ["T9999"]}, "attack: 'T9999' is no technique in events/data/attack.toml"),
        ({"title": "A title."}, "title: one line without a full stop"),
        ({"why": " "}, "why: says nothing"),
        (
            {"response": {"do": "Ask.", "runbook": "somewhere"}},
            "response.runbook: 'somewhere' is neither break-glass/… nor offboarding/…",
        ),
        (of({"do": "accounts.logon"}), "do: 'accounts.logon' is no action that databricks records"),
        (of({"do": "acounts.*"}), "do: 'acounts.*' is no action that databricks records"),
        (
            of({"service": "acounts", "ok": True}),
            "do: 'acounts.*' is no action that databricks records",
        ),
        (
            of({"do": "accounts.login", "param.usr": "ann"}),
            "select.it: param.usr is no parameter of accounts.login",
        ),
        (
            of({"do": "accounts.login", "actor|field": "param.usr"}),
            "select.it: param.usr is no parameter of accounts.login",
        ),
        (
            of({"actor": "ann", "param.usr": "ann"}),
            "select.it: param.usr is no parameter of any action",
        ),
        ({"entity": ["param.usr"]}, "entity: param.usr is no parameter of accounts.login"),
        (
            of({"do": "accounts.reachMaxQuotaDbToken"}),
            "unconfirmed: the action accounts.reachMaxQuotaDbToken is only recalled",
        ),
        (
            of({"do": "accounts.generateDbToken", "param.tokenClientId": "x"}),
            "unconfirmed: param.tokenClientId is only recalled, and the rule does not say so",
        ),
        (
            of({"do": "databrickssql.commandSubmit", "status": 200})
            | {"needs": ["verbose_audit_logs"]},
            "select.it: no answer of databrickssql.commandSubmit is recorded",
        ),
        (
            of({"do": "databrickssql.commandSubmit", "ok": True})
            | {"needs": ["verbose_audit_logs"]},
            "select.it: no answer of databrickssql.commandSubmit is recorded",
        ),
        (
            of({"do": "databrickssql.commandSubmit"}),
            "needs: its actions are recorded only while verbose_audit_logs are on",
        ),
        (
            of({"do": "accounts.login", "actor|re": "(?!a)b"}),
            "select.it: '(?!a)b': (?!a: groups are plain, or have the flags i, m and s",
        ),
        (of({"do": "accounts.login", "actor|like": "a"}), "'like' of 'actor|like' is no modifier"),
        (of({"do": "accounts.login", "who": "a"}), "'who' is no field of events"),
        (of({"do": "accounts.login", "actor": "${site.nobody}"}), "there is no ${site.nobody}"),
        (of({"do": "accounts.login", "status|gt": "many"}), "'many' is no number"),
        (of({"do": "accounts.login", "src_ip|cidr": "here"}), "'here' does not appear to be an"),
        (of({"do": "login"}), "'login' is no action: `service.action` is, or `service.*`"),
    ],
)
def test_what_is_wrong_is_said(changes, what):
    assert any(one.startswith(what) for one in said(RULE, **changes)), said(RULE, **changes)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (of(["accounts.login"]), "select.it: 'accounts.login' is no selection: a map of fields is"),
        (of([]), "select.it: [] is no selection"),
        (of([[]]), "select.it: [] is no selection"),
        ({"select": True}, "select: names of selections are wanted"),
        ({"entity": "actor"}, "entity: 'actor' is no list of texts"),
        ({"attack": [1098]}, "attack: [1098] is no list of texts"),
    ],
)
def test_what_is_not_built_as_rules_are_is_said(changes, what):
    with pytest.raises(ValueError, match=re.escape(what)):
        said(RULE, **changes)


def test_a_recalled_action_is_fine_where_the_rule_says_so():
    recalled = of({"do": "accounts.reachMaxQuotaDbToken"})
    assert said(RULE, **recalled, unconfirmed="The action is recalled.") == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (of({"do": "kms.KillKey"}), "do: 'kms.KillKey' is no action that cloudtrail records"),
        (of({"do": "kmss.*"}), "do: 'kmss.*' is no action that cloudtrail records"),
        (
            of({"do": "kms.DisableKey", "param.key": "x"}),
            "select.it: param.key is no parameter of kms.DisableKey",
        ),
        (
            of({"do": "kms.DisableKey", "param.KeyId": "x"}),
            "select.it: param.KeyId is no parameter of kms.DisableKey",
        ),
        (
            of({"do": "ecs.RegisterTaskDefinition", "param.containerDefinitions/command": "x"}),
            "select.it: containerDefinitions is a list, in which 'command' is no place",
        ),
        (
            of({"do": "kms.CreateGrant", "param.response.grant": "x"}),
            "select.it: param.response.grant is no parameter of kms.CreateGrant",
        ),
    ],
)
def test_what_aws_does_not_know_is_said(changes, what):
    assert said(AWS, **changes) == [what]


@pytest.mark.parametrize(
    "selection",
    [
        {"do": "kms.DisableKey", "param.keyId": "x"},
        {"do": "ecs.RegisterTaskDefinition", "param.containerDefinitions/0/command": "x"},
        {"do": "kms.CreateGrant", "param.response.grantId": "x"},
        {"do": "kms.DisableKey", "param.identity.type": "Root", "param.event.readOnly": "true"},
        {"do": "signin.ConsoleLogin", "param.extra.MFAUsed": "No"},
        {"do": "ec2.RunInstances", "param.tagSpecificationSet/items/0/tags/0/key": "Vendor"},
        {"do": "ec2.CreateLaunchTemplate", "param.CreateLaunchTemplateRequest/DryRun": "x"},
        {"do": "s3.PutBucketPolicy", "param.bucketPolicy|exists": True},
        {"do": "organizations.*", "param.policyId": "x"},
        {"do": "servicequotas.RequestServiceQuotaIncrease", "param.desiredValue|gt": 1},
    ],
)
def test_what_aws_knows_is_fine(selection):
    assert said(AWS, **of(selection)) == []


def test_a_query_says_only_what_every_engine_understands():
    query = {
        "kind": "sql",
        "reach": "1d",
        "query": "SELECT account_id, '' AS entity, ts, id FROM events WHERE ${select.it}",
    }
    plain = {key: value for key, value in RULE.items() if key != "condition"}
    assert said(plain, **query) == []
    (what,) = said(plain, **query | {"query": f"{query['query']} AND actin = ''"})
    assert 'Referenced column "actin" not found' in what
    for bad in (
        "ts > INTERVAL 1 DAY",
        "TRUE LIMIT 1",
        "CAST(actor AS BIGINT) > 1",
        "ts::TEXT = ''",
        "a ~ '\\d'",
    ):
        (what,) = said(plain, **query | {"query": f"{query['query']} AND {bad}"})
        assert what.endswith("does not mean the same on every engine")


def test_parameters_in_a_query_are_looked_at():
    plain = {key: value for key, value in RULE.items() if key != "condition"}
    text = "SELECT account_id, params['usr'] AS entity, ts, id FROM events WHERE ${select.it}"
    assert said(plain, kind="sql", reach="1d", query=text) == [
        "query: param.usr is no parameter of accounts.login"
    ]


SHARED = [
    r"^adm-",
    r"a{2,}b{3}c{1,5}",
    r"\d+\.\d+(?i:x)(?s:.*)",
    r"[^\"\]\[]{0,5}\s*$",
    r"\{a\}|\x41|[\w.-]+@",
    r"(?:a|b)*?c+?",
]
UNSHARED = [
    *(r"(?=a)", r"(?!a)", r"(?<=a)b", r"(?<!a)b", r"(a)\1", r"(?P<n>a)", r"(?P<n>a)(?P=n)"),
    *(r"(?>a)", r"a*+", r"a++", r"a?+", r"a{2}+", r"(?x)a b", r"(?u)a", r"a{1001}", r"a{2,1001}"),
    *(r"{", r"a{,3}", r"[[:alpha:]]", r"[a&&b]", r"[\b]", r"a\Z", r"\h", r"\v", r"(", r"["),
]


@pytest.mark.parametrize("pattern", SHARED)
def test_patterns_that_both_engines_share(pattern):
    assert fault(pattern) == ""


@pytest.mark.parametrize("pattern", UNSHARED)
def test_patterns_that_they_do_not_share(pattern):
    assert fault(pattern)


@given(st.text(max_size=20))
def test_text_that_is_escaped_is_a_pattern_of_both(text):
    assert fault(re.escape(text)) == ""


def test_a_service_that_there_is_not_has_no_operations():
    assert operations("nowhere") == {}
    assert "DescribeLoadBalancers" in operations("elasticloadbalancing")


@pytest.mark.parametrize("wrong", [{"at": "+9999999999d 09:00"}, {"role": "admin"}, {"do": 5}])
def test_an_example_that_is_none_is_named(tmp_path, wrong):
    file = tmp_path / "it.jsonl"
    event = {"at": "09:00", "do": "kms.DisableKey", "role": "arn:aws:iam::1:role/a", **wrong}
    file.write_text(json.dumps({"name": "a", "alerts": 0, "events": [event]}), "utf-8")
    with pytest.raises(UsageError, match=r"it\.jsonl example 1: is no example"):
        examples.read(file, (Source.CLOUDTRAIL,))

"""Sigma rules come in as they say, or not at all; what goes out comes back the same."""

from __future__ import annotations

import functools

import pytest
import yaml
from click.testing import CliRunner

from lakewarden.cli.watch.sigma import command
from lakewarden.errors import UsageError
from lakewarden.policyfile.watching import example_values
from lakewarden.store.lake.engine import opened
from lakewarden.watch import examples, library
from lakewarden.watch.compiler import compiled
from lakewarden.watch.fields import Setting
from lakewarden.watch.rule import rule_of
from lakewarden.watch.sigma.reading import read
from lakewarden.watch.sigma.writing import written
from lakewarden.watch.site import Site
from lakewarden.watch.sql import Dialect
from lakewarden.watch.trying import Trial

RULES = functools.cache(library.rules)
SITE = Site(example_values())
BASE = """
title: A title.
name: base
id: 00000000-0000-4000-8000-000000000001
author: Somebody
tags: [attack.t1685.002, attack.t1078.004, attack.t9999, attack.impact]
logsource: {product: aws, service: cloudtrail}
level: informational
falsepositives: [Unlikely]
"""
STOPPED = "{eventSource: cloudtrail.amazonaws.com, eventName: [StopLogging, DeleteTrail]}"


TASK = """{
  eventSource: ecs.amazonaws.com,
  eventName: RegisterTaskDefinition,
  requestParameters.containerDefinitions.command: x,
}"""


def one(detection, base=BASE):
    """Return the only rule of a file."""
    (found,) = read(list(yaml.safe_load_all(f"{base}detection: {detection}")), "A file-name")
    return found


def select(search, name="s"):
    found = one(f"{{{name}: {search}, condition: {name}}}")
    assert not found.refused, found.refused
    return found.spec["select"][name]


def refused(search):
    return one(f"{{s: {search}, condition: s}}").refused


def test_what_a_rule_says_about_itself():
    found = one(f"{{s: {STOPPED}, condition: s}}")
    spec = found.spec
    assert found.name == "a_file_name"
    assert (spec["title"], spec["severity"]) == ("A title", "low")
    assert spec["attack"] == ["T1078.004", "T1562.008"]
    assert spec["false_positives"] == ["Unlikely"]
    assert found.notes == ("T9999 is not in our list of techniques",)
    assert found.head == "From the Sigma rule 00000000-0000-4000-8000-000000000001 by Somebody"


@pytest.mark.parametrize(
    ("search", "ours"),
    [
        (STOPPED, {"do": ["cloudtrail.StopLogging", "cloudtrail.DeleteTrail"]}),
        ("{eventSource: kms.amazonaws.com}", {"do": "kms.*"}),
        ("{eventName: DisableKey}", {"param.event.eventName": "DisableKey"}),
        (
            "{eventSource: lambda.amazonaws.com, eventName: UpdateFunctionCode20150331v2}",
            {"service": "lambda", "param.event.eventName": "UpdateFunctionCode20150331v2"},
        ),
        ("{requestParameters.a.b|contains: x}", {"param.a/b|contains": "x"}),
        ("{requestParameters.a|contains: 'x*y'}", {"param.a": "*x*y*"}),
        ("{requestParameters.a|startswith: 'x?'}", {"param.a": "x?*"}),
        (r"{requestParameters.a|endswith: 'x\*'}", {"param.a|endswith": "x*"}),
        ("{requestParameters.a: true}", {"param.a": "true"}),
        ("{requestParameters.a: 7}", {"param.a": "7"}),
        ("{requestParameters.a|gte: 7}", {"param.a|gte": 7}),
        ("{requestParameters.a: [x, null]}", {"param.a": ["x", None]}),
        ("{userAgent|re: 'S3 B'}", {"user_agent|re|cased": "S3 B"}),
        ("{userAgent|re|i: 'S3 B'}", {"user_agent|re": "S3 B"}),
        ("{sourceIPAddress|cidr: 10.0.0.0/8}", {"src_ip|cidr": "10.0.0.0/8"}),
        (
            "{userIdentity.userName|fieldref: requestParameters.userName}",
            {"param.identity.userName|field": "param.userName"},
        ),
        ("{errorCode: Success}", {"error": None}),
        ("{responseElements.x|exists: false}", {"param.response.x|exists": False}),
        (
            "{userIdentity.sessionContext.sessionIssuer.type: Role}",
            {"param.identity.issuerType": "Role"},
        ),
        (
            "{eventSource: [kms.amazonaws.com, new.amazonaws.com], eventName: DisableKey}",
            {"service": ["kms", "new"], "param.event.eventName": "DisableKey"},
        ),
        (
            "{eventSource: [kms.amazonaws.com, new.amazonaws.com]}",
            {"service": ["kms", "new"]},
        ),
        ("[{awsRegion: x}, {awsRegion: y}]", [{"region": "x"}, {"region": "y"}]),
        ("{requestParameters.a|contains|all: [x, y]}", {"param.a|contains|all": ["x", "y"]}),
    ],
)
def test_searches_become_selections(search, ours):
    assert select(search) == ours


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("[word, other]", "words anywhere in a record"),
        ("{requestParameters|contains: x}", "requestParameters: events have no field"),
        (TASK, "containerDefinitions is a list"),
        ("{somethingElse: x}", "somethingElse: events have no field"),
        ("{requestParameters.a|base64: x}", "'base64' cannot be said"),
        ("{requestParameters.a|re: '(?=a)'}", "groups are plain"),
        ("{requestParameters.a|re|s: a}", "'s' cannot be said"),
        (r"{requestParameters.a: 'x\*'}", "what is behind a backslash"),
        (r"{requestParameters.a|contains: 'x\*y*'}", "beside what is behind a backslash"),
        ("{requestParameters.a: ''}", "an empty text cannot be told from none"),
        ("{requestParameters.a: '${site.networks}'}", "means something else here"),
        ("{eventSource: kms}", "a service is named by its whole name"),
        ("{eventSource|contains: kms}", "a service is named by its whole name"),
        ("{userAgent|fieldref: nothing}", "nothing: events have no field"),
        ("{userAgent|contains: 'a*b', userAgent: c}", "two conditions on one field"),
        ("{errorCode|contains: Success}", "'contains' of no error cannot be said"),
        ("{errorCode|re: Success}", "'re' of no error cannot be said"),
        ("{userAgent|contains: [x, null]}", "'contains' of nothing cannot be said"),
        ("{userAgent|exists: 'false'}", "exists is true or false"),
        ("{userAgent|cidr: 10.0.0.0/8}", "'user_agent' is no address"),
        ("{sourceIPAddress|cidr: 10.0.0.1/8}", "has host bits set"),
    ],
)
def test_what_cannot_be_said_exactly_is_refused(search, why):
    assert why in refused(search)


@pytest.mark.parametrize(
    ("detection", "why"),
    [
        (f"{{s: {STOPPED}, condition: 's | count() > 5'}}", "the old way of counting"),
        (f"{{s: {STOPPED}, timeframe: 5m, condition: s}}", "the old way of counting"),
        (f"{{s: {STOPPED}, condition: s and t}}", "'t' in 's and t' is no selection"),
        (f"{{s-t: {STOPPED}, condition: s-t}}", "a name of letters, digits and _"),
    ],
)
def test_conditions_that_cannot_be_said(detection, why):
    assert why in one(detection).refused


def test_other_logs_are_refused():
    windows = BASE.replace("product: aws, service: cloudtrail", "product: windows")
    assert "neither aws/cloudtrail" in one(f"{{s: {STOPPED}, condition: s}}", windows).refused
    for broken, why in (
        ({"title": "x", "logsource": 5}, "it is not built as Sigma rules are"),
        ({"title": "x", "correlation": ["x"]}, "it is not built as Sigma rules are"),
        (
            {"title": "x", "logsource": {"product": "aws", "service": "cloudtrail"}},
            "detection: missing",
        ),
    ):
        assert [each.refused for each in read([broken], "f")] == [why]
    (empty,) = read([None], "empty")
    assert empty.refused == "there is no rule in it"


def test_conditions_stay_as_they_are():
    detection = f"{{s: {STOPPED}, f_a: {{awsRegion: x}}, f_b: {{awsRegion: y}}, condition: %s}}"
    for condition in ("s and not 1 of f_*", "all of them", "s and (f_a or not f_b)"):
        assert one(detection % condition).spec["condition"] == condition
    several = one(detection % "[s and f_a, s and f_b]").spec
    assert several["condition"] == "(s and f_a) or (s and f_b)"


COUNTING = """
---
title: Counted
correlation:
  type: {type}
  rules: {rules}
  group-by: [userIdentity.arn]
  timespan: 5m
  condition: {condition}
"""


def correlated(kind, condition, rules="[base]"):
    text = f"{BASE}detection: {{s: {STOPPED}, t: {{awsRegion: x}}, condition: s and not 1 of t*}}"
    other = text.replace("name: base", "name: other").replace("000001", "000002")
    counting = COUNTING.format(type=kind, rules=rules, condition=condition)
    (found,) = [
        each
        for each in read(list(yaml.safe_load_all(f"{text}\n---{other}{counting}")), "f")
        if each.spec.get("title") == "Counted" or each.refused
    ]
    return found


def test_correlations_become_kinds():
    counted = correlated("event_count", "{gt: 4}").spec
    assert (counted["kind"], counted["at_least"], counted["window"]) == ("threshold", 5, "5m")
    assert counted["by"] == ["param.identity.arn"]
    values = correlated("value_count", "{gte: 3, field: sourceIPAddress}").spec
    assert (values["kind"], values["value"], values["at_least"]) == ("distinct", ["src_ip"], 3)
    ordered = correlated("temporal_ordered", "{gte: 2}", "[base, other]").spec
    assert ordered["kind"] == "sequence"
    assert [step["is"] for step in ordered["steps"]] == [
        "r0_s and not 1 of r0_t*",
        "r1_s and not 1 of r1_t*",
    ]


@pytest.mark.parametrize(
    ("kind", "condition", "rules", "why"),
    [
        ("temporal", "{gte: 2}", "[base, other]", "temporal cannot be said"),
        ("event_count", "{lt: 2}", "[base]", "only at least so many"),
        ("event_count", "{gte: 2.5}", "[base]", "only whole numbers"),
        ("event_count", "{gte: 2, field: awsRegion}", "[base]", "field: events are counted"),
        ("temporal_ordered", "{gte: 3}", "[base, other]", "only that all of them happen"),
        ("event_count", "{gte: 2}", "[nobody]", "there is no rule nobody in the file"),
    ],
)
def test_correlations_that_cannot_be_said(kind, condition, rules, why):
    assert why in correlated(kind, condition, rules).refused


def exported(name):
    """Return a rule, what Sigma can say of it, and what this comes back as."""
    rule = RULES()[name]
    used = set().union(*(condition.names for condition in rule.conditions()))
    kept = {key: each for key, each in rule.select.items() if key in used}
    spec = {key: value for key, value in rule.spec.items() if key != "worse"}
    text = yaml.safe_dump_all(written(rule, SITE), sort_keys=False)
    (back,) = read(list(yaml.safe_load_all(text)), name)
    return rule_of(name, {**spec, "select": kept}), rule_of(name, back.spec)


def _sayable():
    for rule in RULES().values():
        try:
            written(rule, SITE)
        except ValueError:
            continue
        yield rule.id


def test_what_goes_out_comes_back_as_the_same_query():
    sayable = list(_sayable())
    assert len(sayable) > 100
    assert {RULES()[name].kind for name in sayable} == {"match", "threshold", "distinct"}
    others = []
    for name in sayable:
        ours, back = exported(name)
        one, two = (
            compiled(rule, Setting(SITE, Dialect.DUCKDB, rule.sources)) for rule in (ours, back)
        )
        others += [name] if one != two else []
    assert others == ["configuration.exfiltration_guard_off"]
    assert _outcomes(others[0])


def test_a_sequence_comes_back_as_well():
    ours = rule_of("a.b", correlated("temporal_ordered", "{gte: 2}", "[base, other]").spec)
    text = yaml.safe_dump_all(written(ours, SITE), sort_keys=False)
    (found,) = read(list(yaml.safe_load_all(text)), "f")
    back = rule_of("a.b", found.spec)
    assert back.kind == "sequence"
    made = [compiled(rule, Setting(SITE, Dialect.SPARK, rule.sources)) for rule in (ours, back)]
    assert made[0].replace("r0_", "").replace("r1_", "") == made[1]


def _outcomes(name):
    """Return whether two ways of writing a rule find the same in its examples."""
    ours, back = exported(name)
    area, _, stem = name.partition(".")
    shown = examples.read(library.RULES / area / f"{stem}.jsonl", ours.sources)
    with opened(threads=1) as engine:
        trial = Trial(engine, ours, shown, example_values())
        found = [[each.found for each in trial.outcomes(rule)] for rule in (ours, back)]
    return found[0] == found[1] and any(found[0])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("login.new_country", "kind: first_seen cannot be said"),
        ("flows.mining", "source: only one of cloudtrail and databricks can be said"),
        ("tokens.lives_long", "'ahead' cannot be said"),
        ("tokens.used_elsewhere", "steps: only plain ones"),
        ("flows.bulk_to_destination", "source: only one of"),
    ],
)
def test_what_sigma_cannot_say_is_refused(name, why):
    with pytest.raises(ValueError, match=why):
        written(RULES()[name], SITE)


def run(*arguments):
    result = CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def test_files_are_read_and_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = tmp_path / "given"
    given.mkdir()
    (given / "fine.yml").write_text(f"{BASE}detection: {{s: {STOPPED}, condition: s}}", "utf-8")
    (given / "not.yml").write_text(f"{BASE}detection: {{s: [word], condition: s}}", "utf-8")
    done = run("import", given, "--out", "rules")
    assert done.return_value == 3
    assert "not: refused: " in done.output
    assert "1 rules are in rules, 1 were refused." in done.output
    rule = library.rules(tmp_path / "rules")["sigma.fine"]
    assert rule.select == {"s": {"do": ["cloudtrail.StopLogging", "cloudtrail.DeleteTrail"]}}
    back = run("export", "sigma.fine", "--rules", "rules", "--out", "sigma")
    assert back.return_value == 0
    again = run("import", "sigma", "--out", "again")
    assert again.return_value == 0
    (file,) = (tmp_path / "again" / "sigma").iterdir()
    assert library.read(file).select == rule.select


def test_rules_of_one_name_are_numbered(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        text = BASE.replace("A title", f"Title {folder}")
        file = tmp_path / folder / "fine.yml"
        file.write_text(f"{text}detection: {{s: {STOPPED}, condition: s}}", "utf-8")
    said = run("import", tmp_path / "a", tmp_path / "b", "--out", tmp_path).output
    assert "2 rules are in" in said
    made = {file.name: file.read_text("utf-8") for file in (tmp_path / "sigma").iterdir()}
    assert "title: Title a" in made["fine.yaml"]
    assert "title: Title b" in made["fine_2.yaml"]


def test_nothing_is_overwritten(tmp_path):
    file = tmp_path / "fine.yml"
    file.write_text(f"{BASE}detection: {{s: {STOPPED}, condition: s}}", "utf-8")
    run("import", file, "--out", tmp_path)
    run("import", file, "--out", tmp_path)
    made = tmp_path / "sigma" / "fine.yaml"
    made.write_bytes(b"mine \xff")
    with pytest.raises(UsageError, match="is there already"):
        run("import", file, "--out", tmp_path)
    assert made.read_bytes() == b"mine \xff"
    with pytest.raises(UsageError, match="there is no rule nothing"):
        run("export", "nothing", "--out", tmp_path)
    with pytest.raises(UsageError, match="nowhere"):
        run("import", tmp_path / "nowhere.yml", "--out", tmp_path)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (f"detection: {{s: {{awsRegion: x}}, s: {STOPPED}, condition: s}}", "'s' stands twice"),
        ("date: 2026-02-30", "day"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, more, why):
    file = tmp_path / "odd.yml"
    file.write_text(BASE + more, "utf-8")
    with pytest.raises(UsageError, match=why) as caught:
        run("import", file, "--out", tmp_path)
    assert caught.value.where == str(file)

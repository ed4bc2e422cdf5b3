"""`lakewarden watch rules`: which rules there are, whether they can tell anything, and lint."""

from __future__ import annotations

import functools
import json
import shutil

import pytest
from click.testing import CliRunner

from lakewarden.cli.watch.detect import command as detect
from lakewarden.cli.watch.rules import command
from lakewarden.errors import UsageError
from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import no_events
from lakewarden.store.lake.given import put_events
from lakewarden.store.lake.lake import Lake
from lakewarden.watch import examples, library
from lakewarden.watch.coverage import last_seen
from lakewarden.watch.site import Site

POLICY = """
[access]
break_glass = ["glass@example.com"]

[watch]
cross_account_roles = ["arn:aws:iam::123456789012:role/databricks"]
"""


READ = functools.cache(library.rules)


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(library, "rules", READ)


def run(*arguments):
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def listed(*arguments):
    return json.loads(run(*arguments, "--format", "json").output)


def test_every_rule_is_listed():
    entries = listed()["rules"]
    assert [entry["id"] for entry in entries] == list(library.rules())
    table = run().output
    assert all(entry["id"] in table for entry in entries)


def test_only_some_are_listed():
    every = listed()["rules"]
    for arguments, meets in (
        (("--area", "login"), lambda e: e["id"].startswith("login.")),
        (("--source", "vpcflow"), lambda e: "vpcflow" in e["sources"]),
        (("--severity", "high"), lambda e: e["severity"] in {"high", "critical"}),
    ):
        assert listed(*arguments)["rules"] == [entry for entry in every if meets(entry)]


def test_a_rule_that_cannot_tell_anything_says_why(tmp_path):
    def entry(*arguments):
        (found,) = listed("login.break_glass", *arguments)["rules"]
        return found

    assert not entry()["active"]
    assert entry()["idle"] == "access.break_glass is not set in lakewarden.toml"
    (tmp_path / "mine.toml").write_text(POLICY, "utf-8")
    assert entry("--policy-file", "mine.toml")["active"]
    shown = run("login.break_glass").output
    for part in ("Severity", "access.break_glass is not set", "What to do", "Runbook"):
        assert part in shown


def test_a_rule_that_is_none():
    with pytest.raises(UsageError, match=r"there is no rule login\.nothing"):
        run("login.nothing")


def test_site_values_are_listed_with_what_they_are(tmp_path):
    (tmp_path / "lakewarden.toml").write_text(POLICY, "utf-8")
    values = {value["name"]: value for value in listed("--site")["values"]}
    assert values["access.break_glass"]["value"] == ["glass@example.com"]
    roles = values["watch.cross_account_roles"]
    assert roles["given"]
    assert "aws_identity.cross_account_stranger" in roles["rules"]
    assert not values["watch.images"]["given"]
    assert values["limits.token_days"]["value"] == 90
    assert "not set" in run("--site").output


def test_site_values_are_shown_as_they_are(tmp_path):
    odd = POLICY.replace('"arn', '"[/b] [red]arn')
    (tmp_path / "lakewarden.toml").write_text(odd, "utf-8")
    assert '["[/b] [red]arn:aws:iam::' in run("--site").output


def test_a_folder_of_rules_is_linted(tmp_path):
    area = tmp_path / "mine" / "people"
    area.mkdir(parents=True)
    for name in ("user_deleted", "user_changed"):
        for suffix in (".yaml", ".jsonl"):
            shutil.copy(library.RULES / "people" / f"{name}{suffix}", area)
    fine = run("--lint", "mine")
    assert (fine.return_value, fine.output) == (0, "Nothing is wrong.\n")
    file = area / "user_changed.yaml"
    file.write_text(file.read_text("utf-8").replace("accounts.", "acounts."), "utf-8")
    (area / "user_deleted.jsonl").write_text("", "utf-8")
    (area / "broken.yaml").write_text("title: [", "utf-8")
    wrong = run("--lint", "mine", "--format", "json")
    assert wrong.return_value == 3
    told = {(each["file"].rsplit("/", 1)[1], each["what"]) for each in json.loads(wrong.output)}
    assert ("user_deleted.yaml", "examples: at least 2 that fire and 3 that do not") in told
    assert any(file == "broken.yaml" for file, _ in told)
    assert any("is no action that databricks records" in what for _, what in told)
    with pytest.raises(UsageError, match="is not a folder"):
        run("--lint", "nowhere")


def test_a_key_that_stands_twice_is_a_mistake(tmp_path):
    area = tmp_path / "mine" / "people"
    area.mkdir(parents=True)
    text = (library.RULES / "people" / "user_changed.yaml").read_text("utf-8")
    (area / "twice.yaml").write_text(f"{text}title: Another\n", "utf-8")
    wrong = run("--lint", "mine")
    assert wrong.return_value == 3
    assert "'title' stands twice" in wrong.output


def test_when_actions_were_last_seen(tmp_path):
    lake = Lake.create(str(tmp_path / "lake"))
    event = {"do": "accounts.login", "who": "ann@example.com"}
    days = [examples.millis(at) for at in ("-3d 09:00", "09:00")]
    records = [examples.record_of(event, at, f"id{at}", 1, [Source.DATABRICKS]) for at in days]
    with duck.open() as connection:
        no_events(connection, "given")
        put_events(connection, "given", records)
        lake.merge(connection, "given")
    seen = ("--seen", "--lake", str(tmp_path / "lake"))
    entries = {entry["id"]: entry for entry in listed(*seen)["rules"]}
    failed = entries["login.failed_burst"]["seen"]
    assert failed["accounts.login"] == "2026-03-02"
    assert failed["accounts.samlLogin"] is None
    assert set(entries["tokens.created"]["seen"].values()) == {None}
    assert "never" in run(*seen).output
    assert "accounts.samlLogin never" in run("login.failed_burst", *seen).output


def test_a_rule_over_a_service_or_over_anything():
    rows = [("cloudtrail", "kms", "Decrypt", 7), ("databricks", "kms", "Decrypt", 9)]
    rules = library.rules()
    spec = rules["aws_keys.destroyed"].spec
    every = library.rule_of(
        "a.b",
        {**spec, "select": {"it": {"do": "kms.*"}}, "condition": "it"}
        | {"worse": [], "entity": ["actor"]},
    )
    assert last_seen(every, Site(), rows) == {"kms.*": 7}
    anything = library.rule_of(
        "a.b",
        {
            **spec,
            "select": {"it": {"ok": True}},
            "condition": "it",
            "worse": [],
            "entity": ["actor"],
        },
    )
    assert last_seen(anything, Site(), rows) == {"cloudtrail": 7}


def test_a_rule_of_ones_own_that_waits_for_nothing_is_named(tmp_path):
    for name in ("failed_burst.yaml", "failed_burst.jsonl"):
        text = (library.RULES / "login" / name).read_text("utf-8")
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / name).write_text(text.replace("${set.logins}", "accounts.logn"))
    Lake.create(str(tmp_path / "lake"))
    arguments = [
        "--rules",
        ".",
        "--rule",
        "own",
        "--lake",
        "lake",
        "--no-send",
        "--store",
        f"sqlite:///{tmp_path}/a.db",
    ]
    result = CliRunner().invoke(detect, arguments, standalone_mode=False)
    assert result.stderr.startswith(
        "rule own.failed_burst: do: 'accounts.logn' is no action that databricks records\n"
    )
    assert result.return_value == 0

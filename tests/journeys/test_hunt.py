"""`lakewarden hunt` as a user runs it: files, standard input, git, a workspace, and a backup."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dulwich import porcelain

from lakewarden.hunt.rule import library
from lakewarden.hunt.samples import filled

TOKEN = "da" + "pi" + "4f8a1c9b37e2d6051b7c8e90a3f4d2b6"
STYLES = ("table", "json", "sarif", "baseline")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where the rules are compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def state(monkeypatch, tmp_path, cache):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture
def code(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "clean.py").write_text("x = 1\n")
    return folder


def test_exit_codes_say_what_was_found(run, code):
    clean = run("hunt", code)
    assert (clean.code, clean.out.splitlines()[-1][:29]) == (0, "Scanned 1 of 1 documents (0.0")
    (code / "cut.zip").write_bytes(b"PK\x03\x04")
    unread = run("hunt", code)
    assert unread.code == 4
    assert "Not scanned: cut.zip: the archive is cut or damaged" in unread.out
    assert "Scanned 1 of 2 documents" in unread.out
    (code / "bad.py").write_text(f'x = "{TOKEN}"\n')
    found = run("hunt", code)
    assert found.code == 3
    assert found.out.startswith("critical  bad.py:1:6  Databricks personal access token [")
    assert run("hunt", code, "--exclude", "*.py", "--exclude", "*.zip").code == 0


def test_only_what_is_bad_enough_fails(run, code):
    (code / "a.py").write_text('service_token = "q7Rt2Xw9Lm4Zk8Vb3Nc6"\n')
    assert run("hunt", code).code == 3
    assert run("hunt", code, "--fail-on", "high").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere: is not there"),
        (("n" * 300, "--staged"), "cannot be read (File name too long)"),
        (("n" * 300,), "cannot be read (File name too long)"),
        ((".", "--staged"), "is not in a git repository"),
        ((".", "--history"), "is not in a git repository"),
        (("-", "--history"), "--history was given, which has no meaning here"),
        (("nowhere", "--staged"), "nowhere: is not there"),
        ((".", "--workspace", "x"), "--workspace was given, which has no meaning here"),
        ((".", "--run", "x"), "--run was given, which has no meaning here"),
        (("live", "--history"), "--history was given, which has no meaning here"),
        (("live",), "no deployment was given"),
        (("git+nowhere",), "nowhere"),
        ((".", "--baseline", "none.toml"), "none.toml: cannot be read"),
        ((".", "--rules", "none.toml"), "none.toml: cannot be read"),
        ((".", "--max-megabytes", "0"), "0"),
    ],
)
def test_bad_input_is_one_clear_line(run, bare, arguments, said):
    result = run("hunt", *arguments)
    assert result.code == 2
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_key_that_is_none_is_said(run, code, bare):
    (bare / "key").write_text("zz")
    result = run("hunt", code, LAKEWARDEN_HUNT_KEY=str(bare / "key"))
    assert (result.code, "is not hexadecimal" in result.err) == (2, True)


def test_standard_input(run, monkeypatch):
    piped = io.TextIOWrapper(io.BytesIO(f"a\nb = '{TOKEN}'".encode()))
    monkeypatch.setattr("sys.stdin", piped)
    result = run("hunt", "-", "--format", "json")
    [finding] = result.json["findings"]
    assert (finding["where"], finding["line"]) == ("standard input", 2)


def test_fingerprints_follow_from_the_key_alone(run, code, bare):
    (code / "a.py").write_text(f'x = "{TOKEN}"\n')
    (code / "b.py").write_text(f'# y\ny = "{TOKEN}"\n')
    prints = [f["fingerprint"] for f in run("hunt", code, "--format", "json").json["findings"]]
    assert len(set(prints)) == 1
    key = bare / "state" / "lakewarden" / "hunt.key"
    assert key.stat().st_mode & 0o777 == 0o600
    (bare / "other.key").write_text("ab" * 32)
    other = run("hunt", code, "--format", "json", LAKEWARDEN_HUNT_KEY=str(bare / "other.key"))
    assert other.json["findings"][0]["fingerprint"] != prints[0]


def test_a_baseline_from_the_first_run_to_the_day_on_which_it_ends(run, code, bare):
    (code / "a.py").write_text(f'x = "{TOKEN}"\n')
    written = run("hunt", code, "--format", "baseline")
    file = bare / "lakewarden-hunt.toml"
    file.write_text(written.out)
    assert "has no reason" in run("hunt", code).err
    given = written.out.replace('reason = ""', 'reason = "switched off"')
    file.write_text(given.replace("# expires = 2027-01-31", "expires = 9999-01-01"))
    accepted = run("hunt", code)
    assert (accepted.code, "1 accepted" in accepted.out) == (0, True)
    file.write_text(given.replace("# expires = 2027-01-31", "expires = 2020-01-01"))
    late = run("hunt", code)
    assert (late.code, "No longer accepted since 2020-01-01" in late.out) == (3, True)
    (code / "a.py").unlink()
    assert "Accepted, and not found any more" in run("hunt", code).out


def test_rules_of_ones_own(run, code, bare):
    (code / "a.py").write_text('x = "ACME-7f3a9c21"\n')
    rule = """[[rules]]
id = "acme"
name = "Key of Acme"
severity = "low"
keywords = ["acme-"]
pattern = '\\b(ACME-[0-9a-f]{8})\\b'
examples = ['ACME-<hex:8>']
near_misses = ['ACME-<hex:4>']
"""
    (bare / "own.toml").write_text(rule)
    assert run("hunt", code, "--rules", "own.toml").out.startswith(
        "low       a.py:1:6  Key of Acme"
    )
    for old, new, said in (
        ("ACME-<hex:8>", "ACME-<hex:7>", "does not find its example"),
        ("ACME-<hex:4>", "ACME-<hex:8>", "finds its near miss"),
    ):
        (bare / "own.toml").write_text(rule.replace(old, new))
        assert said in run("hunt", code, "--rules", "own.toml").err
    (bare / "own.toml").write_text(rule.replace("{8}", "{8}(?=x)"))
    refused = run("hunt", code, "--rules", "own.toml")
    assert (refused.code, "only one of the engines reads" in refused.err) == (2, True)
    (bare / "own.toml").write_text(rule.replace('"acme"', '"aws-access-key"'))
    assert "there is a rule aws-access-key already" in run("hunt", code, "--rules", "own.toml").err


def test_before_a_commit(run, bare):
    porcelain.init(str(bare)).close()
    (bare / "a.py").write_text(f'x = "{TOKEN}"\n')
    assert run("hunt", "--staged").code == 0
    porcelain.add(str(bare), [str(bare / "a.py")])
    assert run("hunt", "--staged").code == 3
    (bare / ".git" / "index").rename(bare / ".git" / "index.lock")
    assert run("hunt", "--staged", GIT_INDEX_FILE=".git/index.lock").code == 3
    hook = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert "entry: lakewarden hunt --staged" in hook


def test_sarif_has_what_code_hosts_ask_for(run, code):
    (code / "größe 1.py").write_text(f'x = 1\ny = "{TOKEN}"\n')
    (code / "cut.zip").write_bytes(b"PK\x03\x04")
    log = run("hunt", code, "--format", "sarif").json
    assert log["version"] == "2.1.0"
    [sarif] = log["runs"]
    [rule] = sarif["tool"]["driver"]["rules"]
    assert rule["id"] == "databricks-token"
    [result] = sarif["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == (rule["id"], 0, "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "gr%C3%B6%C3%9Fe%201.py"
    assert place["region"] == {"startLine": 2, "startColumn": 6}
    [invocation] = sarif["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "cut.zip" in invocation["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize("style", STYLES)
def test_a_name_that_is_no_utf_8_is_told(run, code, style):
    folder = Path(os.fsdecode(bytes(code) + b"/d\xff"))
    folder.mkdir()
    (folder / "a.py").write_text(f'x = "{TOKEN}"\n')
    (folder / "cut.zip").write_bytes(b"PK\x03\x04")
    result = run("hunt", code, "--format", style)
    assert result.code == 3
    result.out.encode()
    assert {"sarif": "d%FF/a.py", "baseline": "d?/a.py"}.get(style, "d\\udcff/a.py") in result.out


def test_a_name_cannot_act_on_a_terminal(run, code):
    (code / "a\x1b[2J\nScanned.py").write_text(f'x = "{TOKEN}"\n')
    result = run("hunt", code)
    assert "\x1b" not in result.out
    assert result.out.count("\nScanned") == 1


def test_no_secret_leaves_it(run, code, bare, cache):
    planted = []
    for rule in library():
        for number, template in enumerate(rule.examples):
            text = filled(template, "planted")
            planted += re.findall(r"[A-Za-z0-9+/_=!#*~-]{12,}", text)
            (code / f"{rule.id}-{number}.conf").write_text(text)
    words = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z]).{16,}")
    plain = {name for rule in library() for t in rule.examples for name in re.split(r"<.*?>", t)}
    secrets = {s for s in planted if words.fullmatch(s) and not any(s in text for text in plain)}
    assert len(secrets) > 200
    for style in STYLES:
        result = run("hunt", code, "--format", style, LAKEWARDEN_DEBUG="1")
        assert result.code == 3
        leaked = [s for s in secrets if s in result.out or s in result.err]
        assert not leaked
    for file in [*(bare / "state").rglob("*"), *cache.rglob("*")]:
        if file.is_file():
            data = file.read_bytes()
            assert not [s for s in secrets if s.encode() in data]


def test_a_workspace_and_its_backup_come_to_the_same(run, world, bare):
    served = world("neglected")
    mark = served.log.stat().st_size
    live = run("hunt", "live", "--no-aws", "--format", "json", world=served)
    assert live.code == 3
    found = {(f["where"], f["member"], f["rule"]) for f in live.json["findings"]}
    assert ("job nightly-everything", "tasks[0].notebook_task.base_parameters.password") in {
        (where, member) for where, member, _ in found
    }
    assert len(found) == 7
    calls = served.log.read_text("utf-8")[mark:].splitlines()
    assert {json.loads(call)["method"] for call in calls} == {"GET"}
    assert any("/libraries/all-cluster-statuses" in call for call in calls)
    kinds = "notebook,file,job,pipeline,cluster,warehouse_config"
    backup = run("backup", "--to", bare / "vault", "--kinds", kinds, "--no-aws", world=served)
    assert backup.code == 0
    kept = run("hunt", bare / "vault", "--format", "json")
    assert "only cluster, file" in kept.json["unread"][-1]["why"]
    assert {(f["where"], f["member"], f["rule"]) for f in kept.json["findings"]} == found
    [first] = {p.name.split(".")[0] for p in (bare / "vault" / "runs").iterdir()}
    since = ("--run", first, "--since", first)
    again = run("hunt", bare / "vault", *since, "--format", "json")
    assert (again.code, again.json["total"]) == (0, 0)


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ("GET /api/2.2/jobs/list=403", "jobs"),
        ("GET /api/2.2/jobs/get*=404", "job nightly-everything"),
        ("GET /api/2.2/jobs/get*=drop:settings", "job nightly-everything"),
        ("GET /api/2.0/workspace-conf?keys=enableTokensConfig=403", "the workspace"),
    ],
)
def test_what_a_workspace_does_not_give_is_not_scanned(run, world, order, what):
    served = world("neglected")
    served.simulation.order([order])
    try:
        result = run("hunt", "live", "--no-aws", "--format", "json", world=served)
    finally:
        served.simulation.order([])
    assert any(unread["where"] == what for unread in result.json["unread"])


def test_looking_takes_no_heavy_library(code):
    script = (
        "import sys; sys.argv = ['lakewarden', 'hunt', sys.argv[1]]\n"
        "from lakewarden.cli import main\n"
        "try: main()\n"
        "finally: print(sorted(set(sys.modules) & {'boto3', 'databricks', 'duckdb', 'dulwich'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"

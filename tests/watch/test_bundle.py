from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import fields

import click
import duckdb
import pytest
import sqlglot
import yaml
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs, sql

from lakewarden.cli import cli, main
from lakewarden.simulate import start
from lakewarden.watch.alert_table import ALERTS, RULES, TABLES, merged
from lakewarden.watch.bundle.dashboard import QUERIES
from lakewarden.watch.bundle.write import HEADER
from lakewarden.watch.sql import Dialect

PRINCIPAL = "5f1e7a10-0000-4000-8000-000000000001"
ASKED = {
    "--catalog": "logs",
    "--schema": "security",
    "--warehouse": "1234567890abcdef",
    "--service-principal": PRINCIPAL,
    "--account-id": "5f1e7a10-0000-4000-8000-000000000002",
    "--viewers": "security team",
    "--notify": "soc@example.com",
}
KINDS = {"serverless": {}, "clusters": {"--clusters": None, "--node-type": "m5d.large"}}


def deploy(folder, capsys, **changes):
    asked = {**ASKED, **{f"--{name.replace('_', '-')}": value for name, value in changes.items()}}
    words = [word for pair in asked.items() for word in pair if word is not None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["lakewarden", "deploy", "--out", str(folder), *words])
        with pytest.raises(SystemExit) as done:
            main()
    return done.value.code, capsys.readouterr()


@pytest.fixture
def bundle(request, tmp_path, capsys):
    kind = getattr(request, "param", "serverless")
    changes = {name.removeprefix("--"): value for name, value in KINDS[kind].items()}
    code, said = deploy(tmp_path / "bundle", capsys, **changes)
    assert (code, said.err) == (0, "")
    return tmp_path / "bundle"


def resources(folder):
    """Return the resources of a bundle with the values of its variables."""
    known = yaml.safe_load((folder / "databricks.yml").read_text("utf-8"))["variables"]
    found = {}
    for file in folder.glob("resources/*.yml"):
        text = file.read_text("utf-8").replace("${workspace.file_path}", "/Workspace/files")
        for name, variable in known.items():
            text = text.replace(f"${{var.{name}}}", variable["default"])
        assert "${" not in text
        for kind, some in yaml.safe_load(text)["resources"].items():
            found.setdefault(kind, {}).update(some)
    return found


@pytest.fixture(scope="module")
def world():
    with start("high-security", aws=False) as running:
        yield running


@pytest.mark.parametrize("bundle", list(KINDS), indirect=True)
def test_the_platform_takes_the_jobs(bundle, world):
    client = WorkspaceClient(host=world.workspace_urls[3001], token=world.token)
    runtimes = {each.key: each.name for each in client.clusters.spark_versions().versions}
    for name, settings in resources(bundle)["jobs"].items():
        asked = jobs.JobSettings.from_dict(settings)
        assert asked.as_dict() == settings, "the SDK knows every key"
        asked.run_as = jobs.JobRunAs(service_principal_name=world.client_id)
        made = client.jobs.create(**{f.name: getattr(asked, f.name) for f in fields(asked)})
        job = client.jobs.get(made.job_id)
        assert job.settings.name == f"lakewarden {name}"
        assert job.run_as_user_name == world.client_id
        assert (job.settings.max_concurrent_runs, job.settings.schedule.timezone_id) == (1, "UTC")
        for entry in job.settings.job_clusters or ():
            assert "Apache Spark 4" in runtimes[entry.new_cluster.spark_version]
            assert entry.new_cluster.data_security_mode.value == "SINGLE_USER"
            assert entry.new_cluster.enable_local_disk_encryption


@pytest.mark.parametrize("bundle", list(KINDS), indirect=True)
def test_every_file_that_is_named_is_there(bundle):
    found = resources(bundle)
    named = [task["spark_python_task"]["python_file"] for task in tasks(found)]
    named += [each["file_path"] for each in found["dashboards"].values()]
    assert len(named) == 3
    for path in named:
        assert (bundle / "resources" / path).is_file()


def tasks(found):
    return [task for job in found["jobs"].values() for task in job["tasks"]]


def test_the_command_line_takes_what_the_jobs_say(bundle):
    seen = []
    for task in tasks(resources(bundle)):
        words = task["spark_python_task"]["parameters"]
        while words[0] in {"--secret", "--set"}:
            words = words[2:]
        for command in " ".join(words).split(" --then "):
            name, context = parsed(command.split())
            seen.append(name)
            policy = context.params.get("policy_file") or context.params.get("selection")
            assert "/Workspace/files/lakewarden.toml" in str(policy or context.params["look"])
    assert sorted(seen) == ["assess", "assess", "collect", "detect"]


def parsed(words):
    command, name = cli, ""
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(click.Context(command), name)
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "callback", lambda **values: made.update(values))
        command.main(words, standalone_mode=False)
    context = click.Context(command)
    context.params = made
    return name, context


def test_the_mail_is_an_alert_of_the_platform(bundle):
    (alert,) = resources(bundle)["alerts"].values()
    given = {**alert, "query_text": alert["query_text"]}
    assert sql.AlertV2.from_dict(given).as_dict() == given
    assert sqlglot.parse_one(alert["query_text"], dialect="databricks").key == "select"


@pytest.fixture
def tables():
    with duckdb.connect() as connection:
        yield connection


def in_duckdb(text):
    (found,) = sqlglot.transpile(text, read="databricks", write="duckdb")
    return found


def filled(connection, bundle):
    """Make the tables, with an alert of each severity and state, and two rules."""
    connection.execute("ATTACH ':memory:' AS logs")
    setup = (bundle / "sql" / "setup.sql").read_text("utf-8").splitlines()
    made = [
        line.rstrip(";") for line in setup if line.startswith(("CREATE SCHEMA", "CREATE TABLE"))
    ]
    assert len(made) == 1 + len(TABLES)
    for statement in made:
        connection.execute(in_duckdb(statement))
    connection.execute("USE logs.security")
    connection.execute("CREATE MACRO timestamp_millis(x) AS make_timestamp(x * 1000)")
    connection.execute("CREATE MACRO unix_millis(x) AS epoch_ms(x)")
    (now,) = connection.execute("SELECT epoch_ms(now())").fetchone()
    alert = dict.fromkeys(TABLES[ALERTS], "x") | dict.fromkeys(
        ("bucket", "first", "last", "raised"), now - 60_000
    )
    alerts = [
        {**alert, "id": f"{severity}-{state}", "severity": severity, "state": state, "count": 7}
        for severity in ("low", "medium", "high", "critical")
        for state in ("open", "acknowledged", "closed", "withdrawn")
    ]
    rule = {**dict.fromkeys(TABLES[RULES], "x"), "version": 1, "ran": now}
    rules = [{**rule, "rule": "a.b", "idle": "networks"}, {**rule, "rule": "c.d", "idle": ""}]
    for table, rows in ((ALERTS, [{**each, "was": ""} for each in alerts]), (RULES, rules)):
        connection.execute(merged("logs.security", table, rows, Dialect.DUCKDB))


def test_the_dashboard_shows_what_the_tables_hold(bundle, tables):
    filled(tables, bundle)
    shown = json.loads((bundle / "dashboards" / "alerts.lvdash.json").read_text("utf-8"))
    answers, columns = {}, {}
    for dataset in shown["datasets"]:
        asked = tables.execute(in_duckdb("".join(dataset["queryLines"])))
        columns[dataset["name"]] = [column[0] for column in asked.description]
        answers[dataset["name"]] = asked.fetchall()
    assert answers["waiting"] == [(8, 4, 8)]
    assert answers["by_severity"] == [(s, 2) for s in ("critical", "high", "medium", "low")]
    assert [row[2] for row in answers["by_rule"]] == [3, 3, 3, 3]
    assert sum(row[2] for row in answers["by_day"]) == 12
    assert [row[0] for row in answers["open_alerts"][:2]] == ["critical", "critical"]
    assert len(answers["open_alerts"]) == 8
    assert [row[0] for row in answers["inactive_rules"]] == ["a.b"]
    (page,) = shown["pages"]
    used = set()
    for entry in page["layout"]:
        (query,) = entry["widget"]["queries"]
        dataset = query["query"]["datasetName"]
        used.add(dataset)
        names = [field["name"] for field in query["query"]["fields"]]
        assert set(names) <= set(columns[dataset])
        assert set(encoded(entry["widget"]["spec"]["encodings"])) == set(names)
    assert used == set(QUERIES)


def encoded(encodings):
    for value in encodings.values():
        for one in value if isinstance(value, list) else [value]:
            yield one["fieldName"]


def test_places_of_the_dashboard_do_not_overlap(bundle):
    shown = json.loads((bundle / "dashboards" / "alerts.lvdash.json").read_text("utf-8"))
    taken = set()
    for entry in shown["pages"][0]["layout"]:
        place = entry["position"]
        cells = {
            (place["x"] + x, place["y"] + y)
            for x in range(place["width"])
            for y in range(place["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 6
        taken |= cells


def test_the_grants_are_the_least_that_is_needed(bundle):
    setup = (bundle / "sql" / "setup.sql").read_text("utf-8").splitlines()
    granted = [line for line in setup if line.startswith("GRANT") and PRINCIPAL in line]
    assert {line.split(" TO ")[0].removeprefix("GRANT ") for line in granted} == {
        "USE CATALOG ON CATALOG system",
        "USE SCHEMA ON SCHEMA system.access",
        "SELECT ON TABLE system.access.audit",
        "USE CATALOG ON CATALOG `logs`",
        "USE SCHEMA ON SCHEMA `logs`.`security`",
        "SELECT, MODIFY ON TABLE `logs`.`security`.`lakewarden_alerts`",
        "SELECT, MODIFY ON TABLE `logs`.`security`.`lakewarden_rules`",
        "SELECT, MODIFY ON TABLE `logs`.`security`.`lakewarden_deliveries`",
        "SELECT ON TABLE `logs`.`security`.`lakewarden_suppressions`",
        "READ VOLUME, WRITE VOLUME ON VOLUME `logs`.`security`.`lakewarden_reports`",
    }
    seen = [line for line in setup if "`security team`" in line]
    assert seen
    assert not any("MODIFY" in line or "WRITE" in line or "system" in line for line in seen)


def test_what_is_granted_is_taken_back_or_named(bundle):
    setup = (bundle / "sql" / "setup.sql").read_text("utf-8")
    remove = (bundle / "sql" / "remove.sql").read_text("utf-8")
    gone = [
        line.removeprefix("DROP ").rstrip(";").replace(" IF EXISTS", "")
        for line in remove.splitlines()
        if line.startswith("DROP ")
    ]
    for line in setup.splitlines():
        if line.startswith("GRANT ") and not any(f" ON {each} TO " in line for each in gone):
            back = line.replace("GRANT ", "REVOKE ").replace(" TO ", " FROM ")
            assert (back if PRINCIPAL in line else f"-- {back}") in remove.splitlines()
    assert "-- DROP SCHEMA IF EXISTS `logs`.`security`;" in remove.splitlines()


def runner(folder):
    spec = importlib.util.spec_from_file_location("run", folder / "src" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environ(world, monkeypatch):
    """A task's surroundings: the identity that it runs as, and a secret in a scope."""
    for name in [n for n in os.environ if n.startswith(("DATABRICKS_", "LAKEWARDEN_"))]:
        monkeypatch.delenv(name)
    for name in ("AUTH_TYPE", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"DATABRICKS_{name}", "taken back at the end")
        monkeypatch.delenv(f"DATABRICKS_{name}")
    monkeypatch.setattr(sys, "argv", ["run.py"])
    urls = ",".join(f"{number}={url}" for number, url in world.workspace_urls.items())
    monkeypatch.setenv("LAKEWARDEN_WORKSPACE_URLS", urls)
    monkeypatch.setenv("DATABRICKS_HOST", world.workspace_urls[3001])
    monkeypatch.setenv("DATABRICKS_TOKEN", world.token)


def test_a_task_signs_in_with_the_secret_and_leaves_two_reports(bundle, world, tmp_path, environ):
    client = WorkspaceClient(host=world.workspace_urls[3001], token=world.token)
    client.secrets.create_scope("lakewarden")
    client.secrets.put_secret("lakewarden", "secret", string_value=world.client_secret)
    words = resources(bundle)["jobs"]["assess"]["tasks"][0]["spark_python_task"]["parameters"]
    given = {
        PRINCIPAL: world.client_id,
        ASKED["--account-id"]: world.account_id,
        "https://accounts.cloud.databricks.com": world.account_host,
        "/Workspace/files": str(bundle),
        "/Volumes/logs/security/lakewarden_reports": str(tmp_path / "reports"),
        "{{job.start_time.iso_date}}": "2026-11-27",
    }
    for theirs, ours in given.items():
        words = [word.replace(theirs, ours) for word in words]
    runner(bundle).main([word for each in words for word in narrowed(each)])
    assert {file.name for file in (tmp_path / "reports").iterdir()} == {
        "2026-11-27.html",
        "2026-11-27.json",
    }
    report = json.loads((tmp_path / "reports" / "2026-11-27.json").read_text("utf-8"))
    assert report["findings"]
    assert any(bearer.kind == "oauth" for bearer in world.account.bearers.values())
    for file in (tmp_path / "reports").iterdir():
        assert world.client_secret not in file.read_text("utf-8")


def narrowed(word):
    """Ask for one control only, so that reading takes a moment."""
    return [word, "--control", "ip-access-lists"] if word in {"collect", "assess"} else [word]


def test_a_command_that_fails_fails_the_task(bundle, environ, capsys):
    run = runner(bundle)
    run.main(["controls", "--then", "explain", "ip-access-lists"])
    with pytest.raises(RuntimeError, match="lakewarden explain no-such-control ended with 2"):
        run.main(["explain", "no-such-control", "--then", "controls"])
    assert "no-such-control" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"service_principal": "deployer"}, "--service-principal: 'deployer' cannot be used"),
        ({"catalog": "a`b"}, "--catalog"),
        ({"notify": "nobody"}, "--notify"),
        ({"host": "http://plain.example.com"}, "--host"),
        ({"schedule": "17 * * * *"}, "is no schedule"),
        ({"assess_schedule": "0 0 5 * * *"}, "is no schedule"),
        ({"cluster_policy": "ABC"}, "Add --clusters"),
        ({"wheel": __file__}, "is no wheel"),
    ],
)
def test_what_could_not_work_is_refused_and_nothing_written(tmp_path, capsys, change, said):
    code, printed = deploy(tmp_path / "bundle", capsys, **change)
    assert code == 2
    assert said in printed.err
    assert not (tmp_path / "bundle").exists()


def test_an_older_bundle_is_written_over_when_asked_for(bundle, tmp_path, capsys):
    policy = bundle / "lakewarden.toml"
    policy.write_text("# mine\n", "utf-8")
    code, printed = deploy(bundle, capsys)
    assert (code, "holds something already" in printed.err) == (2, True)
    wheel = tmp_path / "lakewarden-9.9.9-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    mine = bundle / "resources" / "mine.yml"
    mine.write_text("resources: {}\n", "utf-8")
    older = bundle / "resources" / "older.yml"
    older.write_text(f"{HEADER}resources: {{}}\n", "utf-8")
    code, _ = deploy(bundle, capsys, force=None, wheel=str(wheel), notify="other@example.com")
    assert code == 0
    assert policy.read_text("utf-8") == "# mine\n"
    assert (mine.exists(), older.exists()) == (True, False)
    environment = resources(bundle)["jobs"]["detect"]["environments"][0]
    (path,) = environment["spec"]["dependencies"]
    assert (bundle / "resources" / path).read_bytes() == b"a wheel"
    assert "other@example.com" in (bundle / "resources" / "alert.yml").read_text("utf-8")


def test_a_folder_of_others_is_not_touched(tmp_path, capsys):
    (tmp_path / "databricks.yml").write_text("bundle: {name: theirs}\n", "utf-8")
    code, _ = deploy(tmp_path, capsys, force=None)
    assert code == 2
    assert [file.name for file in tmp_path.iterdir()] == ["databricks.yml"]


def test_what_sinks_ask_for_comes_from_the_scope(tmp_path, capsys):
    policy = tmp_path / "mine.toml"
    sink = '[[sinks]]\nname = "{0}"\ntype = "slack"\nurl_env = "{0}_URL"\n'
    policy.write_text(sink.format("SOC") + sink.format("DUTY"), "utf-8")
    folder = tmp_path / "bundle"
    assert deploy(folder, capsys, policy_file=str(policy))[0] == 0
    assert deploy(folder, capsys, force=None)[0] == 0
    words = resources(folder)["jobs"]["detect"]["tasks"][0]["spark_python_task"]["parameters"]
    assert words[:5] == [
        *("--secret", "DUTY_URL=lakewarden/DUTY_URL", "--secret", "SOC_URL=lakewarden/SOC_URL"),
        "watch",
    ]


def test_the_policy_file_of_other_commands_is_taken(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "no policy file was taken" in deploy("none", capsys)[1].out
    for name in ("lakewarden.toml", "mine.toml"):
        (tmp_path / name).write_text(f"# {name}\n", "utf-8")
    assert "the policy file is lakewarden.toml" in deploy("here", capsys)[1].out
    assert (tmp_path / "here" / "lakewarden.toml").read_text("utf-8") == "# lakewarden.toml\n"
    monkeypatch.setenv("LAKEWARDEN_POLICY_FILE", "mine.toml")
    assert "the policy file is mine.toml" in deploy("named", capsys)[1].out


def test_a_policy_file_comes_along(tmp_path, capsys):
    policy = tmp_path / "mine.toml"
    policy.write_text('posture = "high"\n', "utf-8")
    assert deploy(tmp_path / "bundle", capsys, policy_file=str(policy))[0] == 0
    assert (tmp_path / "bundle" / "lakewarden.toml").read_text("utf-8") == 'posture = "high"\n'
    policy.write_text('posture = "odd"\n', "utf-8")
    assert deploy(tmp_path / "other", capsys, policy_file=str(policy))[0] == 2
    assert (tmp_path / "bundle" / "databricks.yml").read_text("utf-8").startswith(HEADER)

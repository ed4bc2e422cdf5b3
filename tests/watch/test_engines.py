"""Every engine comes to the same alerts, at first and when more comes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from clients.loopback import TOKEN
from lakewarden.cli import cli
from lakewarden.cli.watch.engines import By, events_of
from lakewarden.clients.spark import opened as opened_spark
from lakewarden.errors import LakewardenError, UsageError
from lakewarden.events.columns import Source
from lakewarden.policyfile.policy import Policy
from lakewarden.policyfile.watching import example_values
from lakewarden.store.alerts import Alerts
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import no_events
from lakewarden.store.lake.given import put_events
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.watched import LakeEvents
from lakewarden.watch import library
from lakewarden.watch.detect import Watch, detect
from lakewarden.watch.in_place import TableInPlace
from lakewarden.watch.on_spark import LakeOnSpark
from lakewarden.watch.site import Site
from sparks import remote_of
from watch.test_in_place import NEWEST, put_table, record

REFUSED = {"statusCode": 401, "errorMessage": "no", "result": None}


def refused(first, count, who):
    return [
        record(
            n,
            timestamp=NEWEST - 3_000_000 + n * 60_000,
            userIdentity={"email": who, "subjectName": None},
            requestParams={"user": who},
            response=REFUSED,
        )
        for n in range(first, first + count)
    ]


EARLIER = [*refused(0, 6, "ann@example.com"), record(50)]
LATER = [*refused(6, 3, "ann@example.com"), *refused(20, 6, "bob@example.com")]


def deliver(lake, records):
    with duck.open(threads=1) as connection:
        no_events(connection, "given")
        put_events(connection, "given", [(Source.DATABRICKS, each) for each in records])
        lake.merge(connection, "given")


class Run:
    """Runs a rule over events again and again."""

    def __init__(self, name, folder):
        self.rule = library.read(library.RULES / "login" / "failed_burst.yaml")
        self.alerts = Alerts.open(f"sqlite:///{folder}/{name}.db")

    def __call__(self, events):
        """What is new or more now, and how many events and rules had a part in it."""
        site = Site(example_values(), "UTC")
        done = detect(events, self.alerts, Watch([self.rule], site, NEWEST))
        found = [replace(each, events="") for each in (*done.noted.new, *done.noted.grown)]
        return sorted(found, key=lambda alert: alert.id), done.fresh, done.ran


@pytest.fixture
def run(tmp_path):
    opened = []

    def start(name):
        opened.append(Run(name, tmp_path))
        return opened[-1]

    yield start
    for each in opened:
        each.alerts.close()


@pytest.fixture
def expected(run, tmp_path):
    """What DuckDB finds in both deliveries."""
    lake, found = Lake.create(str(tmp_path / "expected")), []
    again = run("duckdb")
    for records in (EARLIER, LATER):
        deliver(lake, records)
        found.append(again(LakeEvents(lake, {}, threads=1)))
    assert [len(alerts) for alerts, *_ in found] == [1, 2]
    return found


def test_a_lake_on_spark(spark, run, expected, tmp_path):
    lake, found = Lake.create(str(tmp_path / "lake")), []
    again = run("lake")
    for records in (EARLIER, LATER):
        deliver(lake, records)
        found.append(again(LakeOnSpark(lake, spark, {})))
    assert found == expected
    assert again(LakeOnSpark(lake, spark, {})) == ([], 0, 0)


def test_a_table_in_place(spark, run, expected):
    again, found = run("table"), []
    for records in (EARLIER, EARLIER + LATER):
        put_table(spark, "audit", records)
        found.append(again(TableInPlace(spark, "here", "audit", {}))[0])
    assert found == [alerts for alerts, *_ in expected]


def test_rules_about_what_a_table_cannot_have_say_so(spark, tmp_path):
    put_table(spark, "audit", EARLIER)
    rule = library.read(library.RULES / "twins" / "machines_without_cluster.yaml")
    alerts = Alerts.open(f"sqlite:///{tmp_path}/alerts.db")
    watch = Watch([rule], Site(example_values(), "UTC"), NEWEST)
    done = detect(TableInPlace(spark, "here", "audit", {}), alerts, watch)
    alerts.close()
    assert done.idle == {rule.id: "there are no events of cloudtrail in here/audit"}
    assert done.ran == 0


def test_the_command_line_on_spark_and_on_a_warehouse(spark, expected, tmp_path, monkeypatch):
    from clients.warehouse_server import WAREHOUSE, Warehouse  # noqa: PLC0415  # needs pyspark

    served = Warehouse(spark.session)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABRICKS_HOST", served.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    put_table(spark, "audit", EARLIER)
    found = []
    try:
        for by in (("spark",), ("warehouse", "--warehouse", WAREHOUSE)):
            store = f"sqlite:///{tmp_path}/{by[0]}.db"
            more = ("--table", "audit", "--store", store, "--format", "json")
            asked = ["watch", "detect", "--rule", "login.failed_burst", "--engine", *by, *more]
            done = CliRunner().invoke(cli, asked, catch_exceptions=False)
            found.append([alert["id"] for alert in json.loads(done.stdout)["alerts"]])
    finally:
        served.close()
    assert found == [[alert.id for alert in expected[0][0]]] * 2
    assert served.statements


def test_spark_connect(spark, tmp_path):
    lake = Lake.create(str(tmp_path))
    with opened_spark(remote_of(spark)) as engine:
        events = LakeOnSpark(lake, engine, {"ip_lists": [{"label": "office"}]}, here=False)
        with events.opened(None) as empty:
            assert empty.rows("SELECT * FROM all_events") == []
        deliver(lake, EARLIER)
        before = events.version()
        deliver(lake, LATER)
        with events.opened(before) as engine_:
            counts = [
                engine_.rows(f"SELECT COUNT(*) FROM {view}")[0][0]
                for view in ("all_events", "fresh_events", "files", "ip_lists")
            ]
        assert counts == [len(EARLIER) + len(LATER), len(LATER), 0, 1]


def test_the_session_of_serverless_compute_is_taken(spark, tmp_path, monkeypatch):
    asked = ["watch", "detect", "--rule", "login.failed_burst", "--engine", "spark"]
    asked += ["--table", "audit", "--store", f"sqlite:///{tmp_path}/alerts.db"]
    with opened_spark(remote_of(spark)) as engine:
        put_table(engine, "audit", EARLIER)
        monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
        monkeypatch.setenv("SPARK_REMOTE", "unix:///databricks/sparkconnect/grpc.sock")
        done = CliRunner().invoke(cli, asked, catch_exceptions=False)
        assert ("1 new alerts" in done.output, done.stderr) == (True, "")
        put_table(engine, "audit", [*EARLIER, record(60, timestamp=NEWEST - 10 * 86_400_000)])
        done = CliRunner().invoke(cli, asked, catch_exceptions=False)
        assert "1 events of spark/audit came later than --late says" in done.stderr


def test_tables_of_two_metastores_are_told_apart(spark):
    put_table(spark, "audit", EARLIER)
    by = By(None, None, None, "spark", None, None, "audit", "72h", None)
    create = "CREATE TEMPORARY FUNCTION current_metastore() RETURNS STRING RETURN 'aws:eu:1'"
    names = []
    for statement in ("SELECT 1", create, "DROP TEMPORARY FUNCTION current_metastore"):
        spark.rows(statement)
        with events_of(by, {}, Policy()) as events:
            names.append(events.name)
    assert names == ["spark/audit", "aws:eu:1/audit", "spark/audit"]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--engine", "warehouse"), "which warehouse"),
        (("--engine", "spark", "--warehouse", "1"), "--warehouse does not go with --engine spark"),
        (("--table", "audit"), "--table does not go with --engine duckdb"),
        (("--remote", "sc://host"), "--remote does not go with --engine duckdb"),
        (("--profile", "p"), "--profile does not go with --engine duckdb"),
        (("--late", "72h"), "--late goes with a table only"),
        (("--engine", "spark", "--threads", "2"), "--threads does not go with --engine spark"),
        (
            ("--engine", "warehouse", "--warehouse", "1", "--lake", "x"),
            "--lake does not go with a table",
        ),
        (("--engine", "spark", "--table", "audit", "--late", "soon"), "'soon' is no duration"),
        (
            ("--engine", "spark", "--table", "a", "--remote", "sc://127.0.0.1:9/;token=s3cr3t"),
            "127",
        ),
        (("--engine", "spark", "--table", "a", "--remote", "spark://host"), "is no address"),
        (("--engine", "spark", "--table", "a", "--remote", "databricks"), "databricks-connect is"),
        (("--engine", "warehouse", "--warehouse", "1"), "no deployment was given"),
    ],
)
def test_what_cannot_be_opened_is_said(options, what, monkeypatch):
    for name in ("DATABRICKS_HOST", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("LAKEWARDEN_LAKE", "/nowhere")
    monkeypatch.setenv("SPARK_REMOTE", "sc://nowhere")
    with pytest.raises(LakewardenError, match=what) as caught:
        CliRunner().invoke(cli, ["watch", "detect", *options], catch_exceptions=False)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.next_step


def test_spark_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match=r"pip install 'lakewarden\[spark\]'"), opened_spark():
        pass


def test_java_is_not_installed(tmp_path):
    asked = ("watch", "detect", "--engine", "spark", "--table", "audit")
    done = subprocess.run(
        [sys.executable, "-m", "lakewarden", *asked],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Install Java 17" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr

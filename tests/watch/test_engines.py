"""Every engine comes to the same alerts, at first and when more comes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from clients.loopback import TOKEN
from lakewarden.cli import cli
from lakewarden.clients.spark import opened as opened_spark
from lakewarden.errors import LakewardenError, UsageError
from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import no_events
from lakewarden.store.lake.given import put_events
from lakewarden.store.lake.lake import Lake
from lakewarden.watch.on_spark import LakeOnSpark
from sparks import remote_of
from watch.test_in_place import NEWEST, put_table, record

pytestmark = pytest.mark.xdist_group("spark")

RULES = ("--rule", "login.failed_burst", "--rule", "login.guessed", "--rule", "login.spray")
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


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run detect, and return what it found and how many rules looked."""
    monkeypatch.chdir(tmp_path)

    def detect(*options):
        moment = ("--as-of", "2026-03-02T10:00:00Z", "--format", "json")
        asked = ["watch", "detect", *RULES, *moment, *options]
        report = json.loads(CliRunner().invoke(cli, asked, catch_exceptions=False).stdout)
        return report["alerts"], report["events"], report["ran"]

    return detect


@pytest.fixture
def expected(run, tmp_path):
    """What DuckDB finds in both deliveries."""
    lake = Lake.create(str(tmp_path / "expected"))
    found = []
    for records in (EARLIER, LATER):
        deliver(lake, records)
        found.append(run("--lake", lake.url, "--store", f"sqlite:///{tmp_path}/expected.db"))
    assert [len(alerts) for alerts, *_ in found] == [1, 2]
    return found


def test_a_lake_on_spark(spark, run, expected, tmp_path):
    lake = Lake.create(str(tmp_path / "lake"))
    by = ("--engine", "spark", "--lake", lake.url, "--store", f"sqlite:///{tmp_path}/alerts.db")
    found = []
    for records in (EARLIER, LATER):
        deliver(lake, records)
        found.append(run(*by))
    assert found == expected
    assert run(*by) == ([], 0, 0)


def test_a_table_in_place_on_spark_and_on_a_warehouse(spark, run, expected, tmp_path, monkeypatch):
    from clients.warehouse_server import WAREHOUSE, Warehouse  # noqa: PLC0415  # needs pyspark

    served = Warehouse(spark.session)
    monkeypatch.setenv("DATABRICKS_HOST", served.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    try:
        for by in (("spark",), ("warehouse", "--warehouse", WAREHOUSE)):
            store = f"sqlite:///{tmp_path}/{by[0]}.db"
            found = []
            for records in (EARLIER, EARLIER + LATER):
                put_table(spark, "audit", records)
                more = ("--table", "audit", "--store", store)
                found.append(run("--engine", *by, *more)[0])
            assert found == [alerts for alerts, *_ in expected]
    finally:
        served.close()
    assert len(served.statements) > 6


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


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--engine", "warehouse"), "which warehouse"),
        (("--engine", "spark", "--warehouse", "1"), "--warehouse does not go with --engine spark"),
        (("--table", "audit"), "--table does not go with --engine duckdb"),
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
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/nowhere")
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

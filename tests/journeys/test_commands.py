"""The other commands: the catalogue, snapshots compared, the demo, the simulator in a process."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading

import pytest
import requests

from lakewarden.controls.kit.registry import controls

CLI = (sys.executable, "-m", "lakewarden")


def test_the_catalogue_as_json(run):
    result = run("controls", "--format", "json")
    entries = result.json["controls"]
    assert result.code == 0
    assert [e["id"] for e in entries] == [c.id for c in controls()]
    for entry in entries:
        assert entry["kind"] in {"check", "attestation"}
        assert re.fullmatch(r"P\d\d", entry["paper"][0])
        assert entry["shelf"]
        assert entry["threats"]
        assert {"PASS", "ATTESTED"} & {e["verdict"] for e in entry["examples"]}
        assert all(need["source"] and need["grant"] for need in entry["needs"])
        assert not any("{key}" in need["source"] for need in entry["needs"])
        assert isinstance(entry["fixable"], bool)


def test_every_shelf_has_controls():
    shelves = {c.shelf for c in controls()}
    assert shelves == {
        "compute", "identity", "keys", "logging", "network", "resilience", "storage", "vendor",
    }  # fmt: skip


@pytest.mark.parametrize("control", ["ip-access-lists", "sso-enforced"])
def test_a_control_explained(run, control):
    result = run("explain", control)
    assert result.code == 0
    for part in ("Section", "Reads", "Fix", "Examples", "UNKNOWN"):
        assert part in result.out
    told = run("explain", control, "--format", "json").json
    assert told["why"]
    assert told["fix"]


def test_the_catalogue_as_a_table(run):
    printed = run("controls").out
    assert "P06" in printed
    assert "critical" in printed


def test_the_catalogue_is_a_line_for_each_control_where_a_program_reads_it(run):
    lines = run("controls").out.splitlines()
    assert len(lines) == len(controls()) + 1
    for line, control in zip(lines[1:], controls(), strict=True):
        assert control.id in line.split()


def test_the_controls_that_share_the_concerns_of_another_catalogue(run):
    printed = run("controls", "--framework", "SAT").out
    assert re.search(r"NS-11 +ip-access-lists +intersects", printed)
    told = run("controls", "--framework", "sat", "--format", "json").json["controls"]
    assert told
    assert len(told) < len(controls())
    for entry in told:
        mapping = next(m for m in entry["maps"] if m["framework"] == "SAT")
        assert set(mapping) == {"framework", "id", "relation", "reason"}


def test_snapshots_compared(run, world, bare):
    served = world("typical")
    arguments = ("--no-aws", "--control", "ip-access-lists", "--control", "tokens-expire")
    for name in ("one", "two"):
        assert run("collect", *arguments, "--out", bare / name, world=served).code == 0
    assert run("diff", bare / "one", bare / "two").code == 0
    served.simulation.order(["GET /api/2.0/ip-access-lists=drop:label"])
    try:
        run("collect", *arguments, "--out", bare / "three", world=served)
    finally:
        served.simulation.order([])
    result = run("diff", bare / "one", bare / "three")
    assert result.code == 3
    assert "ip_lists" in result.out
    first = json.loads(
        run("diff", bare / "one", bare / "three", "--format", "json").out.split("\n")[0]
    )
    assert first["change"] == "changed"


def test_the_demo_says_what_it_did_and_where_the_report_is(bare):
    # In a process of its own: the same world may be served in this one, and its buckets are there.
    command = [*CLI, "demo", "--world", "fresh", "--out", str(bare / "report")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout
    assert done.returncode == 0, done.stderr
    assert "Started the world 'fresh'" in said
    assert re.search(r"Read \d+ records in \d+ collections", said)
    assert re.search(r"Plan: \d+ to add", said)
    assert "report.html" in said
    assert "0 missing, damaged or not signed as it should be, 14 not read by the backup" in said
    assert "equal to the backup" in said
    written = {"plan.json", "report.html", "report.json"}
    assert {p.name for p in (bare / "report").iterdir()} == written


@pytest.fixture
def simulator(bare):
    log = bare / "log.jsonl"
    command = [*CLI, "simulate", "--world", "fresh", "--request-log", str(log)]
    command += ["--cloudtrail-dir", str(bare / "cloudtrail")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    exports = {}
    for line in process.stdout:
        name, value = re.fullmatch(r"export (\w+)=(.*)\n", line).groups()
        exports[name] = value
        if name == "LAKEWARDEN_EVENTS":
            break
    yield process, exports, log
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_simulator_prints_its_environment_first_and_then_serves(simulator, bare):
    process, exports, log = simulator
    assert {
        "DATABRICKS_HOST",
        "DATABRICKS_TOKEN",
        "DATABRICKS_ACCOUNT_ID",
        "LAKEWARDEN_ACCOUNT_HOST",
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
    } <= exports.keys()
    answer = requests.get(
        f"{exports['DATABRICKS_HOST']}/api/2.0/preview/scim/v2/Me",
        headers={"Authorization": f"Bearer {exports['DATABRICKS_TOKEN']}"},
        timeout=10,
    )
    assert answer.json()["active"] is True
    ask = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sts/aws4_request"}
    told = requests.post(exports["AWS_ENDPOINT_URL"], data=ask, headers=signed, timeout=10)
    assert told.status_code == 200
    entry, _ = [json.loads(line) for line in log.read_text().splitlines()]
    assert (entry["method"], entry["path"], entry["status"]) == (
        "GET",
        "/api/2.0/preview/scim/v2/Me",
        200,
    )
    assert entry["principal"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    [delivered] = (bare / "cloudtrail").rglob("*.json.gz")
    [record] = json.loads(gzip.decompress(delivered.read_bytes()))["Records"]
    assert record["eventName"] == "GetCallerIdentity"


def _in_a_terminal(command, environment):
    """Run a command with its standard error on a terminal; return what it wrote there."""
    master, slave = pty.openpty()
    written = bytearray()

    def drain():
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:
                return
            if not data:
                return
            written.extend(data)

    reader = threading.Thread(target=drain)
    reader.start()
    subprocess.run(command, stderr=slave, stdout=subprocess.DEVNULL, env=environment, check=False)
    os.close(slave)
    reader.join(timeout=10)
    os.close(master)
    return bytes(written)


def test_progress_is_shown_on_a_terminal_and_nowhere_else(world, bare):
    served = world("typical")
    environment = {**os.environ, **served.environment, "TERM": "xterm"}
    command = [*CLI, "collect", "--no-aws", "--control", "tokens-expire", "--out", str(bare / "s")]
    assert b"100%" in _in_a_terminal(command, environment)
    piped = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert piped.stderr == b""


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is a thing of Linux")
def test_where_there_is_no_room_for_what_it_prints_it_says_so_in_one_line():
    command = [sys.executable, "-m", "lakewarden", "controls"]
    with open("/dev/full", "w") as full:  # noqa: PTH123  # a device
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "No space left on device" in done.stderr

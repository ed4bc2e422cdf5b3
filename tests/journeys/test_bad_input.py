"""Bad input gets one clear line, the right exit code, and leaves nothing half-written."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

_WAIVER = """
[[waivers]]
control = "{control}"
subject = "*"
reason = "r"
owner = "o"
expires = {year}-01-31
"""


def _one_line(result, code, *words):
    assert result.code == code, (result.out, result.err)
    lines = result.err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert "Traceback" not in result.err
    for word in words:
        assert word in lines[0], (word, lines[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("posture = \nx = 1\n", ["lakewarden.toml", "TOML", "line 1"]),
        ('posture = "paranoid"', ["lakewarden.toml", "posture", "paranoid", "high"]),
        ("[limit]\ntoken_days = 3", ["limit", "limits"]),
        (
            _WAIVER.format(control="tokens-expire", year=2020),
            ["waivers[1].expires", "2020-01-31", "Renew"],
        ),
        (
            _WAIVER.format(control="token-expire", year=2999),
            ["token-expire", "tokens-expire"],
        ),
    ],
)
def test_policy_file(run, bare, text, words):
    (bare / "lakewarden.toml").write_text(text)
    _one_line(run("assess", DATABRICKS_HOST="http://127.0.0.1:9"), 2, *words)


def test_policy_file_that_is_not_there(run):
    _one_line(run("assess", "--policy-file", "nowhere.toml"), 2, "nowhere.toml", "cannot be read")


def test_no_deployment_at_all(run):
    _one_line(run("assess"), 2, "no deployment", "DATABRICKS_HOST")


def test_unknown_control(run):
    _one_line(run("explain", "ip-acess-lists"), 2, "ip-acess-lists", "ip-access-lists")
    _one_line(run("assess", "--control", "nope", DATABRICKS_HOST="http://h"), 2, "nope")


def test_unknown_command_and_option(run):
    assert run("assses").code == 2
    assert run("assess", "--postur", "high").code == 2


def test_snapshot_that_is_none(run, bare):
    _one_line(run("assess", "--snapshot", bare), 2, "manifest.json", "lakewarden collect")


def _snapshot(run, world, bare):
    folder = bare / "snap"
    arguments = ("--control", "tokens-expire", "--no-aws", "--out", folder)
    assert run("collect", *arguments, world=world("typical")).code == 0
    return folder


def test_snapshot_with_a_cut_manifest(run, world, bare):
    folder = _snapshot(run, world, bare)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text()[:-40])
    _one_line(run("assess", "--snapshot", folder), 2, "manifest.json")


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: b"", lambda d: d[:-1]])
def test_snapshot_with_a_cut_part(run, world, bare, damage):
    folder = _snapshot(run, world, bare)
    written = json.loads((folder / "manifest.json").read_text())["collections"]
    tokens = next(c["sha256"] for c in written if c["kind"] == "tokens" and c["count"])
    [part] = folder.rglob(f"{tokens}.jsonl.gz")
    part.write_bytes(damage(part.read_bytes()))
    out = bare / "report.json"
    result = run(
        "assess", "--snapshot", folder, "--control", "tokens-expire", "--format", "json",
        "--output", out,
    )  # fmt: skip
    _one_line(result, 2, part.name)
    assert not out.exists()


def test_snapshot_that_somebody_edited(run, world, bare):
    folder = _snapshot(run, world, bare)
    manifest = folder / "manifest.json"
    data = json.loads(manifest.read_text())
    tokens = next(c for c in data["collections"] if c["kind"] == "tokens" and c["count"])
    other = next(c for c in data["collections"] if c["kind"] == "workspaces")
    target = folder / "objects" / tokens["sha256"][:2] / f"{tokens['sha256']}.jsonl.gz"
    source = folder / "objects" / other["sha256"][:2] / f"{other['sha256']}.jsonl.gz"
    target.write_bytes(source.read_bytes())
    assert run("assess", "--snapshot", folder, "--control", "tokens-expire").code == 2


def test_workspace_that_does_not_exist(run, world):
    result = run("assess", "--workspace", "9999", world=world("typical"))
    _one_line(result, 2, "9999", "2001 (ty-analytics)")


def test_snapshot_folder_in_use(run, world, bare):
    (bare / "precious").mkdir()
    (bare / "precious" / "thesis.tex").write_text("x")
    result = run("collect", "--out", bare / "precious", world=world("typical"))
    _one_line(result, 2, "thesis.tex")
    assert (bare / "precious" / "thesis.tex").read_text() == "x"


def test_dead_host_fails_in_seconds(run):
    began = time.monotonic()
    result = run("assess", DATABRICKS_HOST="http://127.0.0.1:9", DATABRICKS_TOKEN="t")
    assert time.monotonic() - began < 10
    _one_line(result, 1, "127.0.0.1:9", "cannot be reached")


def test_host_that_does_not_exist(run):
    result = run("assess", DATABRICKS_HOST="https://no-such-host.invalid", DATABRICKS_TOKEN="t")
    _one_line(result, 1, "no-such-host.invalid")


def test_no_credentials(run, world):
    result = run("assess", DATABRICKS_HOST=world("typical").environment["DATABRICKS_HOST"])
    _one_line(result, 1, "DATABRICKS_TOKEN")


def test_wrong_token(run, world):
    result = run("assess", world=world("typical"), DATABRICKS_TOKEN="dapi0123456789abcdef")
    _one_line(result, 1, "refused")
    assert "dapi0123456789abcdef" not in result.err + result.out


class _Page(BaseHTTPRequestHandler):
    """A web server that is no Databricks."""

    def do_GET(self):
        body = b"<html><title>Welcome</title></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_wrong_host(run):
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        host = f"http://127.0.0.1:{server.server_port}"
        result = run("assess", DATABRICKS_HOST=host, DATABRICKS_TOKEN="t")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    _one_line(result, 1, host)


def test_profile_that_does_not_exist(run):
    _one_line(run("assess", "--profile", "nobody"), 2, "nobody")


def test_events_that_are_no_folder(run, world, bare):
    result = run("assess", "--events", bare / "nope", world=world("typical"))
    _one_line(result, 2, "nope")


def test_a_fault_that_is_none(run):
    _one_line(run("simulate", "--fault", "GET everything"), 2, "GET everything")


def test_a_world_that_does_not_exist(run):
    _one_line(run("demo", "--world", "mars"), 2, "mars")

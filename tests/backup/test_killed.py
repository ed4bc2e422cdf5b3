"""Backups that are killed, taken up, and come to the same."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time

COMMAND = "from lakewarden.cli.backup import command; command()"
EXPORT = "/api/2.0/workspace/export"


def exports(log):
    return sum(json.loads(line)["path"] == EXPORT for line in log.read_text("utf-8").splitlines())


def started(kit, name):
    arguments = [sys.executable, "-c", COMMAND, "--to", kit.target(name), "--format", "json"]
    environment = {**os.environ, "DATABRICKS_HOST": kit.url}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True)


def root(process):
    out, _ = process.communicate(timeout=60)
    return json.loads(out)["root"]


def test_kill_it_anywhere_and_the_root_is_the_same(own, tmp_path):
    log = tmp_path / "requests.jsonl"
    kit = own(notebooks=100, latency_ms=20, request_log=log)
    clean = root(started(kit, "clean"))
    whole = exports(log)
    points = sorted(random.Random(7).sample(range(3, whole - 10), 2))
    for point in points:
        process = started(kit, "vault")
        while exports(log) < whole + point and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.communicate()
    assert exports(log) < 2 * whole
    assert root(started(kit, "vault")) == clean
    lost = exports(log) - 2 * whole
    assert lost <= 2 * 60, "a kill costs less than what a second reads"

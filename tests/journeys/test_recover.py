"""The way from a backup to a workspace that works again, as somebody walks it on a bad day."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from journeys.conftest import Served
from lakewarden.apply import run as applying
from lakewarden.cli.simulation import environment, start
from lakewarden.store.vault.signing import Signer

NOTEBOOK = "/Shared/handbook/connect-to-crm"
FAST = ("--share", "5000%")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """The typical world with an empty workspace beside it, to be changed at will."""
    monkeypatch.setattr(applying, "_SETTLING", (0.0, 0.1, 0.3))
    simulation = start("typical", tmp_path / "audit", standby=True, aws=False)
    variables = environment(simulation, "typical", tmp_path / "audit")
    variables |= {"LAKEWARDEN_CALLER_ADDRESS": "127.0.0.1"}
    variables |= {"XDG_STATE_HOME": str(tmp_path / "state")}
    yield Served("typical", simulation, variables, tmp_path / "log", tmp_path / "audit")
    simulation.close()


def exported(served, path=NOTEBOOK):
    answer = requests.get(
        f"{served.environment['DATABRICKS_HOST']}/api/2.0/workspace/export",
        params={"path": path, "format": "SOURCE"},
        headers={"Authorization": f"Bearer {served.simulation.token}"},
        timeout=10,
    )
    return base64.b64decode(answer.json()["content"]).decode() if answer.ok else None


def delete(served, path):
    requests.post(
        f"{served.environment['DATABRICKS_HOST']}/api/2.0/workspace/delete",
        json={"path": path, "recursive": True},
        headers={"Authorization": f"Bearer {served.simulation.token}"},
        timeout=10,
    ).raise_for_status()


def test_what_was_lost_comes_back_and_can_be_taken_back(served, run, tmp_path, monkeypatch):
    vault = tmp_path / "vault"
    assert run("backup", "--to", vault, "--format", "json", world=served).code == 0
    before = exported(served)
    delete(served, "/Shared/handbook")
    looked = run("restore", vault, "--paths", "/Shared/*", "--dry-run", *FAST, world=served)
    assert f"+ notebook {NOTEBOOK}" in looked.out
    assert exported(served) is None
    plan = tmp_path / "plan.json"
    run("restore", vault, "--paths", "/Shared/*", "--dry-run", "--out", plan, world=served)
    assert run("apply", plan, "--yes", world=served).code == 0
    assert exported(served) == before
    delete(served, NOTEBOOK)
    resume = ("restore", vault, "--resume", "latest", *FAST)
    assert run(*resume, "--dry-run", world=served).code == 4
    assert exported(served) is None
    assert run(*resume, "--yes", world=served).code == 0
    assert exported(served) == before
    taken_back = run("undo", "latest", "--yes", world=served)
    assert taken_back.code == 0, taken_back.err
    assert exported(served) is None
    other = str(tmp_path / "another machine")
    monkeypatch.setenv("XDG_STATE_HOME", other)
    look = ("restore", vault, "--dry-run", "--yes", "--format", "json")
    signed = run(*look, world=served, XDG_STATE_HOME=other)
    assert "which nothing here vouches for" in signed.err
    assert signed.json["counts"]["create"] > 0
    Signer.of_this_machine()
    refused = run("restore", vault, "--dry-run", world=served, XDG_STATE_HOME=other)
    assert (refused.code, "--any-signer" in refused.err) == (1, True)
    altered = json.loads(plan.read_text("utf-8"))
    altered["changes"][0]["target"]["key"] = "/Shared/other"
    plan.write_text(json.dumps(altered), "utf-8")
    assert "altered" in run("apply", plan, "--yes", world=served).err


def test_a_drill_says_whether_all_comes_back_and_a_standby_takes_over(served, run, tmp_path):
    vault, standby = tmp_path / "vault", str(served.simulation.standby)
    assert run("backup", "--to", vault, "--format", "json", world=served).code == 0
    used = run("drill", vault, "--into", "2002", "--yes", world=served)
    assert "is not empty" in used.err
    drill = run(
        *("drill", vault, "--into", standby, "--yes", "--format", "json", *FAST), world=served
    )
    assert drill.code == 4, drill.err
    assert drill.json["equal"] is True
    assert {one["kind"] for one in drill.json["left"]} == {"secret"}
    assert drill.json["kinds"]["job"]["changes"] > 0

    to = ("--to-workspace", standby, *FAST)
    looked = run("sync", vault, *to, "--dry-run", "--format", "json", world=served)
    assert (looked.code, looked.json["recovery_point_seconds"]) == (4, None)
    first = run("sync", vault, *to, "--overwrite", "--yes", "--format", "json", world=served)
    assert first.json["failed"] == []
    assert first.json["recovery_point_seconds"] > 0
    awake = run("restore", vault, *to, "--overwrite", "--dry-run", world=served)
    assert (awake.code, "and this is a standby" in awake.err) == (2, True)
    status = run("sync", vault, "--status", "--format", "json", world=served).json["pairs"]
    assert [(pair["standby"], pair["role"]) for pair in status] == [(standby, "stands by")]
    over = run("failover", vault, *to, "--yes", "--format", "json", world=served)
    assert over.code == 0, over.err
    assert over.json["asleep"] == 0
    assert over.json["runs"].keys() == {"fence", "work"}
    assert "has taken over" in run("sync", vault, *to, "--yes", world=served).err
    assert run("backup", "--to", vault, "--accept-changes", world=served).code == 0
    west = tmp_path / "west.toml"
    west.write_text('[principals]\n"ines.oliveira@typical.example" = "ines@west.example"\n')
    look = ("--back", "--map", west, "--dry-run", "--yes", "--format", "json")
    shown = run("failover", vault, *to, *look, world=served)
    assert (shown.code, bool(shown.json["fence"]["changes"])) == (4, True)
    assert "west.example" not in shown.out
    back = run("failover", vault, *to, "--back", "--yes", world=served)
    assert "What is left for people" in back.out
    assert "~ job weekly-report" in back.out
    fenced = run("sync", vault, *to, "--dry-run", world=served)
    assert "everything is paused in it" in fenced.err
    earlier = ("--run", over.json["backup"])
    assert run("sync", vault, *to, *earlier, "--dry-run", world=served).code == 4
    assert run("undo", first.json["run"], "--yes", world=served).code in {0, 4}
    known = run("sync", vault, "--status", "--format", "json", world=served).json["pairs"]
    assert known == []

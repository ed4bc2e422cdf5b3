"""`lakewarden backup` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakewarden.cli import cli
from lakewarden.cli import main as lakewarden


@pytest.fixture
def backup(own, monkeypatch, capsys):
    """Run the command against a world; its exit code, and what it printed."""

    def of(kit, *arguments, command="backup", to="vault"):
        monkeypatch.setenv("DATABRICKS_HOST", kit.url)
        target = ["--to", kit.target(to)] if command == "backup" else []
        monkeypatch.setattr("sys.argv", ["lakewarden", *command.split(), *target, *arguments])
        with pytest.raises(SystemExit) as ended:
            lakewarden()
        return ended.value.code or 0, *capsys.readouterr()

    assert "backup" in cli.list_commands(None)
    return of


def test_it_prints_what_a_script_wants_to_know(backup, kit):
    code, out, _ = backup(kit, "--format", "json")
    told = json.loads(out)
    assert code == 0
    assert {"run", "root", "objects", "bytes", "incomplete", "errors"} <= set(told)
    assert told["incomplete"] == told["errors"] == []
    code, out, _ = backup(kit)
    assert code == 0
    assert told["root"] in out
    code, out, _ = backup(kit, kit.target(), command="verify")
    assert code == 0
    assert "all is there and whole" in out
    newest = max(Path(kit.target(), "runs").glob("*.json"))
    newest.unlink()
    code, _, err = backup(kit)
    assert code == 0
    assert f"{newest.stem} is missing, and was the newest" in err


def test_what_could_not_be_read_is_told_with_exit_code_4(backup, own):
    kit = own(notebooks=3)
    with kit.broken("GET /api/2.1/clusters/list=403"):
        code, out, _ = backup(kit, "--kinds", "cluster", "--format", "json")
    assert code == 4
    [cluster] = json.loads(out)["incomplete"]
    assert cluster["kind"] == "cluster"
    assert cluster["what"].startswith("forbidden")


def test_a_mass_change_is_told_with_exit_code_3_and_accepted(backup, own):
    kit = own(notebooks=30)
    assert backup(kit, "--kinds", "notebook")[0] == 0
    for path in sorted(kit.simulation.account.workspaces[kit.workspace].table("workspace-objects")):
        if path.startswith("/Shared/estate/") and "/notebook " in path:
            kit.host().send("POST", "/api/2.0/workspace/delete", {"path": path})
    code, out, _ = backup(kit, "--kinds", "notebook")
    assert code == 3
    assert "notebook: 0 changed and 30 gone of" in out
    assert "--accept-changes" in out
    code, _, err = backup(kit, "--kinds", "notebook", "--accept-changes")
    assert code == 0
    assert "taking up the run" in err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--kinds", "jobs"], "there is no kind jobs"),
        (["--paths", "Shared/*"], "no path of the workspace"),
        (["--share", "0%"], "no share"),
        (["--recipient", "age1x"], "--secret-values"),
        (["--secret-values"], "nobody is named"),
        (["--secret-values", "--recipient", "x"], "no age public key"),
        (["--lock-days", "3"], "s3://"),
        (["--workspace", "nowhere"], "workspace nowhere"),
        (["--acls-from-audit", "/nowhere"], "/nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused_with_one_line(backup, own, arguments, what):
    kit = own()
    code, _, err = backup(kit, *arguments)
    assert code == 2
    assert what in err
    assert len(err.splitlines()) < 6
    assert not Path(kit.target()).exists()


def test_permissions_that_the_audit_log_says_were_changed_are_read_at_once(backup, own, tmp_path):
    kit = own(notebooks=12, audit_dir=tmp_path / "audit")
    _, out, _ = backup(kit, "--format", "json")
    path = "/Shared/estate/area 0/team 0/topic 0/notebook 0"
    found = kit.host().get("/api/2.0/workspace/get-status", {"path": path})
    grant = {"group_name": "users", "permission_level": "CAN_RUN"}
    where = f"/api/2.0/permissions/notebooks/{found['object_id']}"
    kit.host().send("PATCH", where, {"access_control_list": [grant]})
    kit.simulation.deliver()
    lake = str(tmp_path / "lake")
    source = ["--source", "databricks", "--lake", lake]
    assert backup(kit, str(tmp_path / "audit"), *source, command="watch ingest")[0] == 0
    code, again, _ = backup(kit, "--acls-from-audit", lake, "--format", "json")
    assert code == 0
    told = json.loads(again)
    assert told["calls"]["permissions"] == 1
    assert told["permissions"]["changed"] == 1
    assert told["root"] != json.loads(out)["root"]
    assert told["root"] == json.loads(backup(kit, "--format", "json", to="other")[1])["root"]

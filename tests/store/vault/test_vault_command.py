"""`lakewarden vault`: the runs of a vault, and which of them stay."""

from __future__ import annotations

import json
from dataclasses import replace

from click.testing import CliRunner

from lakewarden.cli.vault import command
from store.vault.vaults import HOST, RUN, assets, backed_up

_LATER = replace(RUN, id="20261128T010203Z-a1b2c3", ended="2026-11-28T02:00:00Z")


def _run(*arguments, code=0):
    done = CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)
    assert done.exception is None, done.exception
    assert done.return_value == code, done.output
    return done.output


def test_runs_are_listed_held_released_and_pruned(tmp_path):
    vault = tmp_path / "v"
    backed_up(vault, tmp_path / "spool")
    big = {"kind": "file", "key": "/big", "what": "is larger than 10 MB"}
    run = backed_up(vault, tmp_path / "spool", assets(8), replace(_LATER, incomplete=(big,)))
    assert _run("hold", vault, RUN.id) == ""
    first, second = _run("runs", vault).splitlines()
    assert first == f"{RUN.id}  {RUN.ended}  {HOST}  7 objects, 0.0 MB, complete, held"
    assert second.endswith("9 objects, 0.0 MB, incomplete")
    told = json.loads(_run("runs", vault, "--format", "json"))[1]
    assert (told["run"], told["root"], told["held"]) == (_LATER.id, run.root, False)
    assert _run("prune", vault, "--keep", "1") == "runs deleted: 0, packs deleted: 0\n"
    _run("release", vault, RUN.id)
    assert f"deleted {RUN.id}\nruns deleted: 1, " in _run("prune", vault, "--keep", "1")
    assert len(_run("runs", vault).splitlines()) == 1
    (vault / "runs" / f"{_LATER.id}.json").write_bytes(b"{}")
    assert "the manifest cannot be read" in _run("runs", vault, code=1)

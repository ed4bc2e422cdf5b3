from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.conformance import databricks_cli
from tools.conformance.commands import Command, Realm, identities, table
from tools.conformance.tally import Tally

from lakewarden.simulate import start

LISTED = Command(run="things list", reads="/things", id="of.id", envelope="things")
ENOUGH = 30
FEW = {"current-user me", "users list", "clusters list", "jobs list", "ip-access-lists list"}


@pytest.fixture(scope="module")
def realms() -> Iterator[dict[str, Realm]]:
    with start("high-security", aws=False, drawn=databricks_cli.DRAWN) as running:
        account = f"/api/2.0/accounts/{running.account_id}"
        yield {
            "workspace": Realm(running.workspace_urls[3001], running.token),
            "account": Realm(running.account_host, running.token, account),
        }


def test_every_direct_read_of_the_table_is_answered_with_identities(realms):
    asked = empty = 0
    for name, commands in table().items():
        first: dict[str, str] = {}
        for command in commands:
            assert not command.of or command.of in first, f"{command.run} needs {command.of}"
            found = realms[name].identities(command, first.get(command.of, ""))
            asked, empty = asked + 1, empty + (not found)
            first |= {command.run: found[0]} if found else {}
    assert asked >= ENOUGH
    assert empty < asked / 4, "most lists must have something in them, or nothing is compared"


@pytest.mark.parametrize(
    "answer",
    [
        [{"of": {"id": 2}}, {"of": {"id": 1}}],
        {"things": [{"of": {"id": 1}}, {"of": {"id": 2}}], "next_page_token": ""},
    ],
)
def test_lists_are_read_bare_and_in_their_envelope(answer):
    assert identities(answer, LISTED) == ["1", "2"]


def test_an_item_without_identity_is_an_error():
    with pytest.raises(KeyError):
        identities([{"of": {}}], LISTED)


def stand_in(folder: Path, answer: object, code: int = 0) -> Path:
    """Write a program that answers every command alike."""
    program = folder / "cli"
    said = json.dumps(json.dumps(answer))
    program.write_text(f"#!{sys.executable}\nprint({said})\nraise SystemExit({code})\n", "utf-8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("drop", "code", "outcome"), [(0, 0, (1, 0)), (1, 0, (0, 1)), (0, 1, (0, 1))]
)
def test_an_answer_passes_only_when_it_holds_what_is_held(
    realms, tmp_path, capsys, drop, code, outcome
):
    command = next(c for c in table()["workspace"] if c.run == "clusters list")
    held = realms["workspace"].identities(command, "")
    program = stand_in(tmp_path, [{"cluster_id": name} for name in held[drop:]], code)
    tally = Tally("a stand-in")
    databricks_cli._compare(program, realms["workspace"], command, "", tally)
    assert (tally.passed, tally.failed) == outcome
    assert tally.close() == outcome[1]
    assert capsys.readouterr().out.endswith(
        f"{outcome[0]} passed, {outcome[1]} failed, 0 did not run\n"
    )


def test_without_a_toolchain_nothing_runs_and_that_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(databricks_cli, "BINARY", tmp_path / "none")
    monkeypatch.setattr(databricks_cli.shutil, "which", lambda name: None)
    assert databricks_cli.main() == 0
    out = capsys.readouterr().out
    assert "no Go toolchain" in out
    assert "0 passed, 0 failed" in out


@pytest.mark.skipif(
    not databricks_cli.BINARY.exists(), reason="the CLI is not built; `make conformance` builds it"
)
@pytest.mark.parametrize("run", sorted(FEW))
def test_the_official_cli_lists_what_is_held(realms, run):
    command = next(c for c in table()["workspace"] if c.run == run)
    tally = Tally(run)
    databricks_cli._compare(databricks_cli.BINARY, realms["workspace"], command, "", tally)
    assert (tally.passed, tally.failed) == (1, 0)

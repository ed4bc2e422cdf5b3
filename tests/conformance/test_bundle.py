from __future__ import annotations

import pytest
from tools.conformance import bundle, databricks_cli

SCHEMA = {
    "type": "object",
    "properties": {"bundle": {"type": "object", "required": ["name"]}},
    "required": ["bundle"],
}


def test_files_that_break_the_schema_are_named(tmp_path):
    folder = bundle.written("serverless", tmp_path, "5f1e7a10-0000-4000-8000-000000000002")
    said = list(bundle.complaints(folder, SCHEMA))
    files = sorted(file.name for file in folder.glob("resources/*.yml"))
    assert [each.split(": ")[0] for each in said] == files
    assert all("'bundle' is a required property" in each for each in said)


def test_without_a_cli_nothing_runs_and_that_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(databricks_cli, "BINARY", tmp_path / "none")
    monkeypatch.setattr(databricks_cli.shutil, "which", lambda name: None)
    assert bundle.main() == 0
    assert "0 passed, 0 failed, 2 did not run" in capsys.readouterr().out


@pytest.mark.skipif(
    not databricks_cli.BINARY.exists(), reason="the CLI is not built; `make conformance` builds it"
)
def test_the_official_cli_takes_the_bundles(capsys):
    assert bundle.main() == 0
    assert "6 passed, 0 failed, 0 did not run" in capsys.readouterr().out

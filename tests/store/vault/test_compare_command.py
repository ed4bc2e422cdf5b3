"""`lakewarden vault diff`: what changed between two runs, and what nobody can know."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from lakewarden.cli.vault import command
from lakewarden.errors import UsageError
from lakewarden.store.vault.compare import What, compare
from lakewarden.store.vault.manifest import Collection, Status
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.signing import Signer
from store.vault.vaults import RUN, backed_up, listed, put

LATER = replace(RUN, id="20261128T010203Z-a1b2c3", ended="2026-11-28T02:00:00Z")
READ = [{"group_name": "users", "permission_level": "CAN_READ"}]
MANAGE = [{"group_name": "users", "permission_level": "CAN_MANAGE"}]
BEFORE = [
    ("job", "gone", {"name": "gone"}, READ, None),
    ("job", "kept", {"name": "kept", "schedule": {"cron": "0 0 5", "zone": "UTC"}}, READ, None),
    ("job", "same", {"name": "same"}, READ, None),
    ("notebook", "/n", {"language": "PYTHON"}, READ, b"one\ntwo\n"),
]
AFTER = [
    ("job", "kept", {"name": "kept", "schedule": {"cron": "0 0 6", "zone": "UTC"}}, MANAGE, None),
    ("job", "new", {"name": "new"}, READ, None),
    ("job", "same", {"name": "same"}, READ, None),
    ("notebook", "/n", {"language": "PYTHON"}, READ, b"one\nthree\n"),
]


def made(folder, things, run, **changed):
    """Make a run of which some collections ended otherwise."""
    with opened(str(folder / "v"), spool=folder / "spool", create=True) as vault:
        entries = put(vault, things)
        lists = listed(entries) | changed.pop("lists", {})
        return vault.seal(
            replace(run, collections=lists, **changed), entries, Signer.of_this_machine()
        )


def found(folder, before, after):
    with opened(str(folder / "v")) as vault:
        return {(d.kind, d.key): (d.what, d.why) for d in compare(vault, before, after)}


def told(*arguments, code):
    done = CliRunner().invoke(command, ["diff", *map(str, arguments)], standalone_mode=False)
    assert done.exception is None, done.exception
    assert done.return_value == code, done.output
    return done.stdout


def test_what_changed_is_told_by_place_and_line(tmp_path):
    made(tmp_path, BEFORE, RUN)
    made(tmp_path, AFTER, LATER)
    assert told(tmp_path / "v", code=3).splitlines() == [
        "- job gone",
        "~ job kept",
        "    definition.schedule.cron",
        "    permissions",
        "+ job new",
        "~ notebook /n",
        "    content",
    ]
    lines = told(tmp_path / "v", RUN.id, LATER.id, "--patch", code=3).splitlines()
    assert {"-two", "+three", '-    "cron": "0 0 5",', '+    "cron": "0 0 6",'} <= set(lines)
    assert not [line for line in lines if "zone" in line and line[0] in "+-"]
    first = json.loads(told(tmp_path / "v", "--format", "json", code=3).splitlines()[1])
    assert (first["change"], first["key"], len(first["places"])) == ("changed", "kept", 2)
    assert told(tmp_path / "v", LATER.id, code=0) == ""


@pytest.mark.parametrize(
    ("older", "newer", "unknown"),
    [
        ({}, {"lists": {"job": Collection(Status.PARTIAL, 3, ("403",))}}, {"gone"}),
        ({"lists": {"job": Collection(Status.PARTIAL, 3, ("403",))}}, {}, {"new"}),
        ({}, {"errors": ({"kind": "job", "key": "gone", "what": "500"},)}, {"gone"}),
        ({"notes": {"selection": {"paths": ["/Shared/*"]}}}, {}, {"new"}),
    ],
)
def test_what_was_not_seen_is_neither_new_nor_gone(tmp_path, older, newer, unknown):
    before, after = made(tmp_path, BEFORE, RUN, **older), made(tmp_path, AFTER, LATER, **newer)
    got = found(tmp_path, before, after)
    assert {key for (_, key), (what, _) in got.items() if what is What.UNKNOWN} == unknown
    assert all(why for what, why in got.values() if what is What.UNKNOWN)


def test_parts_that_one_run_could_not_read_do_not_differ(tmp_path):
    job = ("job", "kept", {"name": "kept"}, READ, None)
    before = made(tmp_path, [job], RUN)
    lost = ({"kind": "job", "key": "kept", "what": "its permissions: 403"},)
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool") as vault:
        entries = [replace(entry, acl=None) for entry in put(vault, [job])]
        run = replace(LATER, collections=listed(entries), incomplete=lost)
        after = vault.seal(run, entries, Signer.of_this_machine())
    said = What.UNKNOWN, "permissions: not read by both"
    assert found(tmp_path, before, after) == {("job", "kept"): said}
    told(tmp_path / "v", code=4)


def test_of_a_secret_it_is_said_that_its_value_is_another_one_and_no_more(tmp_path):
    for run, value in ((RUN, b"one"), (LATER, b"two")):
        with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
            [entry] = put(vault, [("secret", "scope/name", {"key": "name"}, [], None)])
            keyed = hashlib.sha256(value).hexdigest()
            entries = [replace(entry, content=keyed, cipher=vault.put(b"age" + value))]
            asked = {"selection": {"values": True}}
            whole = replace(run, collections=listed(entries), notes=asked)
            vault.seal(whole, entries, Signer.of_this_machine())
    lines = told(tmp_path / "v", "--patch", code=3).splitlines()
    assert lines[-1] == "secret scope/name (content): another value"
    assert "two" not in str(lines)


def test_a_kind_that_one_run_was_not_asked_for_is_said_and_not_compared(tmp_path):
    before, after = made(tmp_path, BEFORE, RUN), made(tmp_path, AFTER[:3], LATER)
    got = found(tmp_path, before, after)
    assert got["notebook", ""] == (What.UNKNOWN, f"is no part of {LATER.id}")
    assert ("notebook", "/n") not in got


def test_a_single_run_and_runs_of_two_workspaces_are_not_compared(tmp_path):
    backed_up(tmp_path / "v", tmp_path / "spool")
    for arguments, said in [([], "there is no run of"), ([RUN.id, LATER.id], "is of https")]:
        done = CliRunner().invoke(command, ["diff", str(tmp_path / "v"), *arguments])
        assert isinstance(done.exception, UsageError)
        assert said in str(done.exception)
        made(tmp_path, BEFORE, replace(LATER, host="https://two.cloud.databricks.com"))

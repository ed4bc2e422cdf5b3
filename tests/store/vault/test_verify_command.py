"""`lakewarden verify`: what it says, and what its exit code is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from lakewarden.cli.vaults import tell_of_lacks
from lakewarden.cli.verify import command
from lakewarden.errors import LakewardenError, UsageError, VaultError
from lakewarden.store.vault.manifest import Collection, Status
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.prune import hold, prune, release
from lakewarden.store.vault.signing import Signer
from lakewarden.store.vault.work import Work
from store.vault.vaults import RUN, assets, backed_up, listed, put

_LATER = replace(RUN, id="20261128T010203Z-a1b2c3", ended="2026-11-28T02:00:00Z")


def _verify(*arguments, code=0):
    done = CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)
    if isinstance(done.exception, LakewardenError):
        raise done.exception
    assert done.exception is None, done.exception
    assert done.return_value == code, done.output
    return done.stdout


@pytest.fixture
def vault(tmp_path, machine):
    machine("state")
    backed_up(tmp_path / "v", tmp_path / "spool")
    backed_up(tmp_path / "v", tmp_path / "spool", assets(8), _LATER)
    return tmp_path / "v"


def test_what_is_whole_is_said_to_be(vault, tmp_path, machine):
    said = _verify(vault)
    assert "all is there and whole" in said
    assert f"{_LATER.id}  {RUN.host}  9 objects  root " in said
    assert RUN.id not in said
    assert said.endswith("not looked at (--all): 1\n")
    for arguments in (("--run", RUN.id), ("--as-of", "2026-11-27")):
        assert _verify(vault, *arguments).startswith(RUN.id)
    told = json.loads(_verify(vault, "--all", "--format", "json"))
    assert [run["run"] for run in told["runs"]] == [RUN.id, _LATER.id]
    assert (told["whole"], told["problems"], told["others"]) == (True, [], 0)
    key = tmp_path / "state" / "lakewarden" / "backup" / "signing.pub"
    machine("other")
    _verify(vault, "--public-key", key)
    other = Signer.of_this_machine().public.text
    (tmp_path / "hex").write_text(other)
    assert "is signed by another key" in _verify(vault, "--public-key", tmp_path / "hex", code=1)
    assert "is signed by another key" in _verify(vault, code=1)


def test_what_is_damaged_is_named(vault):
    [first, *_] = sorted((vault / "packs").rglob("*.pack"), key=lambda pack: -pack.stat().st_size)
    first.unlink()
    told = json.loads(_verify(vault, "--all", "--format", "json", code=1))
    assert not told["whole"]
    assert {
        "run": RUN.id,
        "kind": "notebook",
        "key": "/Users/a@b.c/n 3",
        "what": "its content: is missing",
        "where": "",
        "incomplete": False,
    } in told["problems"]
    (vault / "runs" / f"{RUN.id}.json").write_bytes(b"{}")
    said = _verify(vault, "--all", code=1)
    assert f"the manifest cannot be read ({vault}/runs/{RUN.id}.json)" in said
    with pytest.raises(VaultError, match="Name the run that is meant by its id"):
        _verify(vault)


def test_a_run_that_somebody_took_out_from_between_others_is_missed(vault, tmp_path):
    last = replace(RUN, id="20261129T010203Z-a1b2c3", ended="2026-11-29T02:00:00Z")
    backed_up(vault, tmp_path / "spool", assets(8), last)
    with opened(str(vault)) as opening:
        hold(opening, RUN.id)
        assert prune(opening, 1).runs == (_LATER.id,)
        release(opening, RUN.id)
    _verify(vault, "--all")
    (vault / "holds" / RUN.id).unlink()
    said = _verify(vault, "--all", code=1)
    assert f"{last.id}: the run before it, {_LATER.id}, is missing" in said
    (vault / "runs" / f"{RUN.id}.json").unlink()
    _verify(vault, "--all")


@pytest.mark.parametrize("arguments", [(), ("--all",)])
def test_the_machine_that_made_the_newest_run_misses_it(vault, monkeypatch, arguments):
    monkeypatch.chdir(vault.parent)
    with Work.open(RUN.host, "./v") as work:
        work.sealed(_LATER, "./v")
    _verify(vault, *arguments)
    for file in (vault / "runs").glob(f"{_LATER.id}*"):
        file.unlink()
    assert f"{_LATER.id}: is missing, and was the newest" in _verify(vault, *arguments, code=1)
    _verify(vault, "--run", RUN.id)
    newer = replace(RUN, id="20261129T010203Z-a1b2c3", ended="2026-11-29T02:00:00Z")
    backed_up(vault, vault.parent / "spool", assets(8), newer)
    _verify(vault)


def test_what_the_backup_could_not_read_is_incomplete_and_not_damaged(tmp_path):
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
        entries = [each for each in put(vault, assets(2)) if each.kind == "notebook"]
        entries[0] = replace(entries[0], key="/\x1b[2J")
        collections = {
            **listed(entries),
            "pipeline": Collection(Status.DISABLED),
            "policy": Collection(Status.FORBIDDEN, 0, ("403",)),
        }
        big = {"kind": "notebook", "key": "/big", "what": "is larger than 10 MB"}
        run = replace(RUN, collections=collections, incomplete=(big,))
        vault.seal(run, sorted(entries, key=lambda entry: entry.order), Signer.of_this_machine())
    said = _verify(tmp_path / "v", code=4).splitlines()
    assert said[:4] == [
        f"{RUN.id} policy: the collection is forbidden (403)",
        f"{RUN.id} notebook /big: is larger than 10 MB",
        f"{RUN.id} notebook /\\u001b[2J: refers to policy small, which is not in the run",
        f"{RUN.id} notebook /Users/a@b.c/n 1: refers to policy small, which is not in the run",
    ]
    assert said[-1] == "0 missing, damaged or not signed as it should be, 4 not read by the backup"


def test_a_reference_that_leads_nowhere_is_damage_where_the_kind_was_listed(tmp_path):
    things = [("policy", "other", {}, [], None), *list(assets(1))[1:]]
    backed_up(tmp_path / "v", tmp_path / "spool", things)
    said = _verify(tmp_path / "v", code=1)
    assert "notebook /Users/a@b.c/n 0: refers to policy small, which is not in the run" in said


def test_a_reference_to_what_could_not_be_read_is_incomplete(tmp_path):
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
        entries = [each for each in put(vault, assets(1)) if each.kind == "notebook"]
        small = {"kind": "policy", "key": "small", "what": "server error"}
        collections = {**listed(entries), "policy": Collection(Status.COMPLETE, 1)}
        run = replace(RUN, collections=collections, errors=(small,))
        vault.seal(run, entries, Signer.of_this_machine())
    assert "0 missing, damaged" in _verify(tmp_path / "v", code=4)


@pytest.mark.parametrize("data", [b"no json", b'{"$asset": "policy"}', b"[" * 100_000])
def test_a_definition_that_is_none_is_damage(tmp_path, data):
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
        [entry] = [replace(e, spec=vault.put(data)) for e in put(vault, assets(0))]
        vault.seal(replace(RUN, collections=listed([entry])), [entry], Signer.of_this_machine())
    assert "policy small: its spec: is no definition" in _verify(tmp_path / "v", code=1)


def test_a_run_of_a_part_is_not_said_to_be_of_all(tmp_path, capsys):
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
        asked = {"kinds": ["job"], "without": ["user", "/Users/*"], "paths": [], "values": False}
        run = replace(RUN, notes={"selection": asked}, collections={})
        vault.seal(run, [], Signer.of_this_machine())
    assert "0 objects (only job; without user, /Users/*)  root" in _verify(tmp_path / "v")
    tell_of_lacks(replace(run, errors=({"kind": "job", "key": "j", "what": "500"},)))
    of, lacks = capsys.readouterr().err.splitlines()
    assert of == f"{RUN.id} is of a part of {RUN.host}: only job; without user, /Users/*"
    assert "could not read everything" in lacks


def test_wrong_usage_is_told(vault, tmp_path):
    for arguments, said in (
        ((tmp_path / "nowhere",), "there is no vault"),
        ((vault, "--run", "x"), "there is no run x"),
        ((vault, "--as-of", "2026-11-01"), "there is no run from before"),
        ((vault, "--host", "https://two"), "has no run of https://two"),
        ((vault, "--public-key", tmp_path / "nothing"), "cannot be read"),
    ):
        with pytest.raises(UsageError, match=said):
            _verify(*arguments)
    done = CliRunner().invoke(command, [str(vault), "--all", "--run", "x"])
    assert done.exit_code == 2
    assert "exclude each other" in done.output
    done = CliRunner().invoke(command, [str(vault), "--as-of", "soon"])
    assert done.exit_code == 2


def test_a_vault_without_a_run_is_not_whole(tmp_path):
    opened(str(tmp_path / "v"), create=True).close()
    assert "there is no run" in _verify(tmp_path / "v", "--all", code=1)
    with pytest.raises(UsageError, match="has no run"):
        _verify(tmp_path / "v")

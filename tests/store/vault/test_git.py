"""A vault in a git repository: readable, and nobody's files are touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dulwich import porcelain
from dulwich.object_store import iter_tree_contents
from dulwich.objects import Blob, Commit
from dulwich.repo import Repo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakewarden.errors import LakewardenError, UsageError, VaultError
from lakewarden.store.vault.git_objects import GitObjects, Writing
from lakewarden.store.vault.manifest import Entry, digest_of
from lakewarden.store.vault.opened import opened
from store.vault.vaults import RUN, assets, backed_up, contents, listed, problems

_LATER = replace(RUN, id="20261128T010203Z-a1b2c3", ended="2026-11-28T02:00:00Z")
_BRANCH = b"refs/heads/lakewarden/one-cloud-databricks-com"


def _files(path, branch=_BRANCH):
    with Repo(str(path)) as repo:
        tree = repo[repo.refs[branch]].tree
        return {
            entry.path.decode(): repo[entry.sha].data
            for entry in iter_tree_contents(repo.object_store, tree)
        }


def _commit(path, changes):
    """Commit changed files upon the branch, as somebody might."""
    with Repo(str(path)) as repo:
        files = {name: data for name, data in (_files(path) | changes).items() if data is not None}
        writing = Writing(repo.object_store, lambda error: error)
        for name, data in files.items():
            writing.file(name, data)
        tip = repo.refs[_BRANCH]
        repo.refs[_BRANCH] = writing.commit(tip, 0, "Tidy up")


@pytest.fixture
def git(tmp_path):
    backed_up(f"git+{tmp_path / 'v'}", tmp_path / "spool")
    return tmp_path / "v"


def test_a_run_is_a_commit_of_readable_files_with_the_root_that_a_folder_has(git, tmp_path):
    folder = backed_up(tmp_path / "folder", tmp_path / "other")
    with opened(str(git)) as vault:
        [run] = vault.runs()
        assert (run.root, run.size, run.objects) == (folder.root, folder.size, 7)
        assert vault.get(digest_of(b"print(3)")) == b"print(3)"
    assert contents(git) == contents(tmp_path / "folder")
    assert problems(git) == []
    files = _files(git)
    assert files["workspace/Users/a@b.c/n 3.py"] == b"print(3)"
    document = json.loads(files["notebook/Users/a@b.c/n 3.json"])
    assert document["spec"]["policy"] == {"$asset": "policy", "key": "small"}
    assert document["acl"] == [{"group_name": "users", "permission_level": "CAN_READ"}]
    assert len(files) == 7 + 6 + 1
    with Repo(str(git)) as repo:
        assert repo.head() == repo.refs[_BRANCH]  # `git log` shows it in a repository of its own
        first = repo[repo.head()].message.decode().splitlines()
    assert first[0] == "Back up https://one.cloud.databricks.com: 7 assets, 14 files changed"
    assert f"Root: {run.root}" in first


def test_the_difference_of_two_runs_is_what_changed_and_both_can_be_read(git, tmp_path):
    before = _files(git)
    later = backed_up(git, tmp_path / "spool", assets(7, "print({})  # new"), _LATER)
    assert later.previous == RUN.id
    after = _files(git)
    changed = {name for name in after if before.get(name) != after[name]}
    assert len(changed) == 2 * 7 + 1  # content and digest of each notebook, and run.json
    assert contents(git)["notebook", "/Users/a@b.c/n 3"][2] == b"print(3)"
    assert contents(git, _LATER.id)["notebook", "/Users/a@b.c/n 3"][2] == b"print(3)  # new"
    with opened(str(git)) as vault:
        assert not vault.has(digest_of(b"print(3)"))  # the newest run has it no more
        assert vault.get(digest_of(b"print(3)")) == b"print(3)"
        with pytest.raises(VaultError, match="is missing"):
            vault.get("0" * 64)
        with pytest.raises(UsageError, match="there is no run"):
            vault.manifest("x")
    assert problems(git) == []


_NAME = st.text(st.sampled_from("aAbßSs.%:~ \\\u212a\x00\ud800") | st.characters(), min_size=1)
_KEYS = st.lists(_NAME, min_size=1, max_size=3).map(lambda names: "/" + "/".join(names)) | _NAME


@given(st.dictionaries(_KEYS, st.binary(max_size=5), min_size=1, max_size=12))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_things_are_called_no_file_system_mixes_them_up(tmp_path_factory, things):
    folder = tmp_path_factory.mktemp("names")
    things |= {"/a": b"1", "/A": b"2", "/a.py": b"3", "/a.py/.git": b"4", "/CON": b"5", "/": b"6"}
    things |= {"/" + "ü" * 100: b"7", "/" + "ü" * 101: b"8", "a": b"9", "..": b"10"}
    named = [("notebook", key, {"language": "PYTHON"}, [], data) for key, data in things.items()]
    backed_up(f"git+{folder / 'v'}", folder / "spool", named)
    files = _files(folder / "v")
    lower = [name.casefold() for name in files]
    assert len(set(lower)) == len(lower) == 2 * len(things) + 1
    above = {str(parent) for name in lower for parent in Path(name).parents}
    assert not above & set(lower)
    for name in files:
        for part in name.split("/"):
            assert len(part.encode()) < 255
            assert part.isascii()
            assert not set(part) & set('<>:"\\|?*\0')
            assert part not in {"", ".", "..", ".git", "CON"}
            assert not part.endswith((" ", "."))
    found = {key: parts[2] for (_kind, key), parts in contents(folder / "v").items()}
    assert found == things
    assert problems(folder / "v") == []


def test_a_repository_in_use_keeps_its_files_and_its_branch(tmp_path):
    repo = porcelain.init(str(tmp_path / "v"))
    (tmp_path / "v" / "README").write_text("mine")
    porcelain.add(repo, [str(tmp_path / "v" / "README")])
    porcelain.commit(repo, message=b"Begin", author=b"a <a@b>", committer=b"a <a@b>")
    head = repo.head()
    with pytest.raises(UsageError, match="there is no vault"):
        opened(str(tmp_path / "v"))
    backed_up(tmp_path / "v", tmp_path / "spool")
    assert repo.head() == head
    status = porcelain.status(repo)
    assert (status.staged, status.unstaged, status.untracked) == (
        {"add": [], "delete": [], "modify": []},
        [],
        [],
    )
    assert problems(tmp_path / "v") == []
    repo.refs.set_symbolic_ref(b"HEAD", _BRANCH)
    with pytest.raises(VaultError, match=r"the branch lakewarden/one-cloud.* is checked out"):
        backed_up(tmp_path / "v", tmp_path / "spool", run=_LATER)
    repo.refs.set_symbolic_ref(b"HEAD", b"refs/heads/master")
    backed_up(tmp_path / "v", tmp_path / "spool", run=_LATER)
    repo.close()


def test_a_commit_of_somebody_is_no_run(git, tmp_path):
    _commit(git, {"README": b"what this is"})
    with opened(str(git)) as vault:
        assert [run.id for run in vault.runs()] == [RUN.id]
    assert problems(git) == []
    assert backed_up(git, tmp_path / "spool", run=_LATER).previous == RUN.id
    assert "README" not in _files(git)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"workspace/Users/a@b.c/n 3.py": b"evil"}, "notebook /Users/a@b.c/n 3: its content: a fi"),
        ({"workspace/Users/a@b.c/n 3.py": None}, "notebook /Users/a@b.c/n 3: its content: a file"),
        ({"notebook/Users/a@b.c/n 3.json": None}, "are not those it had"),
        ({"notebook/Users/a@b.c/n 3.json": b"{}"}, "a file cannot be read"),
        ({"notebook/other.json": b"{}"}, "a file cannot be read"),
        ({"run.json": b"{}"}, "the manifest cannot be read"),
        ({"run.json": None}, None),
    ],
)
def test_whatever_somebody_commits_in_place_of_a_run_is_found(git, changes, said):
    with Repo(str(git)) as repo:
        manifest = _files(git)["run.json"]
        _commit(git, changes)
        orphan = repo[repo.refs[_BRANCH]].tree
        commit = Commit.from_string(repo[repo.refs[_BRANCH]].as_raw_string())
        commit.parents = []
        commit.tree = orphan
        repo.object_store.add_object(commit)
        repo.refs[_BRANCH] = commit.id  # the history is rewritten
        assert Blob.from_string(manifest).id in repo.object_store
    found = problems(git)
    if said is None:
        with opened(str(git)) as vault:
            assert vault.runs() == ()
    else:
        assert any(said in each for each in found), found


def test_an_altered_definition_is_named_by_its_asset(git):
    name = "notebook/Users/a@b.c/n 3.json"
    document = json.loads(_files(git)[name])
    document["acl"][0]["permission_level"] = "CAN_MANAGE"
    data = json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    with Repo(str(git)) as repo:
        _commit(git, {name: data})
        tree = repo[repo.refs[_BRANCH]].tree
        commit = Commit.from_string(repo[repo.refs[_BRANCH]].as_raw_string())
        commit.parents, commit.tree = [], tree
        repo.object_store.add_object(commit)
        repo.refs[_BRANCH] = commit.id
    assert problems(git) == [f"a file is altered ({name})"]
    with opened(str(git)) as vault:  # another notebook has the same, which is what is restored
        entry = next(entry for entry in vault.entries(RUN.id) if entry.key.endswith("n 3"))
        assert b"CAN_READ" in vault.get(entry.acl)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_repository_is_told(tmp_path_factory, place, cut):
    """The library of git leaves files of damaged packs open, which is what is ignored."""
    folder = tmp_path_factory.mktemp("damaged")
    backed_up(f"git+{folder / 'v'}", folder / "spool")
    before = contents(folder / "v")
    [file] = (folder / "v" / "objects" / "pack").glob("*.pack")
    data = bytearray(file.read_bytes())
    place %= len(data)
    file.chmod(0o600)
    data[place] ^= 0x55
    file.write_bytes(data[:place] if cut else data)
    try:
        found = problems(folder / "v")
    except LakewardenError:
        return
    assert found or contents(folder / "v") == before


def test_a_seal_that_is_cut_off_is_not_seen_and_can_be_done_again(git, tmp_path, monkeypatch):
    genuine = GitObjects.advance

    def cut(objects, *arguments, after):
        monkeypatch.setattr(GitObjects, "advance", genuine)
        if after:
            objects.advance(*arguments)
        raise KeyboardInterrupt

    for after in (False, True):
        monkeypatch.setattr(
            GitObjects, "advance", lambda *given, after=after: cut(*given, after=after)
        )
        with pytest.raises(KeyboardInterrupt):
            backed_up(git, tmp_path / "spool", assets(9), _LATER)
        with opened(str(git)) as vault:
            assert [run.id for run in vault.runs()] == [RUN.id, _LATER.id][: 1 + after]
    assert backed_up(git, tmp_path / "spool", assets(9), _LATER).previous == RUN.id
    with opened(str(git)) as vault:
        assert [run.id for run in vault.runs()] == [RUN.id, _LATER.id]
    assert problems(git) == []


def test_a_branch_that_somebody_moved_meanwhile_is_left_alone(git, tmp_path, monkeypatch):
    genuine = GitObjects.advance

    def late(*arguments):
        monkeypatch.setattr(GitObjects, "advance", genuine)
        _commit(git, {"README": b"mine"})
        return genuine(*arguments)

    monkeypatch.setattr(GitObjects, "advance", late)
    with pytest.raises(VaultError, match="somebody else committed meanwhile"):
        backed_up(git, tmp_path / "spool", assets(9), _LATER)
    assert "README" in _files(git)
    backed_up(git, tmp_path / "spool", assets(9), _LATER)
    assert problems(git) == []


def test_the_lock_of_a_process_that_was_killed_is_taken_over(git, tmp_path):
    lock = git / f"{_BRANCH.decode()}.lock"
    lock.touch()
    with pytest.raises(VaultError, match="another process is at the branch"):
        backed_up(git, tmp_path / "spool", assets(9), _LATER)
    os.utime(lock, (0, 0))
    backed_up(git, tmp_path / "spool", assets(9), _LATER)
    assert not lock.exists()
    assert problems(git) == []


_FILLS = """
import resource, sys
from pathlib import Path
from store.vault.vaults import *
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try: backed_up(sys.argv[1], Path(sys.argv[2]), assets(30), replace(RUN, id="other"))
except Exception as error: print(error)
"""


def test_a_full_disk_is_told_and_what_was_half_written_is_deleted(git, tmp_path):
    before = sorted(path for path in git.rglob("*") if path.is_file())
    command = [sys.executable, "-c", _FILLS, str(git), str(tmp_path / "spool")]
    path = str(Path(__file__).parents[2])
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert f"{git}: the repository cannot be written (File too large)" in done.stdout
    assert sorted(path for path in git.rglob("*") if path.is_file()) == before
    assert backed_up(git, tmp_path / "spool", assets(30), _LATER).previous == RUN.id
    assert problems(git) == []


def test_workspaces_have_branches_of_their_own(git, tmp_path):
    other = replace(_LATER, host="https://Two:8443")
    assert backed_up(git, tmp_path / "spool", assets(2), other).previous == ""
    with opened(str(git)) as vault:
        assert [run.id for run in vault.runs()] == [RUN.id, _LATER.id]
        assert [run.id for run in vault.runs("https://Two:8443")] == [_LATER.id]
    assert set(_files(git, b"refs/heads/lakewarden/two")) < set(_files(git))


def test_what_is_not_kept_is_not_sealed_and_what_cannot_be_made_is_told(git, tmp_path):
    with opened(str(git), spool=tmp_path / "spool") as vault:
        lost = [Entry("notebook", "/a", content="0" * 64)]
        with pytest.raises(VaultError, match="the content of notebook /a is not in the vault"):
            vault.seal(replace(_LATER, collections=listed(lost)), lost, None)
    with opened(str(git)) as vault, pytest.raises(VaultError, match="was opened for reading"):
        vault.put(b"new")
    with pytest.raises(UsageError, match="there is no vault"):
        opened(f"git+{tmp_path / 'nowhere'}")
    with pytest.raises(VaultError, match="the repository cannot be made"):
        opened("git+/proc/vault", create=True)

"""Where documents come from: folders, git history, what is staged; and what is not read is said."""

from __future__ import annotations

import os

import pytest
from dulwich import porcelain
from dulwich.repo import Repo

from lakewarden.errors import UsageError
from lakewarden.hunt.document import Document, Unread
from lakewarden.hunt.sources import folder, history


def names(source):
    return [document.where for document in source]


@pytest.fixture
def tree(tmp_path):
    for name in ("a.py", "b/c.py", "b/d/e.sql", "tests/f.py", ".git/config", ".env"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "link.py").symlink_to(tmp_path / "a.py")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def test_files_come_in_order_without_git_links_and_pipes(tree):
    assert names(folder.documents(tree)) == [".env", "a.py", "b/c.py", "b/d/e.sql", "tests/f.py"]


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (("b",), [".env", "a.py", "tests/f.py"]),
        (("b/d/", "*.env"), ["a.py", "b/c.py", "tests/f.py"]),
        (("*.py",), [".env", "b/d/e.sql"]),
    ],
)
def test_what_is_left_out(tree, exclude, left):
    assert names(folder.documents(tree, exclude=exclude)) == left


def test_one_file_is_called_as_it_was_named(tree):
    assert names(folder.documents(tree / "a.py")) == [str(tree / "a.py")]


def test_a_pipe_is_no_file_and_is_not_waited_for(tree):
    assert list(folder.documents(tree / "pipe")) == [Unread(str(tree / "pipe"), "is no file")]


def test_folders_may_lie_as_deep_as_they_like(tmp_path):
    deep = tmp_path
    for _ in range(1_200):
        deep /= "d"
        deep.mkdir()
    file = deep / "a.py"
    file.write_text("a")
    found = names(folder.documents(tmp_path))
    file.unlink()
    os.removedirs(deep)  # which what tidies up after tests could not
    assert found == ["d/" * 1_200 + "a.py"]


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="is not there"):
        list(folder.documents(tmp_path / "none"))


def test_what_is_too_large_is_unread(tree):
    found = list(folder.documents(tree, largest=5))
    assert [type(one) for one in found] == [Document, Document, Unread, Unread, Unread]
    assert found[2].why == "is larger than 4.76837e-06 MB"


def test_a_repository_without_files_is_unread(tree):
    porcelain.init(str(tree / "b" / "bare"), bare=True).close()
    [unread] = [one for one in folder.documents(tree) if isinstance(one, Unread)]
    assert unread == Unread("b/bare/", "is a git repository without files: use --history")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_unread(tree):
    (tree / "a.py").chmod(0)
    assert [one.why for one in folder.documents(tree) if isinstance(one, Unread)] == [
        "cannot be read (Permission denied)"
    ]


@pytest.fixture
def repo(tmp_path):
    porcelain.init(str(tmp_path)).close()
    return tmp_path


def commit(repo, **files):
    for name, text in files.items():
        path = repo / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            porcelain.remove(str(repo), [str(path)])
        else:
            path.write_text(text)
            porcelain.add(str(repo), [str(path)])
    who = b"Ada <ada@example.com>"
    return porcelain.commit(str(repo), message=b"m", author=who, committer=who).decode()[:12]


def test_each_content_of_history_comes_once_with_the_commit_that_brought_it(repo):
    first = commit(repo, a_py="one", b_py="same")
    second = commit(repo, a_py="two", c_py="same")
    commit(repo, a_py=None, b_py=None)
    found = [(d.where, d.data.decode(), d.commit) for d in history.documents(repo)]
    assert found == [("a.py", "one", first), ("b.py", "same", first), ("a.py", "two", second)]


def test_branches_and_merges_are_history_too(repo):
    base = commit(repo, a_py="one")
    porcelain.branch_create(str(repo), "side")
    commit(repo, b_py="two")
    porcelain.checkout(repo=str(repo), target="side")
    side = commit(repo, c_py="three")
    found = {(d.where, d.commit) for d in history.documents(repo)}
    assert {("a.py", base), ("c.py", side)} < found
    assert len(found) == 3


def test_a_folder_of_a_repository_has_its_own_history(repo):
    commit(repo, a_py="one", jobs__b_py="two")
    assert names(history.documents(repo / "jobs")) == ["b.py"]


def test_a_file_of_a_repository_has_its_own_history(repo):
    commit(repo, a_py="one", jobs__b_py="two")
    commit(repo, jobs__b_py="three")
    file = repo / "jobs" / "b.py"
    found = [(d.where, d.data) for d in history.documents(file)]
    assert found == [(str(file), b"two"), (str(file), b"three")]
    (repo / "jobs" / "b.py").write_text("four")
    porcelain.add(str(repo), [str(file)])
    assert names(history.staged(file)) == [str(file)]


def test_a_repository_without_commits_has_no_history(repo):
    assert not list(history.documents(repo))


def test_a_secret_that_was_taken_out_is_found_once_and_by_its_commit(repo, look, fake):
    text = f'token = "{fake.token}"'
    first = commit(repo, a_py=text)
    commit(repo, a_py=f"# more\n{text}")
    commit(repo, a_py="")
    [finding] = look(*history.documents(repo)).findings
    assert (finding.place.where, finding.place.commit) == ("a.py", first)


def test_what_the_files_still_have_is_told_of_them_alone(repo, look, fake):
    commit(repo, a_py=f'x = 1\ntoken = "{fake.token}"')
    there = [*folder.documents(repo), *history.documents(repo)]
    [finding] = look(*there).findings
    assert (finding.place.commit, finding.place.line) == ("", 2)


def test_tags_lead_to_history_and_a_shallow_clone_is_said(repo, tmp_path_factory):
    commit(repo, a_py="one")
    last = commit(repo, a_py="two")
    porcelain.tag_create(str(repo), b"v1", message=b"m", author=b"a <a@b>", annotated=True)
    assert len(names(history.documents(repo))) == 2
    with Repo(str(repo)) as opened:
        (repo / ".git" / "shallow").write_bytes(opened.head() + b"\n")
    found = list(history.documents(repo))
    assert found[-1] == Unread(
        f"the history before commit {last}", "is not in this clone, which is shallow"
    )


def test_what_is_staged_counts_and_not_what_lies_in_the_folder(repo):
    commit(repo, a_py="one", b_py="two")
    (repo / "a.py").write_text("staged")
    porcelain.add(str(repo), [str(repo / "a.py")])
    (repo / "a.py").write_text("later")
    (repo / "b.py").write_text("not staged")
    assert [(d.where, d.data) for d in history.staged(repo)] == [("a.py", b"staged")]


def test_before_the_first_commit_everything_staged_counts(repo):
    (repo / "a.py").write_text("one")
    porcelain.add(str(repo), [str(repo / "a.py")])
    assert names(history.staged(repo)) == ["a.py"]


def spoil(repo, sha, data=None):
    """Take an object out of a repository, or damage it."""
    file = repo / ".git" / "objects" / sha[:2] / sha[2:]
    file.chmod(0o600)
    file.write_bytes(data) if data else file.unlink()


def shas(repo):
    """Return the hashes of the last commit, of the one before it, and of what the last one has."""
    with Repo(str(repo)) as opened:
        last = opened[opened.head()]
        files = {entry.path.decode(): entry.sha.decode() for entry in opened[last.tree].items()}
        return last.id.decode(), last.parents[0].decode(), last.tree.decode(), files


def test_a_damaged_repository_is_not_read_to_its_end(repo):
    commit(repo, b_py="one")
    commit(repo, a_py="one", b_py=None)
    spoil(repo, shas(repo)[3]["a.py"], b"damaged")
    [unread] = history.documents(repo)
    assert unread.why.startswith("its content is not in the repository")


@pytest.mark.parametrize("data", [None, b"damaged"])
def test_a_commit_that_is_missing_or_damaged_is_said(repo, data):
    commit(repo, a_py="one")
    commit(repo, a_py="two", b_py="same")
    last, first, _, _ = shas(repo)
    spoil(repo, first, data)
    found = list(history.documents(repo))
    assert [one.where for one in found[:-1]] == ["a.py", "b.py"]
    assert found[-1] == Unread(
        f"the history before commit {last[:12]}", f"{first[:12]} is missing or damaged"
    )
    spoil(repo, last, data)
    assert {one.where for one in history.documents(repo)} == {
        "the history of HEAD",
        "the history of refs/heads/master",
    }


def test_a_folder_that_is_missing_hides_no_other(repo):
    commit(repo, a_py="one", jobs__b_py="two")
    commit(repo, a_py="three", c_py="four")
    _, _, tree, files = shas(repo)
    spoil(repo, files["jobs"])
    found = list(history.documents(repo))
    assert sorted(one.data for one in found if isinstance(one, Document)) == [
        *(b"four", b"one", b"three")
    ]
    [unread] = [one for one in found if isinstance(one, Unread)]
    assert unread.where == f"jobs/ in tree {files['jobs'][:12]}"
    spoil(repo, tree)
    assert f"all files in tree {tree[:12]}" in names(history.documents(repo))


def test_a_tag_of_a_file_or_folder_and_an_older_stash_are_history(repo):
    commit(repo, a_py="one", b_py="two")
    head, files = "", {}
    with Repo(str(repo)) as opened:
        files = {entry.path: entry.sha for entry in opened[opened[opened.head()].tree].items()}
        head = opened.head()
        opened.refs[b"refs/tags/file"] = files[b"a.py"]
        opened.refs[b"refs/tags/folder"] = opened[head].tree
        del opened.refs[b"refs/heads/master"]
    assert names(history.documents(repo)) == ["refs/tags/file", "b.py"]
    with Repo(str(repo)) as opened:
        for name in (b"refs/tags/file", b"refs/tags/folder"):
            del opened.refs[name]
    assert not names(history.documents(repo))
    log = repo / ".git" / "logs" / "refs" / "stash"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"0" * 40 + b" " + head + b" a <a@b> 1 +0000\tWIP\n")
    assert names(history.documents(repo)) == ["a.py", "b.py"]


def test_a_name_or_stash_that_leads_nowhere_is_said(repo):
    commit(repo, a_py="one")
    (repo / ".git" / "refs" / "heads" / "x").write_bytes(b"")
    log = repo / ".git" / "logs" / "refs" / "stash"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"junk")
    assert {one.where for one in history.documents(repo) if isinstance(one, Unread)} == {
        "the history of refs/heads/x",
        "the history of stashes but the last",
    }


def test_what_is_staged_of_a_damaged_repository(repo):
    commit(repo, a_py="one")
    (repo / "b.py").write_text("two")
    porcelain.add(str(repo), [str(repo / "b.py")])
    with Repo(str(repo)) as opened:
        spoil(repo, opened[opened.head()].tree.decode())
    assert names(history.staged(repo)) == ["a.py", "b.py"]
    (repo / ".git" / "index").write_bytes(b"")
    [unread] = history.staged(repo)
    assert unread == Unread("what is staged", "the index is damaged (AssertionError)")
    (repo / ".git" / "config").write_bytes(b"[[[")
    with pytest.raises(UsageError, match="git repository cannot be opened"):
        list(history.staged(repo))


def test_no_repository_is_said(tmp_path):
    with pytest.raises(UsageError, match="is not in a git repository"):
        list(history.documents(tmp_path))

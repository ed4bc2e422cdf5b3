"""A backup is looked through content by content, and what it lacks is said."""

from __future__ import annotations

import json

import pytest

from lakewarden.hunt.document import Unread
from lakewarden.hunt.sources import folder
from lakewarden.hunt.sources import vault as kept
from lakewarden.store.vault.manifest import Collection, Entry, Run, Status
from lakewarden.store.vault.opened import opened


@pytest.fixture
def vault(tmp_path):
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as made:
        yield made


def sealed(vault, number, *entries, workspace="1", **about):
    run = Run(
        id=f"20261128T00000{number}Z-aaaaaa",
        host="https://a",
        workspace=workspace,
        tool="t",
        started=f"2026-11-28T00:00:0{number}+00:00",
        ended=f"2026-11-28T00:00:0{number}+00:00",
        **about,
    )
    return vault.seal(run, sorted(entries, key=lambda entry: entry.order), None)


def job(vault, key, **settings):
    return Entry("job", key, vault.put(json.dumps(settings).encode()))


def notebook(vault, path, text):
    return Entry("notebook", path, vault.put(b"{}"), content=vault.put(text.encode()))


def test_contents_and_definitions_are_looked_through(vault, look, fake):
    run = sealed(
        vault,
        1,
        notebook(vault, "/Shared/etl", f"x = '{fake.token}'"),
        job(vault, "nightly", parameters={"db_password": fake.password}),
        Entry("secret", "s/k", vault.put(b"{}"), content="ab" * 32, cipher=vault.put(b"age")),
        Entry("global_init_script", "i", vault.put(b"{}"), content=vault.put(b"export A=1")),
    )
    result = look(*kept.documents(vault, [run]))
    assert [(f.place.where, f.place.member) for f in result.findings] == [
        ("/Shared/etl", ""),
        ("job nightly", "parameters.db_password"),
    ]
    assert result.scanned == result.total == 5


def test_each_content_comes_once_with_the_run_that_brought_it(vault, look, fake):
    same = notebook(vault, "/a", f"x = '{fake.token}'")
    first = sealed(vault, 1, same)
    second = sealed(vault, 2, same, notebook(vault, "/b", f"y = '{fake.other}'"))
    found = look(*kept.documents(vault, [first, second])).findings
    assert [(f.place.where, f.place.commit) for f in found] == [
        ("/a", first.id),
        ("/b", second.id),
    ]
    fresh = list(kept.documents(vault, [second], since=first))
    assert [document.where for document in fresh] == ["/b"]


def test_a_copy_is_found_wherever_it_lies(vault, look, fake):
    text = f"x = '{fake.token}'"
    one = sealed(vault, 1, notebook(vault, "/a", text), notebook(vault, "/copy", text))
    other = sealed(vault, 2, notebook(vault, "/a", text), workspace="2")
    found = look(*kept.documents(vault, [one, other])).findings
    assert [(f.place.where, f.place.commit) for f in found] == [
        ("1:/a", ""),
        ("1:/copy", ""),
        ("2:/a", ""),
    ]
    fresh = kept.documents(vault, [one, other], since=one, exclude=["/copy"])
    assert [document.where for document in fresh] == ["2:/a"]


def test_of_each_workspace_the_newest_whole_run_counts_and_parts_after_it(vault):
    def made(number, **selection):
        workspace = selection.pop("workspace", "1")
        return sealed(vault, number, workspace=workspace, notes={"selection": selection})

    runs = [
        made(1, kinds=["job"]),
        made(2),
        *(made(number, kinds=["job"]) for number in (3, 4)),
        made(5, paths=["/a*"], workspace="2"),
    ]
    assert kept.newest(runs) == (
        [runs[1], runs[3], runs[4]],
        [Unread("the rest of workspace 2", "no run has it (only in /a*)")],
    )


def test_what_a_run_could_not_read_is_not_scanned(vault):
    run = sealed(
        vault,
        1,
        collections={
            "job": Collection(Status.PARTIAL, 1, ("page 2: 500",)),
            "alert": Collection(Status.DISABLED),
            "query": Collection(Status.COMPLETE),
        },
        incomplete=({"kind": "notebook", "key": "/big", "what": "oversize"},),
        errors=({"kind": "job", "key": "x", "what": "500"},),
    )
    unread = list(kept.documents(vault, [run]))
    assert {one.where for one in unread} == {"job", "/big", "job x"}
    assert all(isinstance(one, Unread) for one in unread)


def test_a_run_whose_list_is_damaged_keeps_no_other_back(vault, tmp_path):
    first = sealed(vault, 1, notebook(vault, "/a", "x = 1"))
    second = sealed(vault, 2, notebook(vault, "/b", "x = 2"))
    (tmp_path / "v" / "runs" / f"{first.id}.jsonl.gz").write_bytes(b"damaged")
    unread, document = kept.documents(vault, [first, second])
    assert (unread.where, document.where) == (f"run {first.id}", "/b")


def test_a_backup_among_files_is_not_scanned(vault, tmp_path):
    sealed(vault, 1, notebook(vault, "/a", "x"))
    found = [one for one in folder.documents(tmp_path) if isinstance(one, Unread)]
    assert found == [Unread("v/", "is a backup: hunt it by itself")]


def test_what_is_left_out_and_what_is_too_large(vault):
    run = sealed(vault, 1, notebook(vault, "/a/b", "x" * 50), job(vault, "test one", a=1))
    found = list(kept.documents(vault, [run], exclude=["job test*"], largest=20))
    assert [type(one) for one in found] == [Unread]
    assert not list(kept.documents(vault, [run], exclude=["job *", "/a"]))

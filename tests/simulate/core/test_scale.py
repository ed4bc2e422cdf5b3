from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from databricks.sdk.service.workspace import ExportFormat, Language

from lakewarden.simulate import start
from lakewarden.simulate.tables import Block, Grown, window
from lakewarden.simulate.workspace.grown_notebooks import ROOT
from simulate.core.kit import Lab


def _table() -> Grown:
    made = [Block("a-", 3, _row), Block("b-", 2, _row)]
    return Grown({"own": {"id": "own", "n": -1}}, made)


def _row(key: str, number: int) -> dict[str, object]:
    return {"id": key, "n": number}


def test_a_grown_table_reads_like_any_other() -> None:
    table = _table()
    keys = ["own", "a-000000000", "a-000000001", "a-000000002", "b-000000000", "b-000000001"]
    assert list(table) == keys == [row["id"] for row in table.values()]
    assert len(table) == 6
    assert [row["id"] for row in reversed(table.values())] == keys[::-1]
    assert "a-000000003" not in table
    assert table.get("b-1") is None


@pytest.mark.parametrize("start", range(7))
@pytest.mark.parametrize("gone", [None, "own", "a-000000001"])
def test_a_window_is_what_slicing_gives(start: int, gone: str | None) -> None:
    table = _table()
    if gone:
        del table[gone]
    rows = [row["id"] for row in table.values()]
    assert [row["id"] for row in window(table.values(), start, start + 3)] == rows[
        start : start + 3
    ]


def test_a_row_that_was_changed_stays_changed() -> None:
    table = _table()
    table["a-000000001"]["n"] = 99
    table["new"] = {"id": "new"}
    assert dict(table.items())["a-000000001"]["n"] == 99
    del table["a-000000001"]
    assert "a-000000001" not in table
    assert len(table) == 6
    with pytest.raises(KeyError):
        del table["a-000000001"]


@pytest.fixture(scope="module")
def large() -> Iterator[Lab]:
    with start("fresh", aws=False, scale=20_000) as simulation:
        yield Lab(simulation)


def test_ten_more_workspaces_share_the_objects(large: Lab) -> None:
    workspaces = [w.workspace_id for w in large.account().workspaces.list()]
    assert workspaces == [1001, *range(9001, 9011)]
    users = list(large.account().users_v2.list())
    assert len({user.id for user in users}) == len(users) > 2000
    assert (len(users) - 1) % 10 == 0


def test_each_of_them_pages_through_its_own(large: Lab) -> None:
    client = large.workspace(9004)
    people = list(client.users_v2.list())
    assert len({person.id for person in people}) == len(people) > 200
    assert client.users_v2.get(people[100].id or "").user_name == people[100].user_name
    tokens = list(client.token_management.list())
    assert len({token.token_id for token in tokens}) == len(tokens) > 200
    owners = {int(person.id or 0) for person in people}
    assert {token.owner_id for token in tokens} <= owners
    assert any(token.expiry_time == -1 for token in tokens)


def test_a_grown_user_can_be_deactivated(large: Lab) -> None:
    user = large.account().users_v2.get("900003000000007")
    large.account().users_v2.update(user.id or "", user_name=user.user_name, active=False)
    assert large.account().users_v2.get(user.id or "").active is False


def test_notebooks_grow_in_any_number(own: Callable[..., Lab]) -> None:
    client = own("typical", notebooks=1_000).workspace(2001)
    found = list(client.workspace.list(ROOT, recursive=True))
    assert len(found) == 1_000
    folders = {(entry.path or "").rpartition("/")[0] for entry in found}
    assert len(folders) == 1_000 // 40
    assert {entry.language for entry in found} == {*Language}
    sizes, granted = [], 0
    for entry in found[::23]:
        text = client.workspace.download(entry.path or "", format=ExportFormat.SOURCE).read()
        assert text == client.workspace.download(entry.path or "").read()
        sizes.append(len(text))
        kept = client.permissions.get("notebooks", str(entry.object_id)).access_control_list or []
        own_ = [p for row in kept for p in row.all_permissions or [] if not p.inherited]
        granted += bool(own_)
    assert min(sizes) >= 1024
    assert max(sizes) <= 8 * 1024
    assert len(set(sizes)) > 30
    assert 0 < granted < len(sizes)


def test_a_grown_notebook_can_be_written_over(own: Callable[..., Lab]) -> None:
    client = own("fresh", notebooks=1).workspace(1001)
    (entry,) = client.workspace.list(ROOT, recursive=True)
    client.workspace.upload(entry.path or "", b"print(1)", overwrite=True, language=Language.PYTHON)
    assert client.workspace.download(entry.path or "").read() == b"print(1)"
    client.workspace.delete(ROOT, recursive=True)
    assert ROOT not in {entry.path for entry in client.workspace.list("/Shared")}

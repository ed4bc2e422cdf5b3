from __future__ import annotations

from collections.abc import Iterator

import pytest

from lakewarden.simulate import start
from lakewarden.simulate.tables import Block, Grown, window
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

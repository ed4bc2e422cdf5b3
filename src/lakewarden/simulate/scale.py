"""Size: ten more workspaces with a given number of objects between them, beside the world's own.

Objects are made when they are looked at, out of their number, so a hundred thousand of them cost
nothing until somebody lists them. Users and tokens are grown here; a family adds its kind with
`grows`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from lakewarden.simulate.account.workspaces import make as make_workspace
from lakewarden.simulate.state import DAY_MS, Account, Json, Workspace
from lakewarden.simulate.tables import Block, Grown

WORKSPACES = 10
FIRST_ID = 9001

Maker = Callable[[Workspace, str, int], Json]


@dataclass(frozen=True)
class Growth:
    """A kind of object of a workspace: its share of all, how ids begin, how a body is made."""

    weight: int
    prefix: str
    make: Maker


GROWTHS: dict[str, Growth] = {}


def grows(table: str, *, weight: int, prefix: str) -> Callable[[Maker], Maker]:
    """Register how the rows of a workspace's table are made.

    The decorated function gets the workspace, the row's id (``prefix`` and nine digits) and its
    number from 0 on.
    """

    def register(make: Maker) -> Maker:
        GROWTHS[table] = Growth(weight, prefix, make)
        return make

    return register


def populate(account: Account, objects: int, now: int, admins: tuple[str, ...]) -> None:
    """Add the ten workspaces; ``admins`` are the ids of the principals that administer them."""
    total = sum(growth.weight for growth in GROWTHS.values())
    share = {
        table: objects * growth.weight // total // WORKSPACES for table, growth in GROWTHS.items()
    }
    users = []
    for number in range(WORKSPACES):
        name = f"scale-{number + 1:02d}"
        body = {"workspace_name": name}
        workspace = make_workspace(account, FIRST_ID + number, body, now - 365 * DAY_MS)
        for table, growth in GROWTHS.items():
            make = partial(growth.make, workspace)
            block = Block(_prefix(growth, number), share[table], make)
            workspace.put_table(table, Grown(workspace.table(table), [block]))
        users.append(_user_block(number, share["assignments"]))
        for principal_id in admins:
            workspace.table("assignments")[principal_id] = {"permissions": ["ADMIN"]}
    account.put_table("users", Grown(account.table("users"), users))


def _prefix(growth: Growth, number: int) -> str:
    return growth.prefix.replace("#", f"{number:02d}")


def _user_block(number: int, count: int) -> Block:
    return Block(_prefix(GROWTHS["assignments"], number), count, _user)


def _user(user_id: str, _: int) -> Json:
    name = f"user.{user_id}@scale.example"
    return {
        "id": user_id,
        "userName": name,
        "displayName": name.partition("@")[0],
        "emails": [{"value": name, "type": "work", "primary": True}],
        "externalId": f"scale-{user_id}",
        "active": True,
    }


@grows("assignments", weight=3, prefix="9000#")
def _assignment(_: Workspace, __: str, ___: int) -> Json:
    """A user may enter; the user itself is on the account, under the same id."""
    return {"permissions": ["USER"]}


@grows("tokens", weight=2, prefix="5ca1e#")
def _token(workspace: Workspace, token_id: str, number: int) -> Json:
    """Every fiftieth token never expires."""
    owner_id = int(f"9000{workspace.id - FIRST_ID:02d}{number:09d}")
    created = int(workspace.deployment["creation_time"]) + (number % 300) * DAY_MS
    return {
        "token_id": token_id,
        "comment": f"token {number}",
        "creation_time": created,
        "expiry_time": created + 90 * DAY_MS if number % 50 else -1,
        "created_by_id": owner_id,
        "created_by_username": f"user.{owner_id}@scale.example",
        "owner_id": owner_id,
        "workspace_id": workspace.id,
        "last_used_day": created,
    }

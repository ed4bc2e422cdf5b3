"""What the pretend account contains: plain dictionaries in the shape the API answers them.

Nothing here decides anything. A family keeps its objects in a *table* (``realm.table("clusters")``,
id to body) of the account or of a workspace; dictionaries keep insertion order, so lists are
stable.
"""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, cast

Json = dict[str, Any]
Table = dict[str, Json]

DAY_MS = 86_400_000


class Ids:
    """Identifiers that look random and come out the same in every run of the same world."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = itertools.count(1)

    def hex(self, length: int = 32) -> str:
        """A string of ``length`` (at most 64) lower-case hexadecimal digits."""
        return hashlib.sha256(f"{self._seed}/{next(self._count)}".encode()).hexdigest()[:length]

    def uuid(self) -> str:
        """A UUID, as service principals, networks and most account objects carry."""
        return str(uuid.UUID(hex=self.hex(), version=4))

    def number(self, digits: int = 15) -> int:
        """A whole number with exactly ``digits`` digits, as users, groups and jobs carry."""
        low: int = 10 ** (digits - 1)
        return low + int(self.hex(), 16) % (9 * low)


class Realm:
    """A bag of tables: the account, or one workspace."""

    def __init__(self) -> None:
        self._tables: defaultdict[str, Table] = defaultdict(dict)

    def table(self, kind: str) -> Table:
        """The objects of one kind by id; empty, never missing."""
        return self._tables[kind]

    def put_table(self, kind: str, table: MutableMapping[str, Json]) -> None:
        """Use another table for a kind; it has to do whatever a dictionary's readers expect."""
        self._tables[kind] = cast(Table, table)


@dataclass(frozen=True)
class Bearer:
    """What a bearer token stands for."""

    principal_id: str
    kind: str  # "oauth" or "pat"
    workspace_id: int | None = None  # a PAT opens one workspace only
    token_id: str | None = None
    expires_ms: int | None = None


class Workspace(Realm):
    """One workspace: its tables, its conf map and where it is served."""

    def __init__(self, account: Account, workspace_id: int, name: str) -> None:
        super().__init__()
        self.account = account
        self.id = workspace_id
        self.name = name
        self.url = ""
        self.conf: dict[str, str] = {}

    @property
    def deployment(self) -> Json:
        """The account API's view of this workspace."""
        return self.account.table("workspaces")[str(self.id)]


class Account(Realm):
    """The account: its tables, its workspaces and every bearer token that is valid."""

    def __init__(self, account_id: str, *, tier: str = "ENTERPRISE", seed: str = "world") -> None:
        super().__init__()
        self.id = account_id
        self.tier = tier
        self.url = ""
        self.ids = Ids(seed)
        self.client_address = "198.51.100.10"
        self.private_address: str | None = None
        self.workspaces: dict[int, Workspace] = {}
        self.bearers: dict[str, Bearer] = {}
        self.names: dict[str, tuple[str, str]] = {}  # where principals were last found by name
        self.opened: Callable[[Workspace], None] = lambda _: None

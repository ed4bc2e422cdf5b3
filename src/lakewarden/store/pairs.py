"""What syncing remembers of a workspace and its standby: what was applied, and who stands in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import delete, insert, select

from lakewarden.store.database import PAIRED, ROLES, open_database

Key = tuple[str, str]


class Verb(StrEnum):
    """What was done with a pair."""

    SYNC = "sync"
    FAILOVER = "failover"


@dataclass(frozen=True, slots=True)
class Applied:
    """One asset as a sync left it.

    Attributes:
        kind: of asset.
        key: its key in the standby.
        id: its id there.
        wanted: digest of what was wanted.
        left: digest of what the standby had after it.
        run: the run of the journal that did it; empty for one before.
        mark: what its list says when it changes; empty where that tells nothing.
    """

    kind: str
    key: str
    id: str
    wanted: str
    left: str
    run: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done with a pair as a whole.

    Attributes:
        source: the workspace that works.
        target: its standby.
        verb: what was done.
        backup: the run of the vault that it was done from.
        taken: when that run began, ISO 8601 in UTC.
        at: when it was done.
        kinds: those of which all is applied.
    """

    source: str
    target: str
    verb: Verb
    backup: str
    taken: str
    at: str
    kinds: tuple[str, ...]


class Pairs:
    """The pairs of a store."""

    def __init__(self, url: str) -> None:
        """Open a store.

        Raises:
            StoreError: it cannot be opened.
        """
        self._engine = open_database(url)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def applied(self, source: str, target: str) -> Mapping[Key, Applied]:
        """Return what was applied to a standby, by kind and key."""
        mine = (PAIRED.c.source == source) & (PAIRED.c.target == target)
        with self._engine.connect() as connection:
            rows = connection.execute(select(PAIRED).where(mine))
            return {
                (r.kind, r.key): Applied(r.kind, r.key, r.id, r.wanted, r.left, r.run, r.mark)
                for r in rows
            }

    def keep(
        self, source: str, target: str, made: Iterable[Applied], gone: Iterable[Key] = ()
    ) -> None:
        """Remember what was applied, and forget what was removed; all of it or nothing.

        What no run changed now is still of the run that did.
        """
        before, fresh = self.applied(source, target), list(made)
        pair = {"source": source, "target": target}
        mine = (PAIRED.c.source == source) & (PAIRED.c.target == target)
        with self._engine.begin() as connection:
            for kind, key in [*((one.kind, one.key) for one in fresh), *gone]:
                row = mine & (PAIRED.c.kind == kind) & (PAIRED.c.key == key)
                connection.execute(delete(PAIRED).where(row))
            if fresh:
                rows = [
                    {**pair, **asdict(one), "run": one.run or (old.run if old else "")}
                    for one in fresh
                    for old in (before.get((one.kind, one.key)),)
                ]
                connection.execute(insert(PAIRED), rows)

    def forget(self, run: str, target: str, backup: str) -> None:
        """Forget what a run of the journal did with a backup, since it was taken back.

        One that applied something was a sync; any other made the workspace work.
        """
        with self._engine.begin() as connection:
            applied = connection.execute(delete(PAIRED).where(PAIRED.c.run == run)).rowcount
            verb = Verb.SYNC if applied else Verb.FAILOVER
            mine = (ROLES.c.target == target) & (ROLES.c.backup == backup)
            connection.execute(delete(ROLES).where(mine & (ROLES.c.verb == verb.value)))

    def done(self, deed: Deed) -> None:
        """Remember something that was done."""
        values = {name: getattr(deed, name) for name in Deed.__slots__}
        values |= {"verb": deed.verb.value, "kinds": json.dumps(deed.kinds)}
        with self._engine.begin() as connection:
            connection.execute(insert(ROLES).values(**values))

    def deeds(self, source: str = "", target: str = "") -> tuple[Deed, ...]:
        """Return what was done with a pair, in either direction, the oldest first; or with all."""
        query = select(ROLES).order_by(ROLES.c.number)
        with self._engine.connect() as connection:
            found = [
                Deed(
                    r.source,
                    r.target,
                    Verb(r.verb),
                    r.backup,
                    r.taken,
                    r.at,
                    tuple(json.loads(r.kinds)),
                )
                for r in connection.execute(query)
            ]
        return tuple(d for d in found if not source or {d.source, d.target} == {source, target})

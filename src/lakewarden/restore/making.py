"""The changes that make an asset, and take away what making it leaves beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lakewarden.apply.hands.assets import ASSET, LATE, RUNNING
from lakewarden.assets import places
from lakewarden.assets.bars import stage_of
from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.plan.change import Change
from lakewarden.plan.paths import path, value_at
from lakewarden.restore.ground import Ground, elder
from lakewarden.restore.wanted import Wanted


class Making:
    """Makes the changes that make assets."""

    def __init__(self, ground: Ground, wanted: list[Wanted]) -> None:
        """Take what is to be there, with what stands in nobody's way."""
        self._ground = ground
        self._target = ground.target
        self._wanted = wanted
        self._turns = self._taking_turns(wanted)

    def changes(self, kind: Kind, wanted: Wanted) -> Iterator[Change]:
        """Yield the change that makes an asset, and those that belong to it."""
        made = self._creation(kind, wanted)
        yield made
        early = self._ground.early(wanted).spec
        late = {path("spec", n): v for n, v in wanted.spec.items() if v and n not in early}
        if late:
            part = self._part(LATE, kind, wanted, made, (dict.fromkeys(late), late))
            follows = dict.fromkeys(
                [made.address, *self._bound(wanted), *self.follows(kind, wanted)]
            )
            yield replace(part, follows=tuple(follows), stage=kind.stage)
        if kind.stop is not None:
            ends = ({"/running": True}, {"/running": False})
            yield self._part(RUNNING, kind, wanted, made, ends)
        if kind.name == "secret_scope":
            yield from self._own_grant(wanted, made)

    def follows(self, kind: Kind, wanted: Wanted) -> tuple[str, ...]:
        """Return the addresses of the changes that come before an asset is made or changed."""
        return tuple(dict.fromkeys(self._before(kind, wanted)))

    def _creation(self, kind: Kind, wanted: Wanted) -> Change:
        thing = self._ground.thing(wanted)
        if self._ground.assigned(wanted):
            return Change(thing, wanted.key, None, {"/permissions": ["USER"]})
        early = self._ground.early(wanted)
        after: dict[str, Any] = {"/spec": early.spec}
        if wanted.content:
            after["/content"] = wanted.cipher or wanted.content
        above = self._above(kind, wanted) if kind.beside else ""
        unset = self._target.unset(kind, wanted.key)
        return Change(
            thing,
            *(wanted.key, None, after),
            follows=self.follows(kind, early),
            irreversible="" if kind.delete or above or unset else "no call takes it away again",
            instead={"/spec": unset} if unset else {},
            part_of=above,
            stage=0 if kind.late else stage_of(kind, wanted.key, wanted.spec),
        )

    def _bound(self, wanted: Wanted) -> Iterator[str]:
        """Yield the change without which the workspace would not see an isolated asset any more."""
        binding = self._ground.made.get((f"{wanted.kind}_binding", wanted.key))
        if binding:
            yield binding

    def _part(
        self,
        prefix: str,
        kind: Kind,
        wanted: Wanted,
        made: Change,
        ends: tuple[dict[str, Any], dict[str, Any]],
    ) -> Change:
        thing = self._target.thing(prefix, kind.name, wanted.key)
        follows, part_of = (made.address,), made.address
        return Change(thing, wanted.key, *ends, follows=follows, part_of=part_of)

    def _above(self, kind: Kind, wanted: Wanted) -> str:
        """Return the change that makes what an asset hangs on, if there is one."""
        key = self._ground.parent(kind, wanted.key) if kind.parent else wanted.key
        return self._ground.made.get((kind.parent or kind.named, key), "")

    def _before(self, kind: Kind, wanted: Wanted) -> Iterator[str]:
        made, people = self._ground.made, self._ground.people
        yield from (made[needed] for needed in self._ground.needed(kind, wanted) if needed in made)
        if before := self._turns.get((wanted.kind, wanted.key)):
            yield before
        if (older := elder(wanted)) in made:
            yield made[older]
        yield from (made[around] for around in self._around(kind, wanted) if around in made)
        names = {str(n) for p in kind.principals for n in places.values(wanted.spec, p)}
        if wanted.key.startswith(("/Users/", "/Repos/")):
            names.add(wanted.key.split("/")[2])
        mine = self._ground.address(wanted)
        yield from (people[n] for n in sorted(names & people.keys()) if people[n] != mine)

    def _around(self, kind: Kind, wanted: Wanted) -> Iterator[tuple[str, str]]:
        """Yield kind and key of those in whose URL that of an asset lies."""
        place, other = kind.inside or ("", "")
        for url in places.values(wanted.spec, place) if place else ():
            yield from (
                (other, key)
                for key, above in self._urls(other)
                if f"{url}/".startswith(f"{above}/")
            )

    def _urls(self, kind: str) -> Iterator[tuple[str, str]]:
        return (
            (w.key, str(w.spec.get("url", "")).rstrip("/")) for w in self._wanted if w.kind == kind
        )

    def _own_grant(self, scope: Wanted, made: Change) -> Iterator[Change]:
        """Yield the change that takes from whoever makes a scope what they get by it."""
        me = self._target.me.name
        thing = self._target.thing(ASSET, "secret_acl", f"{scope.key}/{me}")
        if ("secret_acl", thing.key) in self._ground.made:
            return
        inside = [
            address
            for (kind, key), address in self._ground.made.items()
            if kind in {"secret", "secret_acl"} and key.startswith(f"{scope.key}/")
        ]
        held = {"principal": me, "permission": "MANAGE"}
        yield Change(
            thing,
            *(f"{scope.key}: your own", {"/spec": held}, None),
            follows=(made.address, *inside),
            part_of=made.address,
        )

    def _taking_turns(self, every: list[Wanted]) -> dict[tuple[str, str], str]:
        """Return which change must come before some assets, that are made one after the other.

        Those that stand in a row are made in its order. Clusters of one policy are made when the
        one before is stopped: it may say how many one user may have running.
        """
        mine = [w for w in every if (w.kind, w.key) in self._ground.made]
        rows = [(kinds()[w.kind].row, w) for w in mine if kinds()[w.kind].row]
        ordered = sorted(rows, key=lambda one: int(one[1].spec.get(one[0]) or 0))
        turns: dict[tuple[str, str], str] = {}
        last: dict[str, str] = {}
        for _, wanted in ordered:
            self._queue(wanted, wanted.kind, ASSET, last, turns)
        free = {
            one.key
            for one in every
            if one.kind == "cluster_policy" and not one.spec.get("max_clusters_per_user")
        }
        for wanted in mine:
            policy = value_at(wanted.spec, "/policy_id/key") if wanted.kind == "cluster" else None
            if policy and policy not in free:
                self._queue(wanted, str(policy), RUNNING, last, turns)
        return turns

    def _queue(
        self,
        wanted: Wanted,
        queue: str,
        prefix: str,
        last: dict[str, str],
        turns: dict[tuple[str, str], str],
    ) -> None:
        if queue in last:
            turns[wanted.kind, wanted.key] = last[queue]
        last[queue] = self._target.thing(prefix, wanted.kind, wanted.key).address

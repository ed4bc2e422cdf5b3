"""What an asset stands on in a workspace, and what stands in the way of making it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from lakewarden.apply.hand import hands
from lakewarden.apply.hands.assets import ASSET, LATE
from lakewarden.assets import places
from lakewarden.assets.canonical import references_of
from lakewarden.assets.kind import Kind
from lakewarden.assets.kinds.tree import ROOTS
from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.plan.change import Target as Thing
from lakewarden.restore.refusals import Refusals
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.wanted import Wanted

PEOPLE: Final = ("user", "service_principal", "group")
_OF_THE_ACCOUNT: Final = frozenset(
    {"catalog", "schema", "external_location", "storage_credential", "credential"}
)
"""Kinds whose principals are those of the account, and need not be in the workspace."""
_NO_METASTORE: Final = "METASTORE_DOES_NOT_EXIST"
_BUILT_IN: Final = frozenset({"account users", "users", "admins", "System user"})


class Ground:
    """A workspace with what is there, and what will be made in it.

    Attributes:
        made: the address of the change that makes each asset that is not there, by kind and key.
        people: likewise of principals, by name.
        later: those that are made at failover only, and those that stand on them or come after
            them under their name.
        late: which fields some take only after they were made, as these close a circle.
        refusals: what the workspace would refuse.
    """

    def __init__(
        self, target: TargetWorkspace, absent: Iterable[Wanted], refusals: Refusals
    ) -> None:
        """Take assets as if all of those that are not there were made."""
        self.target = target
        self.refusals = refusals
        self.made: dict[tuple[str, str], str] = {}
        self.people: dict[str, str] = {}
        self.later: set[tuple[str, str]] = set()
        self.late: dict[tuple[str, str], frozenset[str]] = {}
        self._lacked: set[tuple[str, str]] = set()
        for wanted in absent:
            self._lacked.add((wanted.kind, wanted.key))
            address = self.address(wanted)
            self.made[wanted.kind, wanted.key] = address
            if wanted.kind in PEOPLE:
                self.people[wanted.key] = address

    def obstacles(self, absent: list[Wanted], lazy: frozenset[str]) -> dict[tuple[str, str], str]:
        """Find out why some cannot be made, and so those that stand on them.

        Args:
            absent: those that are not there.
            lazy: kinds that are made at failover only.
        """
        blocked: dict[tuple[str, str], str] = {}
        fresh = True
        while fresh:
            fresh = False
            for wanted in absent:
                mine = (wanted.kind, wanted.key)
                if mine in self.made and (why := self._obstacle(wanted, lazy)):
                    blocked[mine], fresh = why, True
                    del self.made[mine]
                    self.people.pop(wanted.key, None)
            if not fresh and (tied := self._tied(absent)):
                blocked[tied], fresh = "it and what it needs wait for each other", True
                del self.made[tied]
        return blocked

    def _tied(self, absent: list[Wanted]) -> tuple[str, str] | None:
        """Find circles, and what opens each; return one of a circle that nothing opens."""
        self.late.clear()
        made = {(w.kind, w.key): w for w in absent if (w.kind, w.key) in self.made}
        needs = {mine: self._first(wanted) for mine, wanted in made.items()}
        while circle := _circle(needs):
            for mine in sorted(circle - self.late.keys()):
                wanted = made[mine]
                late = {n for n, v in wanted.spec.items() if circle & {*references_of(v)}}
                if late and f"{LATE}{mine[0]}" in hands():
                    self.late[mine] = frozenset(late)
                    needs[mine] = self._first(self.early(wanted))
                    break
            else:
                return min(circle)
        return None

    def early(self, wanted: Wanted) -> Wanted:
        """Return an asset without what it takes only after it was made."""
        late = {*kinds()[wanted.kind].late, *self.late.get((wanted.kind, wanted.key), ())}
        return replace(wanted, spec={n: v for n, v in wanted.spec.items() if n not in late})

    def _first(self, wanted: Wanted) -> set[tuple[str, str]]:
        """Return what is made before an asset."""
        needed = [*self.needed(kinds()[wanted.kind], wanted), elder(wanted)]
        return {one for one in needed if one in self.made}

    def address(self, wanted: Wanted) -> str:
        """Return the address of the change that makes an asset."""
        return self.thing(wanted).address

    def thing(self, wanted: Wanted) -> Thing:
        """Return what the change that makes an asset is about."""
        if not self.assigned(wanted):
            return self.target.thing(ASSET, wanted.kind, wanted.key)
        workspace = self.target.scope.partition("/")[2]
        group = self.target.account_groups[wanted.key]
        return Thing("workspace_assignment", "account", f"{workspace}/{group}")

    def assigned(self, wanted: Wanted) -> bool:
        """Return whether it is a group of the account that can be let into the workspace."""
        of_account = wanted.kind == "group" and wanted.spec.get("account")
        return bool(of_account) and wanted.key in self.target.account_groups

    def lacking(self, kind: Kind, wanted: Wanted) -> str:
        """Return what an asset refers to that is not there and will not be made."""
        for other, key in (*self.needed(kind, wanted), *self._elders(kind, wanted)):
            if (other, key) not in self.made and not self._there(other, key):
                return f"it needs the {other} {key}, which is not there and is not restored"
        return ""

    def needed(self, kind: Kind, wanted: Wanted) -> Iterator[tuple[str, str]]:
        """Yield kind and key of what an asset stands on."""
        yield from references_of(wanted.spec)
        for reference in kind.references:
            if reference.key:
                found = places.values(wanted.spec, reference.place)
                yield from ((reference.kind, str(key)) for key in found)
        if kind.parent and (parent := self.parent(kind, wanted.key)):
            yield kind.parent, parent
        if kind.named:
            yield kind.named, wanted.key
        placed = wanted.key.startswith("/") and not kind.beside
        folder = wanted.key.rpartition("/")[0] if placed else ""
        if folder and folder not in ROOTS:
            yield "directory", folder

    def parent(self, kind: Kind, key: str) -> str:
        """Return the key of what an asset hangs on; empty where there is none."""
        while key:
            if (kind.parent, key) in self.made or self._there(kind.parent, key):
                return key
            key = key[: max(key.rfind("/"), key.rfind("."), 0)]
        return ""

    def stranger(self, kind: Kind, wanted: Wanted) -> str:
        """Return who is named in a definition that the workspace does not know."""
        if kind.name in PEOPLE or kind.name in _OF_THE_ACCOUNT or kind.name.endswith("_grants"):
            return ""
        return self.unknown(n for p in kind.principals for n in places.values(wanted.spec, p))

    def unknown(self, names: Iterable[Any]) -> str:
        """Return which of some names the workspace does not know, in a sentence."""
        known = (self.target.people, self.people, _BUILT_IN)
        mentioned = {str(name) for name in names if name}
        strange = sorted(n for n in mentioned if not any(n in some for some in known))
        if not strange:
            return ""
        return f"{', '.join(strange)} is not in the workspace: say who it is there in a map"

    def _obstacle(self, wanted: Wanted, lazy: frozenset[str]) -> str:
        kind = kinds()[wanted.kind]
        if self.assigned(wanted):
            return ""
        why = kind.given(wanted.spec) if kind.given else ""
        if wanted.kind == "directory" and wanted.key in ROOTS:
            why = "every workspace has it"
        elif _of_unity(kind) and not self.target.metastore:
            why = "the workspace has no metastore"
        return why or self._put_off(kind, wanted, lazy) or self.standing_in_the_way(kind, wanted)

    def standing_in_the_way(self, kind: Kind, wanted: Wanted) -> str:
        """Return why an asset can neither be made nor changed so; empty when it can."""
        return (
            self.lacking(kind, wanted)
            or self.stranger(kind, wanted)
            or self._unbound(wanted)
            or self.refusals.why(wanted)
        )

    def _unbound(self, wanted: Wanted) -> str:
        """Return why an isolated asset would be out of reach as soon as it is isolated."""
        binding = f"{wanted.kind}_binding"
        isolated = str(wanted.spec.get("isolation_mode")).endswith("ISOLATED")
        if (
            isolated
            and (binding, wanted.key) not in self.made
            and not self._there(binding, wanted.key)
        ):
            return (
                f"it is isolated, and the workspace would not see it: restore its {binding} with it"
            )
        return ""

    def _put_off(self, kind: Kind, wanted: Wanted, lazy: frozenset[str]) -> str:
        """Return why an asset is made at failover only."""
        why = "it is made at failover" if wanted.kind in lazy else ""
        for other, key in () if why else (*self.needed(kind, wanted), *self._elders(kind, wanted)):
            if (other, key) in self.later:
                why = f"it waits for the {other} {key}, which is made at failover"
        if why:
            self.later.add((wanted.kind, wanted.key))
        return why

    def _elders(self, kind: Kind, wanted: Wanted) -> Iterator[tuple[str, str]]:
        """Yield the older asset of the same name where that is not there: it has the name first."""
        older = elder(wanted)
        if older in self._lacked and not kind.unique:
            yield older

    def _there(self, kind: str, key: str) -> bool:
        try:
            return self.target.catalogue.held(kind, key) is not None
        except CallFailedError:
            return False


def elder(wanted: Wanted) -> tuple[str, str] | None:
    """Return kind and key of the asset of the same name that is older."""
    name, mark, number = wanted.key.rpartition("#")
    if not mark or not number.isdigit():
        return None
    return wanted.kind, name if number == "2" else f"{name}#{int(number) - 1}"


def _circle(needs: Mapping[tuple[str, str], set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """Return assets that need each other in a circle; none where there is none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return set(error.args[1])
    return set()


def _of_unity(kind: Kind) -> bool:
    above = kinds()[kind.parent] if kind.parent else kind
    above = kinds()[above.parent] if above.parent else above
    return above.listing is not None and _NO_METASTORE in above.listing.absent

"""What is to be done about each asset of a backup: make it, change it, leave it, or say why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from lakewarden.apply.hands.assets import ACL, ASSET, LATE, RUNNING, plain
from lakewarden.assets import places
from lakewarden.assets.canonical import ASSET as ASSET_MARK
from lakewarden.assets.canonical import references_of, text
from lakewarden.assets.kind import Kind
from lakewarden.assets.kinds.tree import ROOTS
from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.plan.change import Change
from lakewarden.plan.change import Target as Thing
from lakewarden.plan.paths import path, value_at
from lakewarden.restore.target import Found, TargetWorkspace
from lakewarden.restore.wanted import Wanted

Json = Mapping[str, Any]
_OWNED: Final = frozenset({"job", "pipeline", "warehouse"})
"""Kinds of which each has exactly one owner among its permissions."""
_OWNER: Final = "IS_OWNER"
_OF_THE_ACCOUNT: Final = frozenset(
    {"catalog", "schema", "external_location", "storage_credential", "credential"}
)
"""Kinds whose principals are those of the account, and need not be in the workspace."""
_NO_METASTORE: Final = "METASTORE_DOES_NOT_EXIST"
_BUILT_IN: Final = frozenset({"account users", "users", "admins", "System user"})


class Fate(StrEnum):
    """What is done about an asset."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DIFFERENT = "different"
    BY_HAND = "by hand"
    BLOCKED = "blocked"


@dataclass(slots=True)
class Judged:
    """One asset, and what is done about it.

    Attributes:
        wanted: as the backup has it.
        fate: what is done.
        changes: the changes that do it; of a `DIFFERENT` one those that are not made.
        why: why it is by hand, blocked, or left as it is.
        notes: what else there is to say.
    """

    wanted: Wanted
    fate: Fate
    changes: list[Change] = field(default_factory=list)
    why: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class How:
    """How a backup is given back.

    Attributes:
        overwrite: what differs is changed as well.
        acls: permissions are given back too.
        lazy: kinds that are not made now.
        permanent: settings may be changed that can never be changed back.
    """

    overwrite: bool = False
    acls: bool = True
    lazy: frozenset[str] = frozenset()
    permanent: bool = False


class Planner:
    """Judges the assets of one backup for one workspace."""

    def __init__(self, target: TargetWorkspace, wanted: Iterable[Wanted], how: How) -> None:
        """Take the assets as they are to be in the target, and read what it has of them."""
        order = {name: number for number, name in enumerate(kinds())}
        self._target = target
        self._how = how
        self._wanted = sorted(wanted, key=lambda w: (order.get(w.kind, len(order)), w.key))
        known = [w for w in self._wanted if w.kind in order]
        self._found = target.read([(w.kind, w.key, how.acls and w.acl is not None) for w in known])
        self._made: dict[tuple[str, str], str] = {}
        self._new_people: dict[str, str] = {}

    def judge(self) -> Iterator[Judged]:
        """Yield each asset with what is done about it, those first on which others stand."""
        waiting = [w for w in self._wanted if self._new(w)]
        self._made = {(w.kind, w.key): self._address(w) for w in waiting}
        for kind in ("user", "service_principal", "group"):
            self._new_people |= {w.key: self._address(w) for w in waiting if w.kind == kind}
        blocked = self._blocked(waiting)
        for wanted in self._wanted:
            yield self._judged(wanted, blocked.get((wanted.kind, wanted.key), ""))

    def _new(self, wanted: Wanted) -> bool:
        found = self._found.get((wanted.kind, wanted.key))
        return found is not None and found.document is None and not found.problem

    def _address(self, wanted: Wanted) -> str:
        if self._assigned(wanted):
            return self._assignment(wanted).address
        return self._target.thing(ASSET, wanted.kind, wanted.key).address

    def _assignment(self, wanted: Wanted) -> Thing:
        workspace = self._target.scope.partition("/")[2]
        group = self._target.account_groups[wanted.key]
        return Thing("workspace_assignment", "account", f"{workspace}/{group}")

    def _blocked(self, waiting: list[Wanted]) -> dict[tuple[str, str], str]:
        """Return why some cannot be made, and so those that stand on them."""
        blocked: dict[tuple[str, str], str] = {}
        fresh = True
        while fresh:
            fresh = False
            for wanted in waiting:
                mine = (wanted.kind, wanted.key)
                if mine in self._made and (why := self._obstacle(wanted)):
                    blocked[mine], fresh = why, True
                    del self._made[mine]
                    self._new_people.pop(wanted.key, None)
        return blocked

    def _obstacle(self, wanted: Wanted) -> str:
        """Return why an asset cannot be made; empty when it can."""
        kind = kinds()[wanted.kind]
        if self._assigned(wanted):
            return ""
        if kind.given and (why := kind.given(wanted.spec)):
            return why
        if wanted.kind == "directory" and wanted.key in ROOTS:
            return "every workspace has it"
        if _of_unity(kind) and not self._target.metastore:
            return "the workspace has no metastore"
        if wanted.kind in self._how.lazy:
            return ""
        return self._lacking(kind, wanted) or self._stranger(kind, wanted)

    def _assigned(self, wanted: Wanted) -> bool:
        """Return whether it is a group of the account that can be let into the workspace."""
        of_account = wanted.kind == "group" and wanted.spec.get("account")
        return bool(of_account) and wanted.key in self._target.account_groups

    def _lacking(self, kind: Kind, wanted: Wanted) -> str:
        """Return what an asset refers to that is not there and will not be made."""
        for other, key in self._needed(kind, wanted):
            if (other, key) == (wanted.kind, wanted.key):
                return "it refers to itself"
            if (other, key) not in self._made and not self._there(other, key):
                return f"it needs the {other} {key}, which is not there and is not restored"
        return ""

    def _there(self, kind: str, key: str) -> bool:
        try:
            return self._target.catalogue.held(kind, key) is not None
        except CallFailedError:
            return False

    def _needed(self, kind: Kind, wanted: Wanted) -> Iterator[tuple[str, str]]:
        yield from references_of(wanted.spec)
        for reference in kind.references:
            if reference.key:
                found = places.values(wanted.spec, reference.place)
                yield from ((reference.kind, str(key)) for key in found)
        if kind.parent and (parent := self._parent(kind, wanted.key)):
            yield kind.parent, parent
        placed = wanted.key.startswith("/") and not kind.beside
        folder = wanted.key.rpartition("/")[0] if placed else ""
        if folder and folder not in ROOTS:
            yield "directory", folder

    def _parent(self, kind: Kind, key: str) -> str:
        """Return the key of what an asset hangs on."""
        while key:
            if (kind.parent, key) in self._made or self._there(kind.parent, key):
                return key
            key = key[: max(key.rfind("/"), key.rfind("."), 0)]
        return ""

    def _stranger(self, kind: Kind, wanted: Wanted) -> str:
        """Return who is named that the workspace does not know."""
        if kind.name in _OF_THE_ACCOUNT or kind.name.endswith("_grants"):
            return ""
        if kind.name in {"user", "service_principal", "group"}:
            return ""
        return self._unknown(n for p in kind.principals for n in places.values(wanted.spec, p))

    def _unknown(self, names: Iterable[Any]) -> str:
        known = (self._target.people, self._new_people, _BUILT_IN)
        mentioned = {str(name) for name in names if name}
        strange = sorted(n for n in mentioned if not any(n in some for some in known))
        if not strange:
            return ""
        return f"{', '.join(strange)} is not in the workspace: say who it is there in a map"

    def _judged(self, wanted: Wanted, blocked: str) -> Judged:
        kind = kinds().get(wanted.kind)
        if kind is None:
            why = "this version does not know the kind"
            return Judged(wanted, Fate.BLOCKED, why=why)
        found = self._found[wanted.kind, wanted.key]
        if found.problem:
            return Judged(wanted, Fate.BLOCKED, why=f"it cannot be looked at: {found.problem}")
        if found.document is None:
            return self._absent(kind, wanted, blocked)
        return self._present(kind, wanted, found)

    def _absent(self, kind: Kind, wanted: Wanted, blocked: str) -> Judged:
        if blocked:
            return Judged(wanted, Fate.BLOCKED, why=blocked)
        if kind.content and kind.content.source == "secret" and not wanted.content:
            return Judged(wanted, Fate.BY_HAND, why=kind.by_hand)
        if kind.content and kind.content.source != "secret" and not wanted.content:
            return Judged(wanted, Fate.BLOCKED, why="the backup does not have its content")
        if not wanted.spec:
            return Judged(wanted, Fate.UNCHANGED)
        if kind.create is None and kind.update is None:
            return Judged(wanted, Fate.BY_HAND, why="no call makes one")
        judged = Judged(wanted, Fate.CREATE, [self._creation(kind, wanted)])
        if kind.by_hand and not wanted.content:
            judged.notes.append(f"by hand: {kind.by_hand}")
        judged.changes += self._afterwards(kind, wanted, judged.changes[0])
        if self._how.acls and wanted.acl is not None and kind.acl:
            self._grant(kind, wanted, None, judged)
        return judged

    def _creation(self, kind: Kind, wanted: Wanted) -> Change:
        if self._assigned(wanted):
            let_in = {"/permissions": ["USER"]}
            return Change(self._assignment(wanted), wanted.key, None, let_in)
        spec = {name: value for name, value in wanted.spec.items() if name not in kind.late}
        after: dict[str, Any] = {"/spec": spec}
        above = self._above(kind, wanted) if kind.beside else ""
        if wanted.content:
            after["/content"] = wanted.cipher or wanted.content
        return Change(
            self._target.thing(ASSET, kind.name, wanted.key),
            wanted.key,
            None,
            after,
            follows=tuple(dict.fromkeys(self._follows(kind, wanted))),
            irreversible="" if kind.delete or above else "no call takes it away again",
            part_of=above,
        )

    def _above(self, kind: Kind, wanted: Wanted) -> str:
        """Return the change that makes what an asset hangs on, if there is one."""
        parent = kind.parent or kind.named
        key = self._parent(kind, wanted.key) if kind.parent else wanted.key
        return self._made.get((parent, key), "")

    def _follows(self, kind: Kind, wanted: Wanted) -> Iterator[str]:
        """Yield the changes that come before the one that makes an asset."""
        for needed in self._needed(kind, wanted):
            if address := self._made.get(needed):
                yield address
        name, mark, number = wanted.key.rpartition("#")
        if mark and number.isdigit():
            elder = name if number == "2" else f"{name}#{int(number) - 1}"
            if address := self._made.get((wanted.kind, elder)):
                yield address
        names = {str(n) for p in kind.principals for n in places.values(wanted.spec, p)}
        if wanted.key.startswith(("/Users/", "/Repos/")):
            names.add(wanted.key.split("/")[2])
        mine = self._address(wanted)
        yield from (
            self._new_people[n]
            for n in sorted(names & self._new_people.keys())
            if self._new_people[n] != mine
        )

    def _afterwards(self, kind: Kind, wanted: Wanted, made: Change) -> Iterator[Change]:
        """Yield the changes that take away what making an asset leaves beside it."""
        late = {path("spec", n): wanted.spec[n] for n in kind.late if wanted.spec.get(n)}
        if late:
            yield Change(
                self._target.thing(LATE, kind.name, wanted.key),
                *(wanted.key, dict.fromkeys(late), late),
                follows=(made.address,),
                part_of=made.address,
            )
        if kind.stop is not None:
            yield Change(
                self._target.thing(RUNNING, kind.name, wanted.key),
                *(wanted.key, {"/running": True}, {"/running": False}),
                follows=(made.address,),
                part_of=made.address,
            )
        if kind.name == "secret_scope":
            yield from self._own_grant(wanted, made)

    def _own_grant(self, scope: Wanted, made: Change) -> Iterator[Change]:
        me = self._target.me.name
        thing = self._target.thing(ASSET, "secret_acl", f"{scope.key}/{me}")
        if ("secret_acl", thing.key) in self._made:
            return
        inside = [
            a
            for (kind, key), a in self._made.items()
            if kind in {"secret", "secret_acl"} and key.startswith(f"{scope.key}/")
        ]
        held = {"principal": me, "permission": "MANAGE"}
        yield Change(
            thing,
            *(f"{scope.key}: your own", {"/spec": held}, None),
            follows=(made.address, *inside),
            part_of=made.address,
        )

    def _present(self, kind: Kind, wanted: Wanted, found: Found) -> Judged:
        judged = Judged(wanted, Fate.UNCHANGED)
        if wanted.around:
            return judged
        wanted = self._with_my_rights(wanted, found)
        before, after = differences(kind, wanted, found.document or {})
        if after and kind.permanent and not self._how.permanent:
            return Judged(wanted, Fate.BY_HAND, why=f"it differs, and {kind.permanent}")
        if after and kind.update is None:
            names = ", ".join(place.removeprefix("/spec/") for place in after)
            return Judged(wanted, Fate.BY_HAND, why=f"{names} differ, and no call changes it")
        if after:
            thing = self._target.thing(ASSET, kind.name, wanted.key)
            follows = tuple(dict.fromkeys(self._follows(kind, wanted)))
            judged.changes.append(Change(thing, wanted.key, before, after, follows=follows))
            if why := self._lacking(kind, wanted) or self._stranger(kind, wanted):
                return Judged(wanted, Fate.BLOCKED, why=why)
        if self._how.acls and wanted.acl is not None and found.acl is not None:
            self._grant(kind, wanted, found.acl, judged)
        if judged.changes:
            judged.fate = Fate.UPDATE if self._how.overwrite else Fate.DIFFERENT
        return judged

    def _with_my_rights(self, wanted: Wanted, found: Found) -> Wanted:
        """Return the group of admins with whoever restores in it, if they are in it now."""
        if (wanted.kind, wanted.key) != ("group", "admins"):
            return wanted
        mine = {"user_name": "user", "service_principal_name": "service_principal"}
        kind = mine[self._target.me.field]
        me = {kind: {ASSET_MARK: kind, "key": self._target.me.name}}
        there = value_at(found.document, "/spec/members") or []
        members = list(wanted.spec.get("members") or ())
        if me not in there or me in members:
            return wanted
        spec = {**wanted.spec, "members": sorted([*members, me], key=text)}
        return replace(wanted, spec=spec)

    def _grant(
        self, kind: Kind, wanted: Wanted, found: list[dict[str, str]] | None, judged: Judged
    ) -> None:
        """Add the change that gives permissions back, or say why there is none."""
        entries = list(wanted.acl or ())
        names = [v for e in entries for n, v in e.items() if n != "permission_level"]
        if why := self._unknown(names):
            judged.notes.append(f"its permissions are left as they are: {why}")
            return
        entries, note = self._with_me(kind, entries)
        if note:
            judged.notes.append(note)
        if found is not None and {text(e) for e in found} == {text(e) for e in entries}:
            return
        made = judged.changes[0].address if judged.changes and found is None else ""
        before = [c.address for c in judged.changes] if made else []
        people = (self._new_people[n] for n in sorted(set(names) & self._new_people.keys()))
        judged.changes.append(
            Change(
                self._target.thing(ACL, kind.name, wanted.key),
                *(wanted.key, {"/acl": found}, {"/acl": entries}),
                follows=(*before, *people),
                part_of=made,
            )
        )

    def _with_me(
        self, kind: Kind, entries: list[dict[str, str]]
    ) -> tuple[list[dict[str, str]], str]:
        """Return permissions by which somebody owns the asset, and whoever restores is let in."""
        me = self._target.me
        levels = {e["permission_level"] for e in entries if e.get(me.field) == me.name}
        if kind.name in _OWNED and not any(e["permission_level"] == _OWNER for e in entries):
            kept = [e for e in entries if e.get(me.field) != me.name]
            mine = {me.field: me.name, "permission_level": _OWNER}
            return sorted([*kept, mine], key=text), "it has no owner in the backup: you own it"
        if me.admin or levels & {_OWNER, "CAN_MANAGE"}:
            return entries, ""
        mine = {me.field: me.name, "permission_level": "CAN_MANAGE"}
        kept = [e for e in entries if e.get(me.field) != me.name]
        return sorted([*kept, mine], key=text), "you are no admin, so your own permission stays"


def _of_unity(kind: Kind) -> bool:
    above = kinds()[kind.parent] if kind.parent else kind
    above = kinds()[above.parent] if above.parent else above
    return above.listing is not None and _NO_METASTORE in above.listing.absent


def differences(kind: Kind, wanted: Wanted, found: Json) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return in which fields an asset differs from what is wanted: as they are, as they should."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    spec: Json = found.get("spec") or {}
    for name in dict.fromkeys([*spec, *wanted.spec]):
        old, new = spec.get(name), wanted.spec.get(name)
        if text(plain(old)) != text(plain(new)):
            before[path("spec", name)], after[path("spec", name)] = old, new
    kept = kind.content is not None and kind.content.source != "secret"
    if kept and wanted.content and wanted.content != value_at(found, "/content"):
        before["/content"], after["/content"] = found.get("content"), wanted.content
    return before, after

"""What a workspace would refuse, as far as that can be known before it is asked for it."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Final

from lakewarden.assets import places
from lakewarden.assets.bars import BARS, RESTRICT_ADMINS, clusters_of
from lakewarden.assets.kind import Kind
from lakewarden.restore.compute import Compute
from lakewarden.restore.future import Future
from lakewarden.restore.wanted import Wanted

Entries = list[dict[str, str]]
_RUN_AS: Final = frozenset({"job", "pipeline", "alert"})
_OF_OTHERS: Final = {
    "job": ("run_as.user_name", "runs as"),
    "pipeline": ("run_as.user_name", "runs as"),
    "query": ("owner_user_name", "is of"),
}
"""Where a definition names who acts, other than whoever makes it, and how that is said."""
_PERSONAL: Final = frozenset({"run_as", "owner_user_name"})
_ALONE: Final = (
    f"{RESTRICT_ADMINS.key} lets admins act for themselves alone: an account admin can lift it"
)


def impersonal(wanted: Wanted, changes: Container[str]) -> Wanted:
    """Return an asset that is there without whom it acts for, unless that changes.

    Args:
        wanted: as it is to be.
        changes: the paths at which it changes.
    """
    kept = {n: v for n, v in wanted.spec.items() if n not in _PERSONAL or f"/spec/{n}" in changes}
    return replace(wanted, spec=kept)


class Refusals:
    """Says of assets why the workspace would refuse them."""

    def __init__(self, future: Future) -> None:
        """Judge by what is there when they are made."""
        self._future = future
        self._target = future.target
        self._compute = Compute(future)
        self._told: dict[tuple[str, str], str] = {}
        self._may_act_as = functools.cache(future.target.may_act_as)

    def why(self, wanted: Wanted) -> str:
        """Return why an asset would be refused; empty where nothing is known against it."""
        mine = (wanted.kind, wanted.key)
        if mine not in self._told:
            self._told[mine] = next(self._reasons(wanted), "")
        return self._told[mine]

    def owner(self, kind: Kind, entries: Entries, found: Entries | None) -> str:
        """Return why an owner among permissions would be refused; empty where none would be.

        Args:
            kind: of the asset.
            entries: the permissions.
            found: those that it has; None where it is not there yet.
        """
        me, had = self._target.me, found or []
        owners = [e for e in entries if e["permission_level"] == "IS_OWNER" and e not in had]
        others = any(entry.get(me.field) != me.name for entry in owners)
        return _ALONE if kind.name == "job" and others and self._restricted else ""

    @property
    def _restricted(self) -> bool:
        return self._future.stands(RESTRICT_ADMINS)

    def _reasons(self, wanted: Wanted) -> Iterator[str]:
        yield from self._as_another(wanted)
        restricts = (wanted.kind, wanted.key) == (RESTRICT_ADMINS.kind, RESTRICT_ADMINS.key)
        if restricts and not self._target.may_manage_account:
            yield "only an admin of the account can set it: restore it as one"
        for bar in BARS:
            if bar.refuses(wanted.kind, wanted.spec) and self._future.stands(bar):
                yield f"{bar.key} {bar.why}"
        for cluster in clusters_of(wanted.kind, wanted.spec):
            yield from self._compute.against(wanted.kind, cluster)
        if wanted.kind == "cluster_libraries" and self._target.metastore:
            yield from self._compute.unlisted(wanted.spec)

    def _as_another(self, wanted: Wanted) -> Iterator[str]:
        me = self._target.me.name
        if wanted.kind in _RUN_AS:
            for name in map(str, places.values(wanted.spec, "run_as.service_principal_name")):
                if name != me and not self._may_act_as(name):
                    yield (
                        f"it runs as {name}, for whom you do not have the role Service Principal "
                        "User: give it to yourself in the account console"
                    )
        place, what = _OF_OTHERS.get(wanted.kind, ("", ""))
        for name in places.values(wanted.spec, place) if place else ():
            if name != me and self._restricted:
                yield f"it {what} {name}, and {_ALONE}"

"""What a workspace has at the time when something is made in it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from lakewarden.assets.bars import Bar
from lakewarden.clients.failure import CallFailedError
from lakewarden.restore.target import Found, TargetWorkspace
from lakewarden.restore.wanted import Wanted

Json = Mapping[str, Any]


class Future:
    """What is there now, and what is given back before it is needed.

    Attributes:
        target: the workspace.
        stands: whether a switch is known to refuse things when they are made.
        final: the definition that a kind and a key will have; empty for nothing, None where nobody
            can tell.
    """

    def __init__(
        self,
        target: TargetWorkspace,
        wanted: list[Wanted],
        found: Mapping[tuple[str, str], Found],
        *,
        changing: bool,
    ) -> None:
        """Take what is to be there, and what is.

        Args:
            target: the workspace.
            wanted: what is to be there.
            found: what is there under the same keys.
            changing: what differs is changed.
        """
        self.target = target
        self._wanted = {(one.kind, one.key): one.spec for one in wanted}
        self._found = found
        self._changing = changing
        self.stands = functools.cache(self._stands)
        self.final = functools.cache(self._final)

    def _stands(self, bar: Bar) -> bool:
        wanted = self._wanted.get((bar.kind, bar.key))
        lifted = wanted is not None and not bar.shuts(wanted)
        if lifted and self._comes(bar.kind, bar.key):
            return False
        now = self._now(bar)
        return now is not None and bar.shuts(now)

    def _now(self, bar: Bar) -> Json | None:
        """Return what a switch is set to, with its default where it has one; None if unknown."""
        catalogue = self.target.catalogue
        try:
            held = catalogue.held(bar.kind, bar.key)
            return {} if held is None else catalogue.whole(held)
        except CallFailedError:
            return None

    def _final(self, kind: str, key: str) -> Json | None:
        if self._comes(kind, key):
            return self._wanted[kind, key]
        mine = (kind, key)
        found = self._found.get(mine) or self.target.read([(kind, key, False)])[mine]
        return None if found.problem else (found.document or {}).get("spec") or {}

    def _comes(self, kind: str, key: str) -> bool:
        """Return whether it will be as it is wanted."""
        found = self._found.get((kind, key))
        new = found is not None and found.document is None and not found.problem
        return (kind, key) in self._wanted and (self._changing or new)

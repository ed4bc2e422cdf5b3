"""A simulated workspace, an empty one beside it, and what goes from one to the other."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pyrage

from apply.nowhere import Nowhere
from backup.kit import Kit
from lakewarden.apply.contents import Contents
from lakewarden.apply.doors import Doors
from lakewarden.apply.side_by_side import Outcome, carry_out_side_by_side
from lakewarden.backup.begin import Wishes
from lakewarden.backup.selection import Selection
from lakewarden.collect.doors import Reach
from lakewarden.plan.plan import Plan
from lakewarden.restore.plan import Restoration
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.task import Task, planned
from lakewarden.store.kept import Kept
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.secrets import ValueKey, encrypt


class Noting(Nowhere):
    """A journal that keeps what changes found, and may break off."""

    def __init__(self, most: int | None = None) -> None:
        self.found: dict[int, Any] = {}
        self.most = most

    def intend(self, number, address, before):
        if self.most is not None and len(self.found) >= self.most:
            raise KeyboardInterrupt
        self.found.setdefault(number, before)


class Pair(Kit):
    """The first workspace, and the standby of the world."""

    def __init__(self, simulation: Any, folder: Path) -> None:
        super().__init__(simulation, folder)
        self.identity = pyrage.x25519.Identity.generate()
        self.source = (self.workspace, self.url)
        self.standby = (simulation.standby, simulation.workspace_urls[simulation.standby])

    def at(self, place: tuple[int, str]) -> Pair:
        """Stand in one of the two."""
        self.workspace, self.url = place
        return self

    def with_values(self) -> Wishes:
        """What to wish of a backup that has values of secrets."""
        key, to = ValueKey.of_this_machine(), (str(self.identity.to_public()),)

        def seal(kind: str, name: str, value: bytes) -> tuple[str, bytes]:
            return key.digest(kind, name, value), encrypt(value, to)

        return Wishes(Selection(values=True), recipients=to, seal=seal)

    def doors(self) -> Doors:
        """Doors of a new process."""
        urls = {str(number): url for number, url in self.simulation.workspace_urls.items()}
        host, account = self.simulation.account_host, self.simulation.account_id
        reach = Reach(host, account, workspace_urls=urls, use_aws=False)
        kept = Kept(self.folder / "kept")
        contents = Contents(kept, opened(self.target()), str(self.identity))
        return Doors(reach, urls, contents, share=50)

    def plan(self, run: Run, task: Task, place: tuple[int, str] | None = None) -> Restoration:
        """What it takes to give a run back to the standby, or to another place."""
        target = self.target_of(place or self.standby)
        with opened(self.target()) as vault:
            return planned(task, vault, run, target, self.simulation.account_id)

    def target_of(self, place: tuple[int, str]) -> TargetWorkspace:
        """One of the two, as planning sees it."""
        return TargetWorkspace(self.doors(), f"workspace/{place[0]}")

    def carry_out(self, plan: Plan, journal: Nowhere | None = None, **options: Any) -> Outcome:
        """Carry a plan out."""
        options = {"most_errors": 1000, **options}
        return carry_out_side_by_side(self.doors(), plan.changes, journal or Nowhere(), **options)

    def source_of(self, path: str) -> str:
        """The source of a notebook where we stand."""
        answer = self.host().get("/api/2.0/workspace/export", {"path": path, "format": "SOURCE"})
        return base64.b64decode(answer["content"]).decode()

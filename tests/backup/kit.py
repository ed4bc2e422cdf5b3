"""A simulated workspace, and backups of it into vaults under one folder."""

from __future__ import annotations

import base64
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakewarden.backup.begin import Wishes, begun
from lakewarden.backup.calls import Calls
from lakewarden.backup.run import Outcome
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.patience import Patience
from lakewarden.clients.throttle import Throttle
from lakewarden.store.vault.manifest import Entry, Run
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.queue import Queue
from lakewarden.store.vault.work import Work

PATIENCE = Patience(connect=5, answer=10, retry=1.5)


class Kit:
    """One workspace of a simulation.

    Attributes:
        simulation: the world.
        made: calls of the last backup, by what they were for.
    """

    def __init__(self, simulation: Any, folder: Path) -> None:
        self.simulation = simulation
        self.folder = folder
        self.workspace, self.url = next(iter(simulation.workspace_urls.items()))
        self.made: Counter[str] = Counter()

    def host(self) -> DatabricksHost:
        """The workspace, as a client has it that need not care for its limits."""
        return DatabricksHost(self.url, patience=PATIENCE, throttle=Throttle(share=50))

    def target(self, name: str = "vault") -> str:
        """The address of a vault."""
        return str(self.folder / name)

    def backup(
        self,
        name: str = "vault",
        wishes: Wishes | None = None,
        *,
        accept: bool = False,
        fresh: bool = False,
    ) -> Outcome:
        """Back up as the command does, only that tries follow each other faster."""
        calls = Calls(self.host(), pause=0.005)
        url = self.target(name)
        with Work.open(self.url, url) as work:
            with (
                opened(url, spool=work.folder, create=True) as vault,
                Queue(work, vault.flush, fresh=fresh) as queue,
            ):
                backup = begun(calls, str(self.workspace), vault, queue, wishes or Wishes())
                try:
                    outcome = backup.run(None, lambda _: None, accept=accept)
                finally:
                    self.made = calls.made
            if outcome.run is not None:
                work.discard()
        return outcome

    def run(self, *given: Any, **options: Any) -> Run:
        """Back up; the run as it was sealed."""
        run = self.backup(*given, **options).run
        assert run is not None
        return run

    def entries(self, run: Run, name: str = "vault") -> dict[tuple[str, str], Entry]:
        """What a run has, by kind and key."""
        with opened(self.target(name)) as vault:
            return {(e.kind, e.key): e for e in vault.entries(run.id)}

    def blob(self, digest: str | None, name: str = "vault") -> bytes:
        """A blob of a vault."""
        assert digest is not None
        with opened(self.target(name)) as vault:
            return vault.get(digest)

    def write(self, path: str, source: str, language: str = "PYTHON") -> None:
        """Put a notebook into the workspace."""
        content = base64.b64encode(source.encode()).decode()
        body = {"path": path, "content": content, "language": language, "overwrite": True}
        self.host().send("POST", "/api/2.0/workspace/import", {"format": "SOURCE", **body})

    def own_metastore(self) -> None:
        """Make whoever backs up the owner of the metastore, so that all of it is seen."""
        host, unity = self.host(), "/api/2.1/unity-catalog"
        metastore = host.get(f"{unity}/metastore_summary")["metastore_id"]
        me = host.get("/api/2.0/preview/scim/v2/Me")["userName"]
        host.send("PATCH", f"{unity}/metastores/{metastore}", {"owner": me})

    @contextmanager
    def broken(self, *faults: str) -> Any:
        """Break answers for the length of a block."""
        self.simulation.order(faults)
        try:
            yield
        finally:
            self.simulation.order(())

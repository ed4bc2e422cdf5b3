"""`Backup`: one workspace, read into a vault."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any, Final

from lakewarden import __version__
from lakewarden.backup.before import ACL_READ_AT, Before, time_of
from lakewarden.backup.changes import Changes, changes
from lakewarden.backup.collections import Collections
from lakewarden.backup.crew import Crew
from lakewarden.backup.reader import Reader
from lakewarden.backup.resuming import take_up
from lakewarden.backup.shaping import GONE, LEFT, READ, REPO, TREE, UNSEEN, left_out
from lakewarden.backup.shared import Shared
from lakewarden.backup.strays import Strays, forget_gone
from lakewarden.backup.tally import Progress
from lakewarden.backup.tree import Tree
from lakewarden.clock import now_ms
from lakewarden.errors import LakewardenError
from lakewarden.store.vault.manifest import Collection, Entry, Run, Status
from lakewarden.store.vault.queue import Item, State
from lakewarden.store.vault.signing import Signer

_TREE_WORKERS: Final = 24
_LIST_WORKERS: Final = 16
_TICK: Final = 0.5

Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a backup came to.

    Attributes:
        run: as it is sealed; None when it is held.
        changes: how each kind changed since the run before.
        held: kinds that changed so much that somebody should look before it is sealed.
    """

    run: Run | None
    changes: Mapping[str, Changes]
    held: tuple[str, ...] = ()


class Backup:
    """Reads a workspace into a vault."""

    def __init__(
        self,
        shared: Shared,
        workspace: str,
        previous: Run | None = None,
        recipients: tuple[str, ...] = (),
    ) -> None:
        """Prepare to read.

        Args:
            shared: what all who work on it share.
            workspace: the workspace's id.
            previous: the run before of the same workspace.
            recipients: to whom values of secrets are encrypted.
        """
        self._shared = shared
        self._recipients = recipients
        self._workspace = workspace
        self._previous = previous
        self._reader = Reader(shared)
        self._tree = Tree(shared)
        self._collections = Collections(shared, self._reader.read)

    def run(self, signer: Signer | None, watch: Watch, *, accept: bool = False) -> Outcome:
        """Read what is to be read, compare it with the run before, and seal it.

        Args:
            signer: signs the run.
            watch: is told how far it is.
            accept: seal it however much changed.

        Raises:
            LakewardenError: it had to stop; what was read is kept.
        """
        if self._shared.queue.resumed:
            take_up(self._shared)
        self._read(watch)
        Strays(self._shared, self._reader.read).find()
        self._confirm()
        forget_gone(self._shared)
        self._insist_finished()
        found = self._changes()
        held = tuple(kind for kind, count in found.items() if count.massive)
        if held and not accept:
            return Outcome(None, found, held)
        run = self._manifest(found, accepted=held)
        return Outcome(self._shared.vault.seal(run, self._shared.queue.entries(), signer), found)

    def _read(self, watch: Watch) -> None:
        """List and read, side by side; the first failure stops all."""
        walked, listed = threading.Event(), threading.Event()
        read, ready = self._reader.read, self._collections.ready
        crews = (
            (Crew(self._shared, TREE, read, _TREE_WORKERS, self._shared.kinds), walked),
            (Crew(self._shared, READ, read, _LIST_WORKERS, ready), listed),
        )
        with ThreadPoolExecutor(4, "backup") as pool:
            jobs = [
                pool.submit(_then, self._tree.run, walked),
                pool.submit(_then, self._collections.run, listed),
                *(pool.submit(crew.run, last) for crew, last in crews),
            ]
            try:
                self._wait(jobs, watch)
            finally:
                self._shared.stop.set()

    def _wait(self, jobs: list[Future[None]], watch: Watch) -> None:
        waiting = set(jobs)
        while waiting:
            done, waiting = wait(waiting, _TICK, FIRST_EXCEPTION)
            for job in done:
                job.result()
            watch(self._progress())

    def _progress(self) -> Progress:
        tally = self._shared.tally
        pace = self._shared.calls.host.throttle.pace(tally.left)
        return Progress(tally.found, tally.done, tally.failed, pace.per_second, pace.left)

    def _confirm(self) -> None:
        """Leave out what was listed, was not found, and is not listed any more."""
        queue = self._shared.queue
        unseen: dict[str, list[Item]] = {}
        for item in queue.items(state=State.FAILED, stage=UNSEEN):
            unseen.setdefault(item.kind, []).append(item)
        for name, items in unseen.items():
            kind = self._shared.kinds[name]
            if not kind.parent and not kind.tree and not kind.fixed and name != REPO:
                there = self._shared.lister.ids(kind)
                gone = [i for i in items if there is not None and i.id not in there]
                queue.put(*(replace(item, stage=GONE) for item in gone))

    def _insist_finished(self) -> None:
        """Refuse to seal while something is neither read nor known to be unreadable."""
        for item in self._shared.queue.items(state=State.OPEN):
            raise LakewardenError(
                f"{item.kind} {item.key or item.id} was not read", next_step="Back up again"
            )

    def _changes(self) -> dict[str, Changes]:
        before = self._previous
        if before is None:
            return {}
        queue = self._shared.queue
        old = self._shared.vault.entries(before.id)
        return changes(old, queue.entries(), before.collections, self._lists())

    def _lists(self) -> dict[str, Collection]:
        """Return how collections ended; of what could not be read, nothing counts as gone."""
        failed = {i.kind for i in self._failed() if i.stage not in {GONE, LEFT}}
        lists = self._shared.queue.collections()
        for kind in failed & lists.keys():
            lists[kind] = replace(lists[kind], status=Status.PARTIAL)
        return lists

    def _manifest(self, found: Mapping[str, Changes], accepted: tuple[str, ...]) -> Run:
        queue = self._shared.queue
        notes = {
            "selection": self._shared.selection.as_json(),
            "calls": dict(sorted(self._shared.calls.made.items())),
            "left_out": dict(sorted(self._left_out().items())),
            "permissions": {**_ages(queue.entries()), **_signalled(self._shared.before)},
            "changes": {kind: [c.added, c.changed, c.gone] for kind, c in found.items()},
            "accepted": list(accepted),
            "recipients": list(self._recipients),
        }
        return Run(
            id=queue.run_id,
            host=self._shared.calls.host.host,
            workspace=self._workspace,
            tool=f"lakewarden {__version__}",
            started=queue.started,
            ended=time_of(now_ms() / 1000),
            collections=queue.collections(),
            incomplete=tuple(_told(i) for i in queue.items(state=State.DONE) if i.error),
            errors=tuple(_told(i) for i in self._failed() if i.stage not in {GONE, LEFT}),
            notes=notes,
        )

    def _failed(self) -> Iterator[Item]:
        return self._shared.queue.items(state=State.FAILED)

    def _left_out(self) -> Counter[str]:
        late = (f"{item.kind}: {item.error}" for item in self._failed() if item.stage == LEFT)
        counts = Counter(late)
        for name in ("tree", *self._shared.kinds):
            counts.update(self._shared.queue.noted(left_out(name), {}))
        return counts


def _then(work: Callable[[], None], event: threading.Event) -> None:
    try:
        work()
    finally:
        event.set()


def _told(item: Item) -> dict[str, str]:
    return {"kind": item.kind, "key": item.key or item.id, "what": item.error}


def _signalled(before: Before) -> dict[str, Any]:
    """Return up to when the audit log was asked for changes of permissions, if it was."""
    until = before.signals.until
    return {"audit_until": time_of(until), "changed": len(before.signals.ids)} if until else {}


def _ages(entries: Iterator[Entry]) -> dict[str, Any]:
    """Return how many permissions there are, and since when the oldest were not read again."""
    read, oldest = 0, ""
    for entry in entries:
        if time := str(entry.stamp.get(ACL_READ_AT, "")):
            read, oldest = read + 1, min(oldest or time, time)
    return {"read": read, "oldest": oldest}

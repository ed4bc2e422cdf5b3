"""From what is wanted to a backup that can run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds as every_kind
from lakewarden.backup.before import Before
from lakewarden.backup.blind import blindness
from lakewarden.backup.calls import Calls
from lakewarden.backup.keys import Keys
from lakewarden.backup.listing import Lister
from lakewarden.backup.run import Backup
from lakewarden.backup.selection import Selection
from lakewarden.backup.shared import Sealed, Shared
from lakewarden.backup.signals import Signals
from lakewarden.backup.tally import Tally
from lakewarden.clock import now_ms, parse_time
from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.manifest import Entry, Run
from lakewarden.store.vault.queue import Queue
from lakewarden.store.vault.vault import Vault

DAY: Final = 86_400.0
_LATE: Final = DAY
"""How late events may come into the audit log."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted of a backup.

    Attributes:
        selection: what it is of.
        full: read everything again, whatever the run before knew.
        sweep_days: within how many days each permission is read again; 0 for each time.
        most_errors: how many errors are borne; None for what `Tally` bears.
        recipients: to whom values of secrets are encrypted.
        seal: encrypts them; None when they are not read.
        signal: says of a workspace, and a time in Unix seconds, whose permissions were changed
            since; None where there is no audit log.
    """

    selection: Selection = field(default_factory=Selection)
    full: bool = False
    sweep_days: float = 7.0
    most_errors: int | None = None
    recipients: tuple[str, ...] = ()
    seal: Sealed | None = None
    signal: Callable[[str, float], Signals] | None = None


def begun(calls: Calls, workspace: str, vault: Vault, queue: Queue, wishes: Wishes) -> Backup:
    """Return a backup of a workspace, which takes up what its queue has.

    Raises:
        UsageError: the one that was cut off was of something else.
    """
    kinds = wishes.selection.chosen()
    asked = dict(wishes.selection.as_json())
    if queue.noted("selection", asked) != asked:
        raise UsageError(
            "a backup was cut off that was of something else",
            where=vault.url,
            next_step="Give the same kinds, paths and options again, or --fresh to begin anew",
        )
    queue.note("selection", asked)
    runs = [run for run in reversed(vault.runs()) if run.workspace == workspace]
    alike = [run for run in runs if run.asked == asked]
    before, known = _remembered(vault, next(iter((*alike, *runs)), None), wishes)
    previous = max(alike, key=_seen, default=None)
    if previous is not known and not _is_readable(vault, previous):
        previous = None
    keys = Keys(workspace)
    for name in set(every_kind()) - set(kinds):
        keys.doubt(name)
    shared = Shared(
        calls=calls,
        lister=Lister(calls, kinds.values(), before.kinds),
        kinds=kinds,
        selection=wishes.selection,
        vault=vault,
        queue=queue,
        keys=keys,
        before=before,
        tally=Tally(wishes.most_errors),
        now=now_ms() / 1000,
        seal=wishes.seal,
        blind=blindness(calls),
    )
    return Backup(shared, workspace, previous, wishes.recipients)


def _seen(run: Run) -> int:
    return sum(collection.seen for collection in run.collections.values())


def _remembered(vault: Vault, previous: Run | None, wishes: Wishes) -> tuple[Before, Run | None]:
    """Return what the run before knew, and the run; nothing, where it cannot be read any more."""
    if previous is None:
        return Before(), None
    same = tuple(previous.notes.get("recipients", ())) == wishes.recipients
    try:
        entries = _usable(vault.entries(previous.id), wishes.selection.chosen(), same=same)
        before = Before(entries, period=wishes.sweep_days * DAY, full=wishes.full)
    except VaultError:
        return Before(), None
    if wishes.signal is not None and not wishes.full:
        since = parse_time(previous.started).timestamp() - _LATE
        before.signalled(wishes.signal(previous.workspace, since))
    return before, previous


def _is_readable(vault: Vault, run: Run | None) -> bool:
    try:
        return run is not None and all(True for _ in vault.entries(run.id))
    except VaultError:
        return False


def _usable(entries: Iterator[Entry], kinds: dict[str, Kind], *, same: bool) -> Iterator[Entry]:
    """Yield what the run before knew, without values that were encrypted to others."""
    for entry in entries:
        if entry.kind in kinds:
            others = entry.cipher and not same
            yield replace(entry, cipher=None, content=None) if others else entry

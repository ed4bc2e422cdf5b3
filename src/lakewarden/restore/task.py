"""From a backup and a workspace to the plan that gives the one back to the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import ConnectionFailedError, UsageError
from lakewarden.plan.plan import Origin, Plan
from lakewarden.restore.beside import beside
from lakewarden.restore.doorway import kept_open
from lakewarden.restore.failover import fence, let_go
from lakewarden.restore.ground import PEOPLE
from lakewarden.restore.maps import Maps
from lakewarden.restore.plan import Restoration, restoration
from lakewarden.restore.planner import How, Planner
from lakewarden.restore.sync import Gone, Notes, Prune, gone, passive
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.wanted import Choice, Wanted, wanted
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be given back, and how.

    Attributes:
        choice: which part of a backup.
        maps: what is called otherwise where it goes.
        how: what may be overwritten.
        side_path: the folder beside what is there; empty for where it was.
        addresses: where the caller's calls come from.
    """

    choice: Choice = field(default_factory=Choice)
    maps: Maps = field(default_factory=Maps)
    how: How = field(default_factory=How)
    side_path: str = ""
    addresses: tuple[str, ...] = ()


def planned(
    task: Task, vault: Vault, run: Run, target: TargetWorkspace, account: str
) -> Restoration:
    """Return the plan that gives a backup back; nothing is changed.

    Args:
        task: what is to be given back.
        vault: where the backup is.
        run: which one.
        target: where it goes.
        account: the Databricks account.

    Raises:
        VaultError: the backup is damaged.
        ConnectionFailedError: the workspace does not say who restores, or which lists it has.
    """
    host = target.catalogue.host.host
    origin = Origin(account, run.ended, "", vault=vault.url, run=run.id, host=host)
    try:
        planner = Planner(target, mapped(task, vault, run), task.how)
        judged = kept_open(list(planner.judge()), target, task.addresses)
    except CallFailedError as error:
        raise _unplanned(error, host) from None
    return restoration(judged, origin)


def synced(  # a plan, and what may be removed by it
    task: Task, vault: Vault, run: Run, target: TargetWorkspace, account: str, prune: Prune
) -> tuple[Restoration, Gone, Notes]:
    """Return the plan that brings a standby to a backup, and keeps it passive.

    Returns:
        The plan, what is gone at the source, and where to note what the changes leave.

    Raises:
        VaultError: the backup is damaged.
        ConnectionFailedError: the workspace does not say who syncs, or which lists it has.
    """
    host = target.catalogue.host.host
    origin = Origin(account, run.ended, "", vault=vault.url, run=run.id, host=host)
    want = list(passive(mapped(task, vault, run)))
    lost = Gone()
    try:
        planner = Planner(target, want, task.how)
        judged = kept_open(list(planner.judge()), target, task.addresses)
        if task.how.memory is not None and task.choice == Choice():
            there = {(w.kind, w.key) for w in want}
            there |= {(entry.kind, entry.key) for entry in vault.entries(run.id)}
            lost = gone(target, task.how.memory, there, run, prune)
    except CallFailedError as error:
        raise _unplanned(error, host) from None
    return restoration(judged, origin, lost.changes), lost, Notes(planner.found)


def taken_over(
    task: Task, vault: Vault, run: Run, target: TargetWorkspace, account: str
) -> Restoration:
    """Return the plan by which a standby works: what was held back starts, what waited is made.

    Raises:
        VaultError: the backup is damaged.
        ConnectionFailedError: the workspace cannot be planned for.
    """
    host = target.catalogue.host.host
    origin = Origin(account, run.ended, "", vault=vault.url, run=run.id, host=host)
    try:
        planner = Planner(target, mapped(task, vault, run), task.how)
        judged = kept_open(list(let_go(planner.judge())), target, task.addresses)
        return restoration(judged, origin)
    except CallFailedError as error:
        raise _unplanned(error, host) from None


def fenced(run: Run, vault: Vault, target: TargetWorkspace, account: str) -> tuple[Plan, list[str]]:
    """Return the plan after which nothing in a workspace starts by itself.

    Returns:
        The plan, and what could not be looked at.
    """
    host = target.catalogue.host.host
    origin = Origin(account, run.ended, "", vault=vault.url, run=run.id, host=host)
    changes, unseen = fence(target)
    return Plan(origin, tuple(changes)), unseen


def mapped(task: Task, vault: Vault, run: Run) -> list[Wanted]:
    """Return what is to be given back, under the names that it has where it goes.

    Raises:
        VaultError: the backup is damaged.
        UsageError: maps give one name to things that are not the same.
    """
    found = wanted(vault, run, task.choice)
    named = list(_apart(task.maps, found))
    return list(beside(named, task.side_path)) if task.side_path else named


def _apart(maps: Maps, found: Iterable[Wanted]) -> Iterator[Wanted]:
    """Yield assets under their names of there; of two people with one name, whose own it is."""
    every = [(one, maps.mapped(one) if one.kind in kinds() else one) for one in found]
    taken = {(old.kind, old.key): new for old, new in every if old.key == new.key}
    for old, new in every:
        other = taken.setdefault((new.kind, new.key), new)
        if other is new:
            yield new
        elif new.kind not in PEOPLE and (other.spec, other.content) != (new.spec, new.content):
            raise UsageError(
                f"the maps make {new.kind} {new.key} of {old.key} and of another one",
                next_step="Map them to names of their own, or leave one out with --paths",
            )


def _unplanned(error: CallFailedError, host: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"cannot be planned for ({error})",
        where=host,
        next_step="Check that the caller is an admin of the workspace",
    )

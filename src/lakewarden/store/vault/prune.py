"""Old runs, and what nobody needs any more: deleted where that is asked for, and may be.

A run counts as kept only if all its listings were complete, and only in the place of one that was
asked for no more than it: what saw a part of a workspace replaces no run of all of it. What could
not be read stays in the newest run that has it. A run that is held stays. So does what they need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.index import Digests
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.packed import PACKS, RUNS, PackedVault, members_of, pack_name
from lakewarden.store.vault.packs import DamagedError, joined, unpressed
from lakewarden.store.vault.vault import Vault

_HOLDS: Final = "holds/"
_HELD: Final = b"held"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted.

    Attributes:
        runs: their ids, the oldest first.
        packs: how many files of blobs were deleted, or written anew without what nobody needs.
    """

    runs: tuple[str, ...]
    packs: int


def hold(vault: Vault, run_id: str) -> None:
    """Keep a run, whatever is pruned, until it is released.

    Raises:
        UsageError: there is no such run, or the vault keeps all of them.
        VaultError: it cannot be noted.
    """
    _prunable(vault).objects.put(f"{_HOLDS}{vault.manifest(run_id).id}", _HELD)


def release(vault: Vault, run_id: str) -> None:
    """Let a run be pruned again.

    Raises:
        UsageError: there is no such run, or the vault keeps all of them.
        VaultError: it cannot be noted.
    """
    _prunable(vault).objects.put(f"{_HOLDS}{vault.manifest(run_id).id}", b"released")


def held(vault: Vault, *, ever: bool = False) -> frozenset[str]:
    """Return the runs that are held; a git repository, which keeps all of them, holds none.

    Args:
        vault: where they are.
        ever: return those that were released since, too.
    """
    if not isinstance(vault, PackedVault):
        return frozenset()
    names = vault.objects.names(_HOLDS)
    return frozenset(
        name.removeprefix(_HOLDS) for name in names if ever or vault.objects.read(name) == _HELD
    )


def prune(vault: Vault, keep: int) -> Pruned:
    """Delete old runs, and the blobs that no other run needs.

    Args:
        vault: where they are.
        keep: how many complete runs of each workspace stay; those in between stay, too.

    Raises:
        UsageError: fewer than one is to be kept, or the vault keeps all of them.
        VaultError: something is damaged, so that it is not known what is needed, or it is locked;
            then nothing was deleted.
    """
    packed = _prunable(vault)
    if keep < 1:
        raise UsageError("at least one run has to be kept", where=vault.url)
    for error in vault.damaged():
        raise VaultError(
            f"nothing is deleted: {error.what}", where=error.where, next_step=error.next_step
        )
    runs = vault.runs()
    staying = held(vault)
    old = [run for run in _old(runs, keep) if run.id not in staying]
    alone = _alone(packed, runs, old)
    old = [run for run in old if run.id not in alone]
    gone = {run.id for run in old}
    with closing(Digests()) as needed:
        for run in runs:
            if run.id not in gone:
                for entry in vault.entries(run.id):
                    for _part, digest in entry.blobs():
                        needed.add(digest)
        packs = list(_unneeded(packed, needed))
    manifests = [f"{RUNS}{run.id}.json" for run in old]
    entries = [f"{RUNS}{run.id}.jsonl.gz" for run in old]
    if {run.id for run in vault.runs()} - {run.id for run in runs}:
        raise VaultError(
            "nothing is deleted: a run was sealed meanwhile, whose needs are not known",
            where=vault.url,
            next_step="Prune again",
        )
    packed.objects.remove([*manifests, *entries, *packs])
    return Pruned(tuple(run.id for run in old), len(packs))


def _old(runs: Iterable[Run], keep: int) -> list[Run]:
    """Return the runs after which there are enough complete ones of what they are of."""
    whole: dict[str, list[Run]] = {}
    old = []
    for run in reversed(list(runs)):
        later = whole.setdefault(run.host, [])
        if sum(each.replaces(run) for each in later) >= keep:
            old.append(run)
        elif all(collection.seen for collection in run.collections.values()):
            later.append(run)
    return old[::-1]


def _alone(vault: PackedVault, runs: Iterable[Run], old: list[Run]) -> set[str]:
    """Return those of the old runs that alone have what the others could not read."""
    kept = [run for run in runs if run not in old]
    unread = {(run.host, each.get("kind"), each.get("key")) for run in kept for each in run.errors}
    alone = set()
    for run in (*reversed(kept), *reversed(old)):
        if not unread:
            break
        names = (
            (run.host, entry.kind, name)
            for entry in vault.entries(run.id)
            for name in (entry.key, str(entry.stamp.get("id")))
        )
        found = unread.intersection(names)
        if found and run in old:
            alone.add(run.id)
        unread -= found
    return alone


def _unneeded(vault: PackedVault, needed: Digests) -> Iterator[str]:
    """Yield packs that nobody needs; what is needed of one is written anew before."""
    for name in vault.objects.names(PACKS):
        data = vault.objects.read(name) or b""
        members = members_of(data)
        wanted = [member for member in members if member.digest.hex() in needed]
        if len(wanted) * 2 > len(members):
            continue
        try:
            blobs = [
                (m.digest, unpressed(data[m.offset : m.offset + m.length], m.digest))
                for m in wanted
            ]
        except DamagedError:
            continue  # whatever is left of it may be all that there is
        if blobs:
            new = joined(blobs)
            if pack_name(new) == name:
                continue
            vault.objects.put(pack_name(new), new)
        if members or not data:
            yield name


def _prunable(vault: Vault) -> PackedVault:
    if not isinstance(vault, PackedVault):
        raise UsageError(
            "is a git repository, which keeps all runs",
            where=vault.url,
            next_step="Delete the branch of a workspace with git, if none of its runs is needed",
        )
    return vault

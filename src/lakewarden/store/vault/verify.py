"""Whether all of a run is there and whole, without the workspace that it is of."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from lakewarden.assets.canonical import references_of
from lakewarden.errors import LakewardenError, VaultError
from lakewarden.store.vault.checked import Checked
from lakewarden.store.vault.manifest import Entry, Root, Run
from lakewarden.store.vault.signing import PublicKey, signature_problem
from lakewarden.store.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not there, or not whole.

    Attributes:
        run: whose it is, empty for what is the vault's.
        kind: of the asset, or of all assets of a collection; empty for what is the run's.
        key: of the asset.
        what: what is wrong.
        where: the file, empty where there is none.
        incomplete: the backup could not read it; what the backup did read is whole.
    """

    run: str
    kind: str
    key: str
    what: str
    where: str = ""
    incomplete: bool = False

    def __str__(self) -> str:
        name = " ".join(part for part in (self.run, self.kind, self.key) if part)
        place = f" ({self.where})" if self.where else ""
        return f"{name}{': ' if name else ''}{self.what}{place}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def verified(vault: Vault, runs: Iterable[Run], key: PublicKey | None) -> Iterator[Problem]:
    """Yield whatever is wrong with runs of a vault, the vault read once for all of them.

    Args:
        vault: where they are.
        runs: those that are asked about.
        key: who must have signed them; anybody when None.
    """
    asked, checked = list(runs), Checked()
    try:
        for run in asked:
            yield from _of_the_run(vault, run, key)
            yield from _incomplete(run)
            checked.want(_readable(vault, run))
        yield from _read(vault, asked, checked)
        for run in asked:
            checked.look_at(_readable(vault, run))
            yield from _of_the_assets(run, checked)
    finally:
        checked.close()


def gaps(runs: Iterable[Run], held: Collection[str] = ()) -> Iterator[Problem]:
    """Yield runs that are missing between others; those before all others may have been pruned.

    Args:
        runs: all that a vault has, the oldest first.
        held: those that pruning left alone, now or before.
    """
    every = list(runs)
    there = {run.id for run in every}
    first: dict[str, str] = {}
    for run in every:
        older = first.get(run.host, run.ended) < run.ended
        if run.previous and run.previous not in there and older:
            yield Problem(run.id, "", "", f"the run before it, {run.previous}, is missing")
        if run.id not in held:
            first.setdefault(run.host, run.ended)


def _of_the_run(vault: Vault, run: Run, key: PublicKey | None) -> Iterator[Problem]:
    """Yield what is wrong with signature, entries and root."""
    wrong = signature_problem(run, key)
    if wrong:
        yield Problem(run.id, "", "", wrong, vault.url)
    root, objects = Root(), 0
    try:
        for entry in vault.entries(run.id):
            root.add(entry)
            objects += 1
    except LakewardenError as error:
        yield Problem(run.id, "", "", error.what, error.where)
        return
    if root.hexdigest() != run.root:
        yield Problem(run.id, "", "", "the root is not that of the entries", vault.url)
    if objects != run.objects:
        what = f"has {objects} entries, and its manifest tells of {run.objects}"
        yield Problem(run.id, "", "", what, vault.url)


def _incomplete(run: Run) -> Iterator[Problem]:
    """Yield what the backup could not read."""
    for kind, collection in sorted(run.collections.items()):
        if not collection.seen:
            why = f" ({'; '.join(collection.errors)})" if collection.errors else ""
            what = f"the collection is {collection.status.value}{why}"
            yield Problem(run.id, kind, "", what, incomplete=True)
    for each in (*run.errors, *run.incomplete):
        kind, key = str(each.get("kind", "")), str(each.get("key", ""))
        yield Problem(run.id, kind, key, str(each.get("what", "")), incomplete=True)


def _readable(vault: Vault, run: Run) -> Iterator[Entry]:
    """Yield the entries of a run as far as they can be read; the rest was told of before."""
    try:
        yield from vault.entries(run.id)
    except LakewardenError:
        return


def _read(vault: Vault, runs: list[Run], checked: Checked) -> Iterator[Problem]:
    """Read what the vault has for the runs, and note what of it is whole."""
    for digest, data in vault.blobs(runs):
        if isinstance(data, VaultError):
            if digest:
                checked.bad(digest, data.what, data.where)
            else:
                yield Problem("", "", "", data.what, data.where)
            continue
        as_json = checked.is_json(digest)
        if as_json is None:
            continue
        try:
            checked.good(digest, references_of(json.loads(data)) if as_json else ())
        except (ValueError, LookupError, RecursionError):
            checked.bad(digest, "is no definition", vault.url)


def _of_the_assets(run: Run, checked: Checked) -> Iterator[Problem]:
    """Yield what is wrong with the assets of a run."""
    for lost in checked.lost():
        yield Problem(run.id, lost.kind, lost.key, f"its {lost.part}: {lost.what}", lost.where)
    failed = {(each.get("kind"), each.get("key")) for each in run.errors}
    for kind, key, other, name in checked.dangling():
        collection = run.collections.get(other)
        unread = collection is None or not collection.seen or (other, name) in failed
        what = f"refers to {other} {name}, which is not in the run"
        yield Problem(run.id, kind, key, what, incomplete=unread)

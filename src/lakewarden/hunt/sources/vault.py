"""A backup: what its runs keep, each content once wherever it lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from lakewarden.errors import VaultError
from lakewarden.hunt.document import LARGEST, Document, Form, Unread, too_large
from lakewarden.hunt.sources.folder import is_left_out
from lakewarden.store.vault.manifest import Entry, Run, Status
from lakewarden.store.vault.vault import Vault

_TREE: Final = frozenset({"notebook", "file"})
_SCRIPTS: Final = frozenset({"global_init_script"})


def documents(
    vault: Vault,
    runs: Sequence[Run],
    *,
    since: Run | None = None,
    exclude: Sequence[str] = (),
    largest: int = LARGEST,
) -> Iterator[Document | Unread]:
    """Yield what runs keep, and what each of them could not read.

    Args:
        vault: where they are.
        runs: those to look through, the oldest first.
        since: a run whose contents were looked through before, and are left out.
        exclude: patterns of what is left out, by path or as `job nightly*`.
        largest: the most bytes of a document that is read.
    """
    seen: set[tuple[str, str, str]] = set()
    if since is not None:
        for entry in vault.entries(since.id):
            seen.update((since.workspace, _where(entry), digest) for digest, _ in _contents(entry))
    number = Counter(run.workspace for run in runs)
    for run in runs:
        past = run.id if number[run.workspace] > 1 else ""
        try:
            entries = list(vault.entries(run.id))
        except VaultError as error:
            yield Unread(f"run {run.id}", error.what)
            continue
        for entry in entries:
            where = _where(entry)
            told = f"{run.workspace}:{where}" if len(number) > 1 else where
            for digest, form in _contents(entry):
                place = run.workspace, where, digest
                if place not in seen and not is_left_out(where, exclude):
                    seen.add(place)
                    yield _document(vault, digest, Document(told, b"", past, form), largest)
        yield from _lacking(run)


def newest(runs: Sequence[Run]) -> tuple[list[Run], list[Unread]]:
    """Return the newest run of each whole workspace, and what is said where there is none.

    Runs of a part of a workspace count where they are newer than that, the newest of each part.

    Args:
        runs: all that there are, the oldest first.
    """
    chosen: dict[str, dict[str, Run]] = {}
    for run in runs:
        of_workspace = chosen.setdefault(run.workspace, {})
        if not run.part:
            of_workspace.clear()
        of_workspace[run.part] = run
    found = [run for of_workspace in chosen.values() for run in of_workspace.values()]
    return sorted(found, key=lambda run: run.ended), [
        Unread(f"the rest of workspace {workspace}", f"no run has it ({' and '.join(parts)})")
        for workspace, parts in chosen.items()
        if "" not in parts
    ]


def _where(entry: Entry) -> str:
    return entry.key if entry.kind in _TREE else f"{entry.kind} {entry.key}"


def _contents(entry: Entry) -> Iterator[tuple[str, Form]]:
    """Yield the contents of an asset that may have secrets; values of secrets are encrypted."""
    if entry.spec and entry.kind not in _TREE:
        yield entry.spec, Form.ASSET
    if entry.content and not entry.cipher:
        yield entry.content, Form.SCRIPT if entry.kind in _SCRIPTS else Form.FILE


def _document(vault: Vault, digest: str, empty: Document, largest: int) -> Document | Unread:
    try:
        data = vault.get(digest)
    except VaultError as error:
        return Unread(empty.where, error.what)
    if len(data) > largest:
        return too_large(empty.where, largest)
    return Document(empty.where, data, empty.commit, empty.form)


def _lacking(run: Run) -> Iterator[Unread]:
    """Yield what a run could not read itself."""
    for kind, collection in run.collections.items():
        if collection.status in {Status.PARTIAL, Status.FORBIDDEN}:
            said = "; ".join(collection.errors[:3])
            yield Unread(kind, f"was not listed to its end by run {run.id} ({said})")
    for one in (*run.incomplete, *run.errors):
        where = one["key"] if one["kind"] in _TREE else f"{one['kind']} {one['key']}"
        yield Unread(where, f"is not whole in run {run.id} ({one['what']})")

"""Giving a part of the workspace tree back into a folder of its own, beside what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from lakewarden.assets.kinds.tree import ROOTS
from lakewarden.errors import UsageError
from lakewarden.restore.wanted import Wanted

_TREE: Final = frozenset({"directory", "notebook", "file"})


def beside(wanted: Iterable[Wanted], folder: str) -> Iterator[Wanted]:
    """Yield folders, notebooks and files as they are to be under a folder; nothing else.

    They inherit who may read them from that folder.

    Raises:
        UsageError: it is no folder that can be made.
    """
    top = f"/{folder.strip('/')}"
    if top in ROOTS or any(step in {"", ".", ".."} for step in top.split("/")[1:]):
        raise UsageError(
            "is no folder of its own", where=folder, next_step="Give --side-path /Restore/monday"
        )
    for path in sorted(_down_to(top)):
        yield Wanted("directory", path, {"path": path}, around=True)
    for one in wanted:
        if one.kind in _TREE and one.key not in {"", "/"}:
            key = f"{top}{one.key}"
            yield replace(one, key=key, spec={**one.spec, "path": key}, acl=None)


def _down_to(path: str) -> Iterator[str]:
    while path and path not in ROOTS:
        yield path
        path = path.rpartition("/")[0]

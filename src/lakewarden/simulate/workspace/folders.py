"""A table of paths that knows what is directly inside each folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from posixpath import dirname
from typing import Any

from lakewarden.simulate.state import Json, Table, Workspace


class Folders(dict[str, Json]):
    """Objects by path, and the paths in each folder in the order in which they came."""

    def __init__(self, rows: Mapping[str, Json]) -> None:
        super().__init__()
        self._inside: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for path, row in rows.items():
            self[path] = row

    def __setitem__(self, path: str, row: Json) -> None:
        if path != "/":
            self._inside[dirname(path)][path] = None
        super().__setitem__(path, row)

    def __delitem__(self, path: str) -> None:
        super().__delitem__(path)
        self._inside[dirname(path)].pop(path, None)

    def pop(self, path: str, *default: Any) -> Any:
        """Take an object out of the table."""
        if path not in self:
            return super().pop(path, *default)
        row = self[path]
        del self[path]
        return row

    def inside(self, path: str) -> list[Json]:
        """The objects directly in a folder."""
        return [self[child] for child in self._inside.get(path, ())]

    def below(self, path: str) -> Iterator[str]:
        """The paths of everything in a folder, at any depth; a folder comes before what it has."""
        for child in list(self._inside.get(path, ())):
            yield child
            yield from self.below(child)


def folders(workspace: Workspace, kind: str) -> Folders:
    """A workspace's table of one kind as such a table."""
    table: Table = workspace.table(kind)
    if not isinstance(table, Folders):
        table = Folders(table)
        workspace.put_table(kind, table)
    return table

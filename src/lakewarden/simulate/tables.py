"""Tables that are not kept in memory: rows made on demand, out of their number."""

from __future__ import annotations

import itertools
from collections.abc import (
    Callable,
    Collection,
    ItemsView,
    Iterator,
    MutableMapping,
    Sequence,
    ValuesView,
)
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

_DIGITS = 9


@dataclass(frozen=True)
class Block:
    """``count`` rows; the id of the n-th is ``prefix`` and n in nine digits."""

    prefix: str
    count: int
    make: Callable[[str, int], Row]

    def key(self, number: int) -> str:
        """The id of the n-th row."""
        return f"{self.prefix}{number:0{_DIGITS}d}"

    def number(self, key: str) -> int | None:
        """Which row an id belongs to; ``None`` for ids that are not of this block."""
        digits = key.removeprefix(self.prefix)
        if not key.startswith(self.prefix) or len(digits) != _DIGITS or not digits.isdigit():
            return None
        return int(digits) if int(digits) < self.count else None


class Grown(MutableMapping[str, Row]):
    """A table of a few kept rows and blocks of rows made on demand.

    A row that was looked up by its id is kept from then on, so that it can be changed.
    """

    def __init__(self, kept: MutableMapping[str, Row], blocks: Sequence[Block]) -> None:
        self._kept = dict(kept)
        self._own = list(kept)
        self._blocks = blocks
        self._gone: set[str] = set()

    def _find(self, key: str) -> tuple[Block, int] | None:
        if key in self._gone:
            return None
        for block in self._blocks:
            number = block.number(key)
            if number is not None:
                return block, number
        return None

    def __getitem__(self, key: str) -> Row:
        if key not in self._kept:
            found = self._find(key)
            if found is None:
                raise KeyError(key)
            self._kept[key] = found[0].make(key, found[1])
        return self._kept[key]

    def __setitem__(self, key: str, row: Row) -> None:
        if key not in self:
            self._own.append(key)
        self._kept[key] = row

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._kept.pop(key, None)
        if key in self._own:
            self._own.remove(key)
        else:
            self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._kept or (isinstance(key, str) and self._find(key) is not None)

    def __len__(self) -> int:
        return len(self._own) + sum(block.count for block in self._blocks) - len(self._gone)

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        for block in self._blocks:
            keys = map(block.key, range(block.count))
            yield from (key for key in keys if key not in self._gone)

    def values(self) -> Rows:
        """The rows, of which a window can be cut without making the others."""
        return Rows(self)

    def items(self) -> Items:
        """Ids and rows."""
        return Items(self)

    def peek(self, key: str) -> Row:
        """A row for reading; it is not kept if it was not before."""
        if key in self._kept:
            return self._kept[key]
        found = self._find(key)
        if found is None:
            raise KeyError(key)
        return found[0].make(key, found[1])

    def keys_between(self, start: int, stop: int) -> list[str]:
        """The ids from ``start`` up to ``stop``, counted without going through those before."""
        if self._gone:
            return list(itertools.islice(self, start, stop))
        keys = self._own[start:stop]
        offset = len(self._own)
        for block in self._blocks:
            first, last = max(start - offset, 0), min(stop - offset, block.count)
            keys += map(block.key, range(first, last))
            offset += block.count
        return keys


class Rows(ValuesView[Row]):
    """The rows of a grown table."""

    def __init__(self, table: Grown) -> None:
        super().__init__(table)
        self._table = table

    def __iter__(self) -> Iterator[Row]:
        return map(self._table.peek, self._table)

    def __reversed__(self) -> Iterator[Row]:
        return map(self._table.peek, reversed(list(self._table)))

    def window(self, start: int, stop: int) -> list[Row]:
        """The rows from ``start`` up to ``stop``."""
        return [self._table.peek(key) for key in self._table.keys_between(start, stop)]


class Items(ItemsView[str, Row]):
    """The ids and rows of a grown table."""

    def __init__(self, table: Grown) -> None:
        super().__init__(table)
        self._table = table

    def __iter__(self) -> Iterator[tuple[str, Row]]:
        return ((key, self._table.peek(key)) for key in self._table)

    def __reversed__(self) -> Iterator[tuple[str, Row]]:
        return ((key, self._table.peek(key)) for key in reversed(list(self._table)))


def window(items: Collection[Any], start: int, stop: int) -> list[Any]:
    """The items from ``start`` up to ``stop``; where rows are made on demand, only those."""
    if isinstance(items, Rows):
        return items.window(start, stop)
    if isinstance(items, Sequence):
        return list(items[start:stop])
    return list(itertools.islice(items, start, stop))

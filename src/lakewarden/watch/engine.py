"""`Engine`: what runs the SQL of rules over events, wherever they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Engine(Protocol):
    """A database with the views `all_events` and `fresh_events`, and those of `events.views`."""

    @property
    def dialect(self) -> str:
        """Return how it reads quoted text: `duckdb` or `spark`."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises:
            LakewardenError: it cannot be run.
        """

    def put(self, view: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make one of the small views of rows; a column that a row lacks is null."""

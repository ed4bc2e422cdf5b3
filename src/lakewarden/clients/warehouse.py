"""A SQL warehouse as the engine of detection rules, by the Statement Execution API.

A statement of the API shares nothing with the next one, so the views come along with each query as
common table expressions, and the rows of the small ones as its parameters.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError, scrub
from lakewarden.clients.tables import SMALL, given, parameter
from lakewarden.errors import LakewardenError

_STATEMENTS: Final = "/api/2.0/sql/statements"
_WAIT: Final = "10s"
"""How long the first answer may take; the SDK gives up on an answer after thirty seconds."""
_PAUSES: Final = (0.5, 1.0, 2.0, 5.0)
"""Seconds between questions whether a statement is done; the last one from then on."""
_DOWNLOAD: Final = 60.0
"""Seconds for the first word from where large results are kept."""
_LONGEST: Final = 3600.0
"""Seconds after which a statement is cancelled."""
_LINKS: Final = "EXTERNAL_LINKS"
"""How a result comes that is too large for an answer, which then names this way."""
_QUERIES: Final = ("SELECT", "WITH")
_ROOM: Final = 15 * 2**20
"""Characters of one small view; the API takes statements of sixteen MiB."""
_WHOLE: Final = frozenset({"BYTE", "SHORT", "INT", "LONG"})
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(_WHOLE, int),
    **dict.fromkeys(("FLOAT", "DOUBLE"), float),
    "DECIMAL": Decimal,
    "BOOLEAN": lambda text: text == "true",
}


class WarehouseEngine:
    """Runs rules on one warehouse.

    Attributes:
        place: the workspace and the warehouse.
    """

    dialect = "spark"

    def __init__(
        self,
        host: DatabricksHost,
        warehouse: str,
        *,
        longest: float = _LONGEST,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        """Take a workspace and the id of one of its warehouses.

        Args:
            host: the workspace.
            warehouse: the id.
            longest: seconds after which a statement is cancelled.
            pauses: seconds between questions whether it is done; the last one from then on.
        """
        self.place = f"{host.host}, warehouse {warehouse}"
        self._host = host
        self._warehouse = warehouse
        self._longest = longest
        self._pauses = pauses
        self._views = {view: given(view) for view in SMALL}
        self._rows = {view: parameter(view, ()) for view in SMALL}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises:
            LakewardenError: it cannot be run, or takes too long.
        """
        views = self._needed(query)
        asked = {
            "statement": self._statement(query, views),
            "warehouse_id": self._warehouse,
            "format": "JSON_ARRAY",
            "wait_timeout": _WAIT,
            "on_wait_timeout": "CONTINUE",
            "parameters": [
                {"name": view, "value": self._rows[view], "type": "STRING"}
                for view in views
                if view in self._rows
            ],
        }
        try:
            return list(self._answered(asked))
        except CallFailedError as error:
            raise self._failed(error.detail) from None

    def put(self, view: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make one of the small views of rows; a column that a row lacks is null.

        Raises:
            LakewardenError: it is too large to come along with a query.
        """
        self._rows[view] = parameter(view, rows)
        if len(self._rows[view]) > _ROOM:
            raise LakewardenError(
                f"{len(rows):,} rows of {view} are too many to come along with a query",
                where=self.place,
                next_step="Use --engine spark, or read an export with `lakewarden watch ingest`",
            )

    def look_at(self, view: str, query: str) -> None:
        """Make one of the views of events that of a query."""
        self._views[view] = query

    def _statement(self, query: str, views: Sequence[str]) -> str:
        if not views:
            return query
        tables = ", ".join(f"{view} AS ({self._views[view]})" for view in views)
        return f"WITH {tables} SELECT * FROM ({query}) AS asked"  # noqa: S608  # a rule's own query

    def _needed(self, query: str) -> list[str]:
        """Return the views that a query speaks of, each after those that it speaks of itself."""
        if not query.startswith(_QUERIES):
            return []
        found: list[str] = []
        text = query
        for view, definition in reversed(self._views.items()):
            if re.search(rf"\b{view}\b", text):
                found.append(view)
                text += definition
        return found[::-1]

    def _answered(self, asked: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        for disposition in ("INLINE", _LINKS):
            sent = self._host.send("POST", _STATEMENTS, {**asked, "disposition": disposition})
            answer = self._done(sent)
            status = answer["status"]
            if status["state"] == "SUCCEEDED":
                yield from self._read(answer)
                return
            message = str(status.get("error", {}).get("message", status["state"]))
            if disposition == _LINKS or _LINKS not in message:
                raise self._failed(message)

    def _done(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """Wait until a statement is done; cancel it when it takes too long or nobody waits."""
        path = f"{_STATEMENTS}/{answer['statement_id']}"
        try:
            return self._awaited(answer, path)
        except BaseException:
            with suppress(CallFailedError):
                self._host.send("POST", f"{path}/cancel")
            raise

    def _awaited(self, answer: Mapping[str, Any], path: str) -> Mapping[str, Any]:
        begun, turn = time.monotonic(), 0
        while answer["status"]["state"] in {"PENDING", "RUNNING"}:
            if time.monotonic() - begun > self._longest:
                raise self._failed(f"it was not done after {self._longest:.0f} seconds")
            time.sleep(self._pauses[min(turn, len(self._pauses) - 1)])
            turn += 1
            answer = self._host.get(path)
        return answer

    def _read(self, answer: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        manifest = answer["manifest"]
        if manifest.get("truncated"):
            raise self._failed("its result was cut short")
        columns = manifest.get("schema", {}).get("columns", [])
        readers = [_READERS.get(column["type_name"], str) for column in columns]
        count = 0
        for row in self._chunks(answer["statement_id"], answer.get("result", {})):
            count += 1
            pairs = zip(readers, row, strict=True)
            yield tuple(None if value is None else read(value) for read, value in pairs)
        if count != int(manifest.get("total_row_count", count)):
            raise self._failed("its result did not come to the end")

    def _chunks(self, statement: str, result: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        """Yield the rows of a result, chunk by chunk."""
        while True:
            yield from result.get("data_array") or ()
            places = [result, *(result.get("external_links") or ())]
            for link in places[1:]:
                yield from self._downloaded(link)
            following = places[-1].get("next_chunk_index")
            if following is None:
                return
            result = self._host.get(f"{_STATEMENTS}/{statement}/result/chunks/{following}")

    def _downloaded(self, link: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        """Yield the rows behind a link, which is a secret by itself and takes no credential."""
        import requests  # noqa: PLC0415  # loaded by the SDK already

        try:
            answer = requests.get(
                link["external_link"], headers=link.get("http_headers"), timeout=_DOWNLOAD
            )
            answer.raise_for_status()
            yield from answer.json()
        except requests.exceptions.RequestException as error:
            what = type(error).__name__
            raise self._failed(f"its result could not be downloaded ({what})") from None

    def _failed(self, what: str) -> LakewardenError:
        return LakewardenError(
            f"a query failed: {scrub(what)}",
            where=self.place,
            next_step="Check the rule, and what the credential may read",
        )

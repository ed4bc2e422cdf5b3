"""A workspace with one SQL warehouse, over HTTP: statements run as they come, on a real Spark."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    LongType,
    TimestampType,
)

from clients.loopback import TOKEN

WAREHOUSE = "0123456789abcdef"
STATEMENTS = "/api/2.0/sql/statements"
_NAMES = {
    BooleanType: "BOOLEAN",
    IntegerType: "INT",
    LongType: "LONG",
    DoubleType: "DOUBLE",
    DecimalType: "DECIMAL",
    DateType: "DATE",
    TimestampType: "TIMESTAMP",
}


@dataclass
class Statement:
    """One statement that was sent."""

    asked: dict[str, Any]
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    error: str = ""
    waits: int = 0
    cancelled: bool = False


@dataclass
class Warehouse:
    """What the warehouse is told to do, and what it was asked.

    Attributes:
        session: the Spark that statements run on.
        rows_a_chunk: how many rows an answer has.
        inline_bytes: how large a result may be that comes within the answer.
        waits: how often a statement is not done yet when it is asked for.
        truncates: whether it says that a result was cut short.
        loses: how many rows of a result are missing in the end.
        statements: what was sent.
    """

    session: Any
    rows_a_chunk: int = 1000
    inline_bytes: int = 26_214_400
    waits: int = 0
    truncates: bool = False
    loses: int = 0
    statements: list[Statement] = field(default_factory=list)

    def __post_init__(self) -> None:
        handler = type("Handler", (_Handler,), {"warehouse": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def execute(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Run a statement."""
        statement = Statement(asked, waits=self.waits)
        self.statements.append(statement)
        values = {each["name"]: each["value"] for each in asked.get("parameters", ())}
        try:
            frame = self.session.sql(asked["statement"], args=values)
            kinds = [(each.name, each.dataType) for each in frame.schema]
            rows = [[_text(value) for value in row] for row in frame.collect()]
        except PySparkException as error:
            statement.error = str(error)
        else:
            statement.columns = [
                {"name": name, "type_name": _NAMES.get(type(kind), "STRING"), "position": n}
                for n, (name, kind) in enumerate(kinds)
            ]
            statement.rows = rows[: len(rows) - self.loses]
            if asked["disposition"] == "INLINE" and len(json.dumps(rows)) > self.inline_bytes:
                statement.error = (
                    f"Inline byte limit exceeded. Statements executed with disposition=INLINE can "
                    f"have a result size of at most {self.inline_bytes} bytes. Please execute the "
                    "statement with disposition=EXTERNAL_LINKS if you want to download the full "
                    "result."
                )
        return self.state(len(self.statements) - 1)

    def state(self, number: int) -> dict[str, Any]:
        """Return how far a statement is."""
        statement = self.statements[number]
        answer: dict[str, Any] = {"statement_id": f"statement-{number}"}
        if statement.cancelled:
            return {**answer, "status": {"state": "CANCELED"}}
        if statement.waits:
            statement.waits -= 1
            return {**answer, "status": {"state": "PENDING" if statement.waits else "RUNNING"}}
        if statement.error:
            error = {"error_code": "BAD_REQUEST", "message": statement.error}
            return {**answer, "status": {"state": "FAILED", "error": error}}
        manifest = {
            "format": "JSON_ARRAY",
            "schema": {"column_count": len(statement.columns), "columns": statement.columns},
            "total_row_count": len(statement.rows) + self.loses,
            "truncated": self.truncates,
        }
        answer |= {"status": {"state": "SUCCEEDED"}, "manifest": manifest}
        return {**answer, "result": self.chunk(number, 0)}

    def chunk(self, number: int, index: int) -> dict[str, Any]:
        """Return one chunk of a result."""
        statement, size = self.statements[number], self.rows_a_chunk
        rows = statement.rows[index * size : (index + 1) * size]
        if not rows:
            return {}
        place: dict[str, Any] = {"chunk_index": index, "row_count": len(rows)}
        if (index + 1) * size < len(statement.rows):
            place["next_chunk_index"] = index + 1
        if statement.asked["disposition"] == "INLINE":
            return {**place, "data_array": rows}
        link = f"{self.url}/stored/{number}/{index}?signature=s3cr3t"
        headers = {"x-decryption-key": "k"}
        return {"external_links": [{**place, "external_link": link, "http_headers": headers}]}


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


class _Handler(BaseHTTPRequestHandler):
    warehouse: Warehouse

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/stored/"):
            self._stored(*map(int, path.split("/")[2:]))
        elif not path.startswith(STATEMENTS) or not self._signed_in():
            self._answer(404, {"error_code": "NOT_FOUND", "message": "no"})
        else:
            number, *rest = path.removeprefix(f"{STATEMENTS}/statement-").split("/")
            found = (
                self.warehouse.chunk(int(number), int(rest[-1]))
                if rest
                else self.warehouse.state(int(number))
            )
            self._answer(200, found)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        asked = json.loads(body or "{}")
        if not self._signed_in():
            self._answer(403, {"error_code": "PERMISSION_DENIED", "message": "no"})
        elif self.path.endswith("/cancel"):
            number = int(self.path.split("/")[-2].removeprefix("statement-"))
            self.warehouse.statements[number].cancelled = True
            self._answer(200, {})
        elif asked.get("warehouse_id") != WAREHOUSE:
            message = f"Warehouse {asked.get('warehouse_id')} is not a valid endpoint id."
            self._answer(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": message})
        else:
            self._answer(200, self.warehouse.execute(asked))

    def _stored(self, number: int, index: int) -> None:
        refused = "Authorization" in self.headers or self.headers["x-decryption-key"] != "k"
        size = self.warehouse.rows_a_chunk
        rows = self.warehouse.statements[number].rows[index * size : (index + 1) * size]
        self._answer(400 if refused else 200, [] if refused else rows)

    def _signed_in(self) -> bool:
        return self.headers["Authorization"] == f"Bearer {TOKEN}"

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

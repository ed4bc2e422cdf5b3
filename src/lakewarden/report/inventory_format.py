"""The inventory of credentials as JSON, by the schema `tokens-1.json`, and for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib.resources import files
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakewarden.ledger.run import TOKENS_SCHEMA
from lakewarden.report.inventory import Inventory, SecretRow, TokenRow
from lakewarden.report.view import visible

_PIPE_WIDTH: Final = 200
_TOKENS: Final = (
    *("Workspace", "Token", "Comment", "Made by", "Owner", "Created", "Days", "Ends"),
    *("Last used", "Scopes"),
)
_SECRETS: Final = ("Service principal", "Secret", "Created", "Days", "Ends", "Status")


def write_json(inventory: Inventory, stream: TextIO) -> None:
    """Write every credential, one a line, and then what could not be read."""
    head = {
        "schema": TOKENS_SCHEMA,
        "account_id": inventory.account_id,
        "taken": inventory.taken,
    }
    stream.write("{\n")
    stream.writelines(f'  "{key}": {json.dumps(value)},\n' for key, value in head.items())
    for name, rows in (("tokens", inventory.tokens()), ("secrets", inventory.secrets())):
        stream.write(f'  "{name}": [')
        stream.writelines(_lines(rows))
        stream.write("\n  ],\n")
    stream.write(f'  "unread": {json.dumps(inventory.unread)}\n}}\n')


def _lines(rows: Iterable[TokenRow | SecretRow]) -> Iterator[str]:
    separator = "\n    "
    for row in rows:
        yield separator + json.dumps(asdict(row))
        separator = ",\n    "


def write_table(inventory: Inventory, stream: TextIO) -> None:
    """Write both lists as tables, and what could not be read below them."""
    width = None if stream.isatty() else _PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    tokens = [_token(row) for row in inventory.tokens()]
    secrets = [_secret(row) for row in inventory.secrets()]
    with console.capture() as written:
        _table(console, f"Personal access tokens: {len(tokens)}", _TOKENS, tokens)
        _table(console, f"OAuth secrets: {len(secrets)}", _SECRETS, secrets)
        for line in inventory.unread:
            console.print(Text(f"Not read: {visible(line)}"), soft_wrap=True)
    stream.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every written inventory meets."""
    text = files(__package__).joinpath("schema/tokens-1.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _token(row: TokenRow) -> tuple[object, ...]:
    scopes = "all APIs" if row.scopes is None else " ".join(row.scopes)
    times = (_day(row.created), row.age_days, _day(row.expires), row.last_used)
    return (row.workspace, row.id, row.comment, row.creator, row.owner, *times, scopes)


def _secret(row: SecretRow) -> tuple[object, ...]:
    times = (_day(row.created), row.age_days, _day(row.expires))
    return (row.principal, row.id, *times, row.status)


def _day(time: str | None) -> str | None:
    return time and time.partition("T")[0]


def _table(
    console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]
) -> None:
    console.print(title)
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible("-" if cell is None else str(cell))) for cell in row))
    if rows:
        console.print(table)
    console.print()

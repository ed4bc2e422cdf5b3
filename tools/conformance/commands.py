"""The table of commands: what the CLI is asked, and the direct read that must hold the same."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

_TABLE: Final = Path(__file__).with_name("commands.toml")
_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Command:
    """One command and the call behind it; `commands.toml` says what the fields are."""

    run: str
    reads: str
    id: str
    envelope: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Realm:
    """A host, and how to come in.

    Attributes:
        host: the URL.
        token: a bearer token.
        account: the account's path at the account's host, empty at a workspace.
    """

    host: str
    token: str
    account: str = ""

    def identities(self, command: Command, argument: str) -> list[str]:
        """Read directly what a command must list: the identities, in order.

        Raises:
            requests.RequestException: the host refuses.
        """
        path = command.reads.replace("{account}", self.account).replace("{}", argument)
        url = f"{self.host}{path}"
        found: list[str] = []
        token = ""
        while True:
            answer = self._get(url, token)
            found += identities(answer, command)
            token = answer.get("next_page_token", "") if isinstance(answer, dict) else ""
            if not token:
                return sorted(found)

    def _get(self, url: str, page_token: str) -> Any:
        answer = requests.get(
            url,
            params={"page_token": page_token} if page_token else None,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=_SECONDS,
        )
        answer.raise_for_status()
        return answer.json()


def table() -> dict[str, list[Command]]:
    """Return the commands for a `workspace` and for an `account`."""
    read = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {name: [Command(**entry) for entry in entries] for name, entries in read.items()}


def identities(answer: Any, command: Command) -> list[str]:
    """Return the identities in an answer, be it a list, a list in an envelope, or one object.

    Raises:
        KeyError: an item has no identity.
    """
    if isinstance(answer, Mapping) and command.envelope:
        answer = answer.get(command.envelope, [])
    items = answer if isinstance(answer, list) else [answer]
    return sorted(str(_dig(item, command.id)) for item in items)


def _dig(item: Any, path: str) -> Any:
    for step in path.split("."):
        item = item[step]
    return item

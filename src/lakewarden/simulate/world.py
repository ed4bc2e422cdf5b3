"""Worlds: reading ``worlds/<name>/*.toml`` and bringing what they declare about through the API.

``account.toml`` has the account's own keys (``title``, ``summary``, ``tier``, ``account_id``,
``client_address``, ``private_address``, ``owner``, ``[scanner]``; ``synchronised = false`` where
the owner and the scanner come from no identity provider); every other key, of it, of
``compute.toml`` and of ``content.toml``, is either a workspace's id with that workspace's entries
below it, or a kind of entries of the account. Kinds are what `lakewarden.simulate.web.seeds`
registered. Entries are made in the order of the files.

Texts may hold ``${kind.name}`` (an id made or remembered earlier, ``${aws.vpc.NAME}`` and so on for
AWS) and times relative to now: ``-40d``, ``+2h``, ``-5m`` become epoch milliseconds, ``iso:-40d``
an ISO 8601 time.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakewarden.simulate.state import Account, Json, Workspace

FOLDER = Path(__file__).parent / "worlds"
_OWN_KEYS = {
    "account_id",
    "actions",
    "client_address",
    "extends",
    "owner",
    "private_address",
    "scanner",
    "summary",
    "synchronised",
    "tier",
    "title",
}


class SeedError(Exception):
    """A world declares something that the simulator refuses."""


@dataclass
class Spec:
    """A world as its files declare it."""

    name: str
    own: Json
    sections: list[tuple[str, Any]]
    aws: Json | None


def names() -> list[str]:
    """The worlds there are."""
    return sorted(path.parent.name for path in FOLDER.glob("*/account.toml"))


def read(name: str) -> Spec:
    """Read a world's files, and before them those of the world it extends.

    Raises:
        ValueError: when there is no such world.
    """
    if name not in names():
        raise ValueError(f"no world {name!r}; there are {', '.join(names())}")
    account = _toml(name, "account") or {}
    base = read(account["extends"]) if "extends" in account else Spec(name, {}, [], None)
    sections = [pair for pair in account.items() if pair[0] not in _OWN_KEYS]
    for file in ("compute", "content"):
        sections += (_toml(name, file) or {}).items()
    own = base.own | {k: v for k, v in account.items() if k in _OWN_KEYS}
    own["actions"] = [*base.own.get("actions", ()), *account.get("actions", ())]
    return Spec(name, own, base.sections + sections, _toml(name, "aws") or base.aws)


def _toml(world: str, name: str) -> Json | None:
    path = FOLDER / world / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def client_address(account: Account, workspace: Workspace | None) -> str:
    """Where a client on this machine seems to come from.

    That is the world's ``client_address``, or its ``private_address`` at a workspace behind
    front-end PrivateLink.
    """
    private = workspace and workspace.deployment.get("private_access_settings_id")
    return (
        account.private_address if private and account.private_address else account.client_address
    )

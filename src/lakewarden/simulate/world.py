"""Worlds: reading ``worlds/<name>/*.toml`` and bringing what they declare about through the API.

``account.toml`` has the account's own keys (``title``, ``summary``, ``tier``, ``account_id``,
``client_address``, ``private_address``, ``owner``, ``[scanner]``); every other key, of it and of
``compute.toml``, is either a workspace's id with that workspace's entries below it, or a kind of
entries of the account. Kinds are what `lakewarden.simulate.web.seeds` registered. Entries are made
in the order of the files.

Texts may hold ``${kind.name}`` (an id made or remembered earlier, ``${aws.vpc.NAME}`` and so on for
AWS) and times relative to now: ``-40d``, ``+2h``, ``-5m`` become epoch milliseconds, ``iso:-40d``
an ISO 8601 time.
"""

from __future__ import annotations

import hashlib
import re
import time
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from lakewarden.simulate import gate
from lakewarden.simulate.audit import AuditLog
from lakewarden.simulate.scale import populate
from lakewarden.simulate.state import Account, Bearer, Json, Workspace
from lakewarden.simulate.web import ACCOUNT, SEEDERS, WORKSPACE
from lakewarden.simulate.workspace import identity

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
    "tier",
    "title",
}
_REFERENCE = re.compile(r"\$\{([^}]+)\}")
_RELATIVE = re.compile(r"(iso:)?([+-]\d+)([dhm])")
_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000}
_AWS_PREFIX = {"vpc": "vpc-", "subnet": "subnet-", "security_group": "sg-", "endpoint": "vpce-"}
_AWS_ARN = {
    "key": "arn:aws:kms:us-east-1:123456789012:key/",
    "role": "arn:aws:iam::123456789012:role/",
}


@dataclass
class Spec:
    """A world as its files declare it."""

    name: str
    own: Json
    sections: list[tuple[str, Any]]
    aws: Json | None


@dataclass
class Built:
    """A world come about: the account and the scanner's credentials."""

    spec: Spec
    account: Account
    token: str
    client_id: str
    client_secret: str
    now: int = field(default_factory=lambda: int(time.time() * 1000))
    references: dict[str, str] = field(default_factory=dict)


class SeedError(Exception):
    """A world declares something that the simulator refuses."""


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
    sections += (_toml(name, "compute") or {}).items()
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


def build(spec: Spec, aws: Mapping[str, str], *, scale: int | None = None) -> Built:
    """Make a world's account and all in it. ``aws`` are the ids that seeding AWS returned."""
    own = spec.own
    account = Account(own["account_id"], tier=own["tier"], seed=own["account_id"])
    account.client_address = own["client_address"]
    account.private_address = own.get("private_address")
    built = _with_people(spec, account)
    built.references |= {f"aws.{key}": value for key, value in aws.items()}
    for kind, value in spec.sections:
        if not kind.isdigit():
            _seed(Seeding(built, None, built.now), kind, value)
            continue
        seeding = Seeding(built, account.workspaces[int(kind)], built.now)
        for inner, entries in value.items():
            _seed(seeding, inner, entries)
    if scale:
        scanner = built.references["scanner.id"]
        populate(account, scale, built.now, (scanner, next(iter(account.table("users")))))
    return built


def _with_people(spec: Spec, account: Account) -> Built:
    """The two principals that everything starts from: the owner, and the scanner."""
    owner_id = str(account.ids.number())
    account.table("users")[owner_id] = {
        "id": owner_id,
        "userName": spec.own["owner"],
        "displayName": spec.own["owner"].partition("@")[0],
        "active": True,
        "emails": [{"value": spec.own["owner"], "type": "work", "primary": True}],
        "roles": [{"value": "account_admin"}],
        "externalId": account.ids.uuid(),
    }
    scanner_id, client_id = str(account.ids.number()), account.ids.uuid()
    account.table("servicePrincipals")[scanner_id] = {
        "id": scanner_id,
        "applicationId": client_id,
        "displayName": spec.own["scanner"]["display_name"],
        "active": True,
        "roles": [{"value": "account_admin"}],
        "externalId": account.ids.uuid(),
    }
    token, secret = f"sim-{account.ids.hex(40)}", f"dose{account.ids.hex(32)}"
    account.bearers[token] = Bearer(scanner_id, "oauth")
    account.table("clientSecrets")[secret] = {"principal_id": scanner_id}
    return Built(spec, account, token, client_id, secret, references={"scanner.id": scanner_id})


def _seed(seeding: Seeding, kind: str, value: Any) -> None:
    seeder = SEEDERS.get(kind)
    if seeder is None:
        raise SeedError(f"nothing makes entries of kind {kind!r}")
    for entry in value if isinstance(value, list) else [value]:
        seeder(seeding, seeding.resolve(entry))


class Seeding:
    """Makes API calls in process while a world comes about (`lakewarden.simulate.web.Seed`)."""

    def __init__(self, built: Built, workspace: Workspace | None, now: int) -> None:
        self._built = built
        self._place = workspace
        self.now = now
        self.account = built.account

    @property
    def bound(self) -> bool:
        """Whether the entry stands under a workspace."""
        return self._place is not None

    @property
    def workspace(self) -> Workspace:
        """The workspace the entry stands under; the world is wrong if there is none."""
        if self._place is None:
            raise SeedError("this kind of entry belongs under a workspace's id")
        return self._place

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = None,
        at: int | None = None,
        audit: AuditLog | None = None,
        address: str | None = None,
    ) -> Any:
        """Make an API call as ``by`` (default: the owner, as an admin) at ``at`` (default: now)."""
        place = None if "/{account}/" in path else self._place
        name = by or self._built.spec.own["owner"]
        found = identity.named(self.account, name)
        if found is None:
            raise SeedError(f"{method} {path}: there is no principal {name!r}")
        path, _, query = path.replace("{account}", self.account.id).partition("?")
        caller = identity.caller(
            self.account, place, found[1]["id"], address or self.account.client_address
        )
        if by is None:
            caller = replace(caller, admin=True)
        routes = WORKSPACE if place else ACCOUNT
        persona = gate.Persona(self.account, place, routes, audit or AuditLog(None, ""))
        incoming = gate.Incoming(
            method,
            path,
            at or self.now,
            caller.address,
            dict(parse_qsl(query)),
            body=body,
            caller=caller,
        )
        reply = gate.serve(persona, incoming).reply
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise SeedError(f"{method} {path}: {reply.status} {reply.body}")
        return reply.body

    def remember(self, kind: str, name: str, value: str) -> None:
        """Make ``${kind.name}`` stand for ``value``."""
        self._built.references[f"{kind}.{name}"] = value

    def resolve(self, value: Any) -> Any:
        """A copy of an entry with its references and relative times replaced."""
        if isinstance(value, dict):
            return {key: self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, str):
            return value
        if relative := _RELATIVE.fullmatch(value):
            return self._time(relative)
        return _REFERENCE.sub(lambda match: self._reference(match[1]), value)

    def _time(self, relative: re.Match[str]) -> int | str:
        moment = self.now + int(relative[2]) * _UNIT_MS[relative[3]]
        if not relative[1]:
            return moment
        return datetime.fromtimestamp(moment / 1000, UTC).isoformat().replace("+00:00", "Z")

    def _reference(self, name: str) -> str:
        known = self._built.references.get(name)
        if known is not None:
            return known
        area, _, rest = name.partition(".")
        if area != "aws":
            raise SeedError(f"nothing is called ${{{name}}} so far")
        return _stand_in(rest)


def _stand_in(name: str) -> str:
    """A fixed id of the right form for something of AWS, when AWS is left out."""
    kind, _, rest = name.partition(".")
    if kind == "role":
        return _AWS_ARN[kind] + rest
    digits = hashlib.sha256(name.encode()).hexdigest()
    if kind == "key":
        return _AWS_ARN[kind] + str(uuid.UUID(hex=digits[:32], version=4))
    return _AWS_PREFIX[kind] + digits[:17]

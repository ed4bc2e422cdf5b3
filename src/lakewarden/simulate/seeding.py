"""Bringing about, through the API, what a world declares (`lakewarden.simulate.world`)."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from lakewarden.simulate import gate
from lakewarden.simulate.audit import AuditLog
from lakewarden.simulate.generated import generate
from lakewarden.simulate.scale import populate
from lakewarden.simulate.standby import add_standby
from lakewarden.simulate.state import Account, Bearer, Workspace
from lakewarden.simulate.web import ACCOUNT, SEEDERS, WORKSPACE
from lakewarden.simulate.workspace import identity
from lakewarden.simulate.workspace.grown_notebooks import grow
from lakewarden.simulate.world import SeedError, Spec

_REFERENCE = re.compile(r"\$\{([^}]+)\}")
_RELATIVE = re.compile(r"(iso:)?([+-]\d+)([dhm])")
_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000}
_AWS_PREFIX = {"vpc": "vpc-", "subnet": "subnet-", "security_group": "sg-", "endpoint": "vpce-"}
_AWS_ARN = {
    "key": "arn:aws:kms:us-east-1:123456789012:key/",
    "role": "arn:aws:iam::123456789012:role/",
}


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
    standby: int | None = None  # the id of the empty workspace beside


@dataclass(frozen=True)
class Extras:
    """What is added to a world.

    ``scale`` is a number of objects in ten more workspaces; ``notebooks`` a number of them, and
    ``drawn`` a seed and a number of objects, for the first workspace; ``standby`` an empty one.
    """

    scale: int | None = None
    notebooks: int | None = None
    drawn: tuple[int, int] | None = None
    standby: bool = False


_NOTHING = Extras()


def build(spec: Spec, aws: Mapping[str, str], extras: Extras = _NOTHING) -> Built:
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
    _add(built, extras)
    return built


def _add(built: Built, extras: Extras) -> None:
    account = built.account
    first = next(iter(account.workspaces.values()))
    if extras.drawn:
        generate(Seeding(built, first, built.now), *extras.drawn)
    if extras.notebooks:
        grow(first, extras.notebooks, built.now)
    if extras.scale:
        admins = built.references["scanner.id"], next(iter(account.table("users")))
        populate(account, extras.scale, built.now, admins)
    if extras.standby:
        built.standby = add_standby(account, built.now).id


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
    if not spec.own.get("synchronised", True):
        del account.table("users")[owner_id]["externalId"]
        del account.table("servicePrincipals")[scanner_id]["externalId"]
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
    ) -> Any:
        """Make an API call as ``by`` (default: the owner, as an admin) at ``at`` (default: now)."""
        place = None if "/{account}/" in path else self._place
        name = by or self._built.spec.own["owner"]
        found = identity.named(self.account, name)
        if found is None:
            raise SeedError(f"{method} {path}: there is no principal {name!r}")
        path, _, query = path.replace("{account}", self.account.id).partition("?")
        address = self.account.client_address
        caller = identity.caller(self.account, place, found[1]["id"], address)
        if by is None:
            caller = replace(caller, admin=True, auth="seed")
        routes = WORKSPACE if place else ACCOUNT
        persona = gate.Persona(self.account, place, routes, AuditLog(None, ""))
        incoming = gate.Incoming(
            method,
            path,
            at or self.now,
            address,
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

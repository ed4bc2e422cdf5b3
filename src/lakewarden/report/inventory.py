"""The inventory of credentials: every personal access token and every OAuth secret that was read.

Nothing in it signs anybody in. What could not be read is None, and `Inventory.unread` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from lakewarden.clock import from_millis, parse_time
from lakewarden.estate.access import TOKENS, Token
from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Fact, Gap, UnreadError
from lakewarden.estate.kind import Kind
from lakewarden.estate.machines import PRINCIPAL_SECRETS, OAuthSecret
from lakewarden.estate.people import (
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    AccountServicePrincipal,
)
from lakewarden.semantics.tokens import birth_of, end_of, expiry_of, shown

T = TypeVar("T")

NEVER: Final = "never"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A personal access token. Times are ISO 8601 in UTC; None is what is not known.

    Attributes:
        workspace: the workspace's name, or its id where the name is not known.
        workspace_id: the workspace it opens.
        id: its public id, by which it is revoked.
        comment: what it is for, in its maker's words.
        creator: who made it.
        owner: whom it stands for; the id where the name is not known.
        created: when it was made.
        age_days: whole days since then.
        expires: when it ends, or `never`.
        last_used: the day of its last use; None also where it was never used.
        scopes: the APIs that it may call; None where it was made without scopes, for all of them.
    """

    workspace: str
    workspace_id: str
    id: str
    comment: str | None
    creator: str | None
    owner: str | None
    created: str | None
    age_days: int | None
    expires: str | None
    last_used: str | None
    scopes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SecretRow:
    """An OAuth secret of a service principal. Times are ISO 8601 in UTC; None is not known.

    Attributes:
        principal: the service principal's name, or its id where the name is not known.
        principal_id: its id.
        application_id: the id that it signs in by.
        id: the secret's public id, by which it is deleted.
        created: when it was made.
        age_days: whole days since then.
        expires: when it ends, or `never`.
        status: `ACTIVE` while it signs in.
    """

    principal: str
    principal_id: str
    application_id: str | None
    id: str
    created: str | None
    age_days: int | None
    expires: str | None
    status: str


class Inventory:
    """The credentials of an estate, as streams of rows.

    Attributes:
        account_id: the Databricks account, empty when it was not read.
        taken: when the estate was read, ISO 8601.
    """

    def __init__(self, estate: Estate) -> None:
        self.account_id, self.taken = estate.meta.account_id, estate.meta.taken
        self._estate = estate
        self._now = parse_time(estate.meta.taken)
        self._unread: dict[str, None] = {}

    @property
    def unread(self) -> tuple[str, ...]:
        """Return a line for everything that the rows lacked; complete when they have all passed."""
        return tuple(self._unread)

    def tokens(self) -> Iterator[TokenRow]:
        """Yield every token of every workspace that is looked at."""
        names = self._names({owner for _, token in self._every() for owner in _owner_of(token)})
        for workspace, token in self._every():
            yield self._token(workspace, token, names)

    def secrets(self) -> Iterator[SecretRow]:
        """Yield every OAuth secret of every service principal."""
        for principal in self._all(ACCOUNT_SERVICE_PRINCIPALS):
            try:
                secrets = self._estate.need(PRINCIPAL_SECRETS, principal.id).secrets.get()
            except UnreadError as error:
                self._note(error.gap, f"service principal {principal.id}")
                continue
            for secret in secrets:
                yield self._secret(principal, secret)

    def _every(self) -> Iterator[tuple[Workspace, Token]]:
        try:
            for workspace in self._estate.workspaces():
                for token in self._all(TOKENS, workspace):
                    yield workspace, token
        except UnreadError as error:
            self._note(error.gap, "workspaces")

    def _all(self, kind: Kind[Any], workspace: Workspace | None = None) -> Iterator[Any]:
        collection = self._estate.of(kind, workspace)
        yield from collection.seen()
        if collection.gap is not None:
            self._note(collection.gap, f"workspace {workspace.id}" if workspace else "account")

    def _names(self, wanted: set[str]) -> dict[str, str]:
        found = {}
        kinds: Iterable[Kind[Any]] = (ACCOUNT_USERS, ACCOUNT_SERVICE_PRINCIPALS)
        for kind in kinds:
            for principal in self._all(kind):
                if principal.id in wanted and principal.name.gap is None:
                    found[principal.id] = principal.name.get()
        return found

    def _token(self, workspace: Workspace, token: Token, names: dict[str, str]) -> TokenRow:
        where = f"token {token.id} of workspace {workspace.id}"
        born = self._try(lambda: token.created.parsed(from_millis), where)
        owner = self._try(lambda: str(token.owner_id.get()), where)
        return TokenRow(
            str(workspace.id) if workspace.name.gap else workspace.name.get(),
            str(workspace.id),
            token.id,
            self._try(token.comment.get, where),
            self._try(token.creator.get, where),
            names.get(owner, owner) if owner is not None else None,
            _iso(born),
            self._age(born),
            self._try(lambda: _iso(end_of(token)) or NEVER, where),
            _last_use(token.last_used),
            self._try(token.scopes.get, where),
        )

    def _secret(self, principal: AccountServicePrincipal, secret: OAuthSecret) -> SecretRow:
        where = f"secret {secret.id} of service principal {principal.id}"
        born = self._try(lambda: birth_of(secret), where)
        return SecretRow(
            principal.id if principal.name.gap else principal.name.get(),
            principal.id,
            self._try(principal.application_id.get, where),
            secret.id,
            _iso(born),
            self._age(born),
            self._try(lambda: _iso(expiry_of(secret)) or NEVER, where),
            secret.status,
        )

    def _try(self, read: Callable[[], T], where: str) -> T | None:
        try:
            return read()
        except UnreadError as error:
            self._note(error.gap, where)
            return None

    def _note(self, gap: Gap, where: str) -> None:
        self._unread[f"{where}: {gap}"] = None

    def _age(self, born: datetime | None) -> int | None:
        return None if born is None else (self._now - born).days


def _owner_of(token: Token) -> Iterator[str]:
    if token.owner_id.gap is None:
        yield str(token.owner_id.get())


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else shown(moment)


def _last_use(used: Fact[int]) -> str | None:
    """Return the day of the last use, where one is told: not all tokens have been used."""
    try:
        return shown(used.parsed(from_millis))[:10] if used.get() > 0 else None
    except UnreadError:
        return None

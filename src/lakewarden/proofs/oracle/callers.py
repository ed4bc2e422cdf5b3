"""Whom a statement means by Principal or NotPrincipal, as terms.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".
"""

from __future__ import annotations

import re
from typing import Final

from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.conditions import Place
from lakewarden.proofs.oracle.request import ACCOUNT, NAME, SESSION, SIGNED, is_kind
from lakewarden.proofs.oracle.use import OracleError
from lakewarden.semantics.iam_documents import Statement

_ENTRY: Final = re.compile(
    r"(?P<account>\d{12})"
    r"|arn:aws[\w-]*:iam::(?P<root>\d{12}):root"
    r"|arn:(?P<partition>aws[\w-]*):iam::(?P<owner>\d{12}):(?P<kind>user|role)/(?P<name>\S+)"
    r"|arn:(?P<area>aws[\w-]*):sts::(?P<host>\d{12}):federated-user/(?P<guest>\S+)"
    r"|arn:aws[\w-]*:sts::(?P<home>\d{12}):assumed-role/(?P<role>[^/]+)/(?P<session>\S+)"
)
_GONE: Final = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")


def meant(statement: Statement, place: Place) -> str:
    """Return the term that a statement of a resource's policy means the caller.

    Raises:
        OracleError: it names nobody.
    """
    if statement.spared_principals:
        return t.no(_spared(statement.spared_principals, place.flipped()))
    if not statement.principals:
        raise OracleError("a statement of a resource's policy names nobody")
    return t.either(*(entry(kind, name, place) for kind, name in statement.principals))


def entry(kind: str, name: str, place: Place) -> str:
    """Return the term that one entry means the caller."""
    if name == "*" and kind in {"*", "AWS"}:
        return t.TRUE
    if kind == "Service":
        return t.both(is_kind("service"), t.equal(NAME, t.text(name)))
    if kind == "Federated":
        named = t.TRUE if name == "*" else t.equal(NAME, t.text(name))
        return t.both(is_kind("provider"), named)
    found = _ENTRY.fullmatch(name) if kind == "AWS" else None
    if found is None:
        gone = kind == "AWS" and _GONE.fullmatch(name)
        return t.FALSE if gone else place.doubt
    account = _whole(name)
    return of_account(account) if account else _person(found, place)


def of_account(account: str) -> str:
    """Return the term that the caller belongs to an account."""
    return t.both(is_kind(*SIGNED), t.equal(ACCOUNT, t.text(account)))


def _person(found: re.Match[str], place: Place) -> str:
    if found["role"]:
        regex = t.in_row(
            t.call("re.opt", t.in_row(t.some(t.PATH), t.exactly("/"))), t.exactly(found["role"])
        )
        return t.both(
            is_kind("role"),
            t.equal(ACCOUNT, t.text(found["home"])),
            t.is_like(NAME, regex),
            t.equal(SESSION, t.text(found["session"])),
        )
    return t.both(
        is_kind(found["kind"] or "guest"),
        t.equal(t.text(place.wire.partition), t.text(found["partition"] or found["area"])),
        t.equal(ACCOUNT, t.text(found["owner"] or found["host"])),
        t.equal(NAME, t.text(found["name"] or found["guest"])),
    )


def _spared(entries: tuple[tuple[str, str], ...], place: Place) -> str:
    """Return the term that NotPrincipal spares the caller.

    Somebody is spared for certain when their account is listed as well; an account spares its root
    user for certain. Of all others that an entry means nobody can say.
    """
    whole = {account for kind, name in entries if kind == "AWS" and (account := _whole(name))}
    terms = []
    for kind, name in entries:
        term = entry(kind, name, place)
        if kind == "AWS" and name != "*":
            account = _whole(name)
            sure = t.both(is_kind("root"), term) if account else t.FALSE
            if not account and _owner(name) in whole:
                sure = term
            term = t.either(sure, t.both(term, place.doubt))
        terms.append(term)
    return t.either(*terms)


def _whole(name: str) -> str:
    found = _ENTRY.fullmatch(name)
    return (found["account"] or found["root"] or "") if found else ""


def _owner(name: str) -> str:
    found = _ENTRY.fullmatch(name)
    return (found["owner"] or found["host"] or found["home"] or "") if found else ""

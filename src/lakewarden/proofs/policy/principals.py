"""Who asks, as words: one variable holds the caller, in a form for each kind of caller.

| caller | word |
|---|---|
| root user, user | their ARN |
| session of a role | the ARN of the role, as `aws:PrincipalArn` has it |
| federated user | `arn:aws:sts::ACCOUNT:federated-user/NAME` |
| AWS service | `service:NAME` |
| identity provider, in trust policies | `federated:ARN-OR-NAME` |
| nobody in particular | `anonymous` |
"""

from __future__ import annotations

import re
from typing import Final

from lakewarden.proofs.policy.formula import (
    FALSE,
    TRUE,
    Atom,
    Formula,
    Lit,
    Reach,
    both,
    either,
    is_in,
)
from lakewarden.proofs.words.language import Words
from lakewarden.proofs.words.pattern import (
    ANY,
    DIGIT,
    LABEL,
    NO_COLON,
    PATH,
    Pattern,
    Step,
    join,
    literal,
    some_of,
)

PRINCIPAL: Final = "principal"
SESSION: Final = "session"
_ACCOUNT: Final = re.compile(r"\d{12}")
_ROOT: Final = re.compile(r"arn:(aws[\w-]*):iam::(\d{12}):root")
_PERSON: Final = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(?:user|role)/\S+")
_SESSION: Final = re.compile(r"arn:aws[\w-]*:sts::(\d{12}):assumed-role/([^/]+)/(\S+)")
_GUEST: Final = re.compile(r"arn:aws[\w-]*:sts::\d{12}:federated-user/\S+")
_DELETED: Final = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")

_TWELVE: Final[Pattern] = (Step(DIGIT),) * 12
_NAMED: Final[Pattern] = some_of(PATH)
_PARTITION: Final[Pattern] = (*literal("aws"), Step(LABEL, many=True))


def _form(service: str, account: Pattern, rest: Pattern, partition: str = "") -> Pattern:
    area = literal(partition) if partition else _PARTITION
    fields = (literal("arn"), area, literal(service), (), account, rest)
    return join(fields, literal(":"))


def forms_of(account: str | None = None, kind: str = "", partition: str = "") -> Words:
    """Return the words of callers of an account.

    Args:
        account: its twelve digits; None for any.
        kind: `root`, `user`, `role` or `guest`; empty for all four.
        partition: the partition of AWS that they belong to; empty for any.
    """
    digits = literal(account) if account else _TWELVE
    every = {
        "root": ("iam", literal("root")),
        "role": ("iam", (*literal("role/"), *_NAMED)),
        "user": ("iam", (*literal("user/"), *_NAMED)),
        "guest": ("sts", (*literal("federated-user/"), *_NAMED)),
    }
    chosen = (every[kind],) if kind else tuple(every.values())
    return Words(tuple(_form(service, digits, rest, partition) for service, rest in chosen))


ROLES: Final = forms_of(kind="role")
USERS: Final = forms_of(kind="user")
IDENTITIES: Final = forms_of()
"""All callers that have an ARN and an account."""
SERVICES: Final = Words(((*literal("service:"), *some_of(LABEL)),))
FEDERATED: Final = Words(((*literal("federated:"), *some_of(ANY)),))
ANONYMOUS: Final = Words((literal("anonymous"),))
EVERYBODY: Final = Words(
    (*IDENTITIES.patterns, *SERVICES.patterns, *ANONYMOUS.patterns, *FEDERATED.patterns)
)


def is_(word: str) -> Formula:
    """Return the test that the caller is one and no other."""
    return is_in(PRINCIPAL, Words((literal(word),)))


def is_of(words: Words) -> Formula:
    """Return the test that the caller is one of several."""
    return is_in(PRINCIPAL, words)


def one_of(kind: str, name: str) -> Formula:
    """Return the test that an entry of a Principal element means the caller.

    Source: IAM User Guide, "AWS JSON policy elements: Principal". A role's ARN means its sessions
    too; a session's ARN does not mean its role; an account's number means all of its callers. An
    entry that is the id of something deleted means nobody.
    """
    if name == "*" and kind in {"*", "AWS"}:
        return TRUE
    if kind == "Service":
        return is_(f"service:{name}")
    if kind == "Federated":
        return is_of(FEDERATED) if name == "*" else is_(f"federated:{name}")
    if kind == "AWS":
        found = _of_account(name)
        if found is not None:
            return found
    return Lit(Atom(PRINCIPAL, Reach.MAYBE, reason=f"nobody can say whom {kind} {name} means"))


def _of_account(name: str) -> Formula | None:
    if _ACCOUNT.fullmatch(name):
        return is_of(forms_of(name))
    if root := _ROOT.fullmatch(name):
        return is_of(forms_of(root[2]))
    if _PERSON.fullmatch(name) or _GUEST.fullmatch(name):
        return is_(name)
    if session := _SESSION.fullmatch(name):
        ends = (f"role/{session[2]}", f"/{session[2]}")
        inner = (*literal("role/"), *_NAMED, *literal(ends[1]))
        account = literal(session[1])
        words = Words((_form("iam", account, literal(ends[0])), _form("iam", account, inner)))
        return both(is_of(words), is_in(SESSION, Words((literal(session[3]),))))
    return FALSE if _DELETED.fullmatch(name) else None


def spared_by(entries: tuple[tuple[str, str], ...]) -> Formula:
    """Return the test that a NotPrincipal element spares the caller.

    An account that is listed spares its root user for certain and its other callers perhaps; a
    caller is spared for certain when its account is listed as well as itself.
    Source: IAM User Guide, "AWS JSON policy elements: NotPrincipal".
    """
    accounts = {found for _, name in entries if (found := account_of(name)) and _whole(name)}
    parts = []
    for kind, name in entries:
        test = one_of(kind, name)
        if kind == "AWS" and name != "*" and (_whole(name) or account_of(name) not in accounts):
            sure = is_(f"arn:aws:iam::{account_of(name)}:root") if _whole(name) else FALSE
            perhaps = Atom(PRINCIPAL, Reach.MAYBE, reason=f"NotPrincipal {name} may spare more")
            test = either(sure, both(test, Lit(perhaps)))
        parts.append(test)
    return either(*parts)


def _whole(name: str) -> bool:
    return bool(_ACCOUNT.fullmatch(name) or _ROOT.fullmatch(name))


def account_of(word: str) -> str | None:
    """Return the account of a caller, or of an account's own number; None when it has none."""
    if _ACCOUNT.fullmatch(word):
        return word
    fields = word.split(":")
    return fields[4] if len(fields) > 5 and _ACCOUNT.fullmatch(fields[4]) else None  # noqa: PLR2004  # arn:partition:service:region:account:resource


def with_account(words: Words) -> Words:
    """Return the callers whose account's number is one of some words."""
    any_text = (Step(NO_COLON, many=True),)
    return Words(
        tuple(
            join(
                (
                    literal("arn"),
                    any_text,
                    any_text,
                    any_text,
                    _without(p, ":"),
                    (Step(ANY, many=True),),
                ),
                literal(":"),
            )
            for p in words.patterns
        )
    )


def users_of(names: Words) -> Words:
    """Return the users whose name, which ends their ARN behind any path, is one of some words."""
    paths = ((), (*_NAMED, *literal("/")))
    return Words(
        tuple(
            _form("iam", _TWELVE, (*literal("user/"), *path, *_without(pattern, ":/")))
            for path in paths
            for pattern in names.patterns
        )
    )


def _without(pattern: Pattern, chars: str) -> Pattern:
    """Return a pattern as it may stand where some characters cannot be."""
    return tuple(
        Step(type(s.chars)(s.chars.among | set(chars), negated=True), s.many)
        if s.chars.negated
        else s
        for s in pattern
    )

"""`Frame`: the request as far as it is settled: one action on one type of resource.

Condition keys are variables of their own, with two exceptions. What a key repeats of the caller or
of the resource is a view of that variable, so that the two cannot contradict each other; and what
the action or the type of resource settles is a constant, or absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lakewarden.proofs.policy.formula import (
    FALSE,
    TRUE,
    Atom,
    Formula,
    Lit,
    Reach,
    Sort,
    both,
    either,
    is_in,
    present,
)
from lakewarden.proofs.policy.principals import (
    ANONYMOUS,
    IDENTITIES,
    SERVICES,
    USERS,
    forms_of,
    is_of,
    users_of,
    with_account,
)
from lakewarden.proofs.words.language import Words
from lakewarden.proofs.words.pattern import literal

ACTION: Final = "action"
RESOURCE: Final = "resource"
MARK: Final = "#"
"""Parts a variable from the resource that it belongs to, in a request for several resources."""
_TAG: Final = re.compile(r"^(?:ec2|s3|iam|kms|secretsmanager|sqs|sns|logs|kinesis):resourcetag/")
_SAME: Final = {
    "s3:resourceaccount": "aws:resourceaccount",
    "ec2:region": "aws:requestedregion",
    "kms:calleraccount": "aws:principalaccount",
}
_TYPES: Final = {
    "Account": forms_of(kind="root"),
    "AssumedRole": forms_of(kind="role"),
    "User": forms_of(kind="user"),
    "FederatedUser": forms_of(kind="guest"),
    "Anonymous": ANONYMOUS,
}

Member = Callable[[Words], Formula]
"""Says that a key has a value out of some words."""
View = tuple[Formula, Member]
"""Whether a key is present, and whether it matches."""


def same_key(key: str) -> str:
    """Return the name under which a key is known, where it has several.

    Args:
        key: its name in lower case.
    """
    key = _SAME.get(key, key)
    return _TAG.sub("aws:resourcetag/", key)


@dataclass(frozen=True, slots=True)
class Frame:
    """One action on one type of resource.

    Attributes:
        action: as `s3:GetObject`; `glue:` where it may be any of a service that nobody listed.
        shape: what the ARN of the resource may be.
        constants: what keys are settled to be; None for a key that is absent.
        many: keys with several values.
        sorts: what the values of keys are, where they are no words.
        mark: what sets the variables of this resource apart in a request for several.
        own: keys that belong to the resource rather than to the whole request.
        known: whether the action or the resource can bring a key at all.
        views: keys that repeat what the resource is.
        given: keys that every such request carries.
        wide: stars in patterns of resources run past the fields of an ARN.
        partition: the partition of AWS that its caller belongs to.
    """

    action: str
    shape: Words
    constants: Mapping[str, str | None] = field(default_factory=dict)
    many: frozenset[str] = frozenset()
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    mark: str = ""
    own: Callable[[str], bool] = lambda _: False
    known: Callable[[str], bool] = lambda _: True
    views: Mapping[str, View] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    wide: bool = True
    partition: str = "aws"

    @property
    def is_open(self) -> bool:
        """Return whether the action may be any of its service."""
        return self.action.endswith(":")

    @property
    def resource(self) -> str:
        """Return the variable of the resource."""
        return f"{RESOURCE}{self.mark}"

    def variable(self, key: str) -> str:
        """Return the variable of a key that is no view."""
        return f"{key}{self.mark}" if self.own(key) else key

    def sort(self, key: str) -> Sort:
        """Return what the values of a key are."""
        return self.sorts.get(same_key(key), Sort.WORD)

    def has_many(self, key: str) -> bool:
        """Return whether a key may have several values."""
        return same_key(key) in self.many

    def constant(self, key: str) -> str | None:
        """Return what a key is settled to be; None when it is not, or absent."""
        return self.constants.get(same_key(key))

    def is_view(self, key: str) -> bool:
        """Return whether a key has no variable of its own."""
        return self._view(same_key(key)) is not None

    def has(self, key: str) -> Formula:
        """Return the test that a key is present."""
        view = self._view(same_key(key))
        return present(self.variable(same_key(key))) if view is None else view[0]

    def member(
        self, key: str, words: Words, *, loose: Words | None = None, reason: str = ""
    ) -> Formula:
        """Return the test that a key has a value out of some words."""
        key = same_key(key)
        view = self._view(key)
        if view is None:
            return is_in(self.variable(key), words, loose=loose, reason=reason)
        sure = view[1](words)
        if loose is None:
            return sure
        return either(sure, both(view[1](loose), Lit(Atom(key, Reach.MAYBE, reason=reason))))

    def _view(self, key: str) -> View | None:
        if key in self.constants:
            return _settled(self.constants[key])
        if key in self.views:
            return self.views[key]
        if key in _VIEWS:
            return _VIEWS[key]
        return None if self.known(key) else _settled(None)


def _settled(value: str | None) -> View:
    if value is None:
        return FALSE, lambda _: FALSE
    return TRUE, lambda words: TRUE if value in words else FALSE


def _arn(words: Words) -> Formula:
    return both(is_of(IDENTITIES), is_of(words))


def _type(words: Words) -> Formula:
    return either(*(is_of(form) for name, form in _TYPES.items() if name in words))


def _is_service(words: Words) -> Formula:
    return either(
        is_of(SERVICES) if "true" in words else FALSE,
        is_of(IDENTITIES) if "false" in words else FALSE,
    )


def _service(words: Words) -> Formula:
    return is_of(Words(tuple((*literal("service:"), *p) for p in words.patterns)))


def _account(words: Words) -> Formula:
    unsigned = is_of(ANONYMOUS) if "anonymous" in words else FALSE
    return either(is_of(with_account(words)), unsigned)


_VIEWS: Final[Mapping[str, View]] = {
    "aws:principalarn": (is_of(IDENTITIES), _arn),
    "aws:principalaccount": (either(is_of(IDENTITIES), is_of(ANONYMOUS)), _account),
    "aws:principaltype": (either(is_of(IDENTITIES), is_of(ANONYMOUS)), _type),
    "aws:principalisawsservice": (either(is_of(IDENTITIES), is_of(SERVICES)), _is_service),
    "aws:principalservicename": (is_of(SERVICES), _service),
    "aws:username": (is_of(USERS), lambda words: is_of(users_of(words))),
}
"""Keys that repeat what the caller is."""

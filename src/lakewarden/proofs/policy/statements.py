"""Statements: which requests one of them is about, as a formula."""

from __future__ import annotations

import functools
import re
from typing import Final

from lakewarden.proofs.policy.conditions import ConditionError, condition
from lakewarden.proofs.policy.formula import (
    FALSE,
    TRUE,
    Formula,
    both,
    contrary,
    either,
    is_in,
)
from lakewarden.proofs.policy.frame import ACTION, Frame
from lakewarden.proofs.policy.principals import one_of, spared_by
from lakewarden.proofs.words.language import NOTHING, Words
from lakewarden.proofs.words.pattern import Pattern, glob, segment_glob
from lakewarden.semantics.iam_documents import Document, Statement

_OPEN: Final = "a resource is named by a variable"
_VARIABLE: Final = re.compile(r"\$\{[^}*?$][^}]*\}")


def about(
    statement: Statement, document: Document, frame: Frame, *, names_callers: bool
) -> Formula:
    """Return what must hold of a request for a statement to be about it.

    Args:
        statement: one of the document's.
        document: the policy.
        frame: the action and the type of resource.
        names_callers: the policy belongs to a resource, and says whom it is about.

    Raises:
        ConditionError: a condition is none, or a statement of a resource's policy names nobody.
    """
    if not frame.is_open and not concerns(statement, frame.action):
        return FALSE
    return both(
        _actions(statement) if frame.is_open else TRUE,
        _callers(statement) if names_callers else TRUE,
        TRUE if names_callers and _is_of_one(statement) else _resources(statement, document, frame),
        *(
            condition(operator, key, values, frame, variables=document.has_variables)
            for operator, keys in statement.conditions.items()
            for key, values in keys.items()
        ),
    )


def concerns(statement: Statement, action: str) -> bool:
    """Return whether a statement's Action or NotAction is about an action, in any case."""
    if statement.spared_actions:
        return not _any(action, statement.spared_actions)
    return _any(action, statement.actions)


def _actions(statement: Statement) -> Formula:
    """Return the test that a statement is about an action that is not settled."""
    patterns = statement.spared_actions or statement.actions
    words = Words(tuple(glob(pattern, case=False) for pattern in patterns))
    test = is_in(ACTION, words)
    return contrary(test) if statement.spared_actions else test


def _any(action: str, patterns: tuple[str, ...]) -> bool:
    return _matcher(patterns).fullmatch(action.lower()) is not None


@functools.lru_cache(maxsize=4096)
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return one expression for several patterns, in lower case."""
    wild = {"*": ".*", "?": "."}
    texts = ("".join(wild.get(c) or re.escape(c) for c in pattern) for pattern in patterns)
    return re.compile("|".join(texts) or "(?!)", re.DOTALL)


def _callers(statement: Statement) -> Formula:
    if statement.spared_principals:
        return contrary(spared_by(statement.spared_principals))
    if not statement.principals:
        raise ConditionError("a statement of a resource's policy names no principal")
    return either(*(one_of(kind, name) for kind, name in statement.principals))


def _is_of_one(statement: Statement) -> bool:
    """Return whether it names no resource, as in a trust policy: it is about its role alone."""
    return not statement.resources and not statement.spared


def _resources(statement: Statement, document: Document, frame: Frame) -> Formula:
    if statement.spared:
        return contrary(_matching(statement.spared, document, frame))
    return _matching(statement.resources, document, frame)


def _matching(patterns: tuple[str, ...], document: Document, frame: Frame) -> Formula:
    if "*" in patterns:
        return TRUE
    read = glob if frame.wide else segment_glob
    sure: list[Pattern] = []
    perhaps: list[Pattern] = []
    for text in patterns:
        if document.has_variables and _VARIABLE.search(text):
            perhaps.append(glob(_VARIABLE.sub("*", text)))
        else:
            sure.append(read(text))
    if not patterns:
        return FALSE
    tight = Words(tuple(sure)) if sure else NOTHING
    loose = Words((*sure, *perhaps)) if perhaps else None
    return is_in(frame.resource, tight, loose=loose, reason=_OPEN)


def two_readings(statement: Statement) -> bool:
    """Return whether AWS documents two readings of a statement's resources.

    A star within one of the first five fields of an ARN stays in its field by one page of the IAM
    User Guide, and may run on by another.
    """
    return any(
        text != "*" and ({"*", "?"} & set("".join(text.split(":", 5)[:5])) or text.count(":") < 5)  # noqa: PLR2004  # an ARN has six fields
        for text in (*statement.resources, *statement.spared)
    )

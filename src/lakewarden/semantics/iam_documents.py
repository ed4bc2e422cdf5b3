"""IAM policy documents: JSON text becomes statements in which every one-or-many is many.

Nothing is guessed. Text that is no policy, names a key twice or has a part that this module does
not know is a fact that could not be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.kind import Kind

_NEGATIONS: Final = frozenset({"NotPrincipal", "NotAction", "NotResource"})
_PARTS: Final = _NEGATIONS | {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy.

    Attributes:
        allows: True for Allow, False for Deny.
        principals: kind and name of each, `("AWS", "arn:…")`; `("*", "*")` is everybody.
        actions: patterns in lower case, because AWS ignores their case.
        resources: patterns.
        conditions: operator, then key in lower case, then values.
        negated: it names what it is not about, by NotPrincipal, NotAction or NotResource.
        spared: patterns of the resources that it is not about.
        spared_actions: patterns of the actions that it is not about.
        spared_principals: kind and name of those that it is not about.
        sid: its name, empty for none.
    """

    allows: bool
    principals: tuple[tuple[str, str], ...] = ()
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    negated: bool = False
    spared: tuple[str, ...] = ()
    spared_actions: tuple[str, ...] = ()
    spared_principals: tuple[tuple[str, str], ...] = ()
    sid: str = ""

    @property
    def for_everybody(self) -> bool:
        """Return whether anybody at all is a principal of it."""
        return any(kind in {"*", "AWS"} and name == "*" for kind, name in self.principals)


@dataclass(frozen=True, slots=True)
class Document:
    """A policy: its statements, and whether `${...}` in them stands for something else."""

    statements: tuple[Statement, ...]
    has_variables: bool = True


def statements(document: str | None, kind: Kind[Any]) -> tuple[Statement, ...]:
    """Return the statements of a policy.

    Args:
        document: the policy as JSON text; None where the answer had none.
        kind: the kind of the record that it comes from.

    Raises:
        UnreadError: there is no document, or it is not a policy.
    """
    if document is None:
        raise UnreadError(kind.gap(Cause.MISSING_FIELD, "no policy document in the answer"))
    try:
        return parse(document).statements
    except (ValueError, RecursionError) as error:
        detail = f"the policy document cannot be read: {error}"
        raise UnreadError(kind.gap(Cause.MALFORMED, detail)) from None


def parse(text: str) -> Document:
    """Return the policy that a JSON text holds.

    Raises:
        ValueError: it is not a policy.
        RecursionError: it is nested too deeply to be one.
    """
    policy = json.loads(text, object_pairs_hook=_once)
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise ValueError("no Statement")
    entries = policy["Statement"]
    listed = entries if isinstance(entries, list) else [entries]
    return Document(tuple(map(_statement, listed)), policy.get("Version") == "2012-10-17")


def meaning(value: Any) -> Any:
    """Return a policy document, or a part of one, without what makes no difference to AWS.

    One text and a list of one are the same there, and the order of several texts is none.
    """
    if isinstance(value, Mapping):
        return {name: meaning(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [meaning(part) for part in value]
        if len(parts) == 1:
            return parts[0]
        return sorted(parts) if all(isinstance(part, str) for part in parts) else parts
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key occurs twice")
    return made


def _statement(entry: Any) -> Statement:
    if not isinstance(entry, dict):
        raise ValueError("a statement is not an object")  # noqa: TRY004  # one error for bad text
    foreign = entry.keys() - _PARTS
    if foreign:
        raise ValueError(f"unknown part {min(foreign)}")
    if entry.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("a statement has no Effect")
    return Statement(
        entry["Effect"] == "Allow",
        _principals(entry.get("Principal", {})),
        tuple(action.lower() for action in _many(entry.get("Action", []))),
        _many(entry.get("Resource", [])),
        _conditions(entry.get("Condition", {})),
        negated=not _NEGATIONS.isdisjoint(entry),
        spared=_many(entry.get("NotResource", [])),
        spared_actions=tuple(a.lower() for a in _many(entry.get("NotAction", []))),
        spared_principals=_principals(entry.get("NotPrincipal", {})),
        sid=str(entry.get("Sid", "")),
    )


def _principals(value: Any) -> tuple[tuple[str, str], ...]:
    if value == "*":
        return (("*", "*"),)
    return tuple((kind, name) for kind, names in _table(value) for name in _many(names))


def _conditions(value: Any) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return {
        operator: {key.lower(): _many(values) for key, values in _table(tests)}
        for operator, tests in _table(value)
    }


def _table(value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")  # noqa: TRY004  # one error for bad text
    return list(value.items())


def _many(value: Any) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else [value]
    if any(isinstance(entry, dict | list | None) for entry in entries):
        raise ValueError("a text is missing")
    return tuple(entry if isinstance(entry, str) else json.dumps(entry) for entry in entries)

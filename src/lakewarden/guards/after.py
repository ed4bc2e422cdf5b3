"""Documents as the changes of a plan leave them, one change after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from lakewarden.estate.fact import Cause, Fact, Gap, UnreadError
from lakewarden.plan.change import Change
from lakewarden.plan.paths import with_values

Json = Mapping[str, Any]
Table = Mapping[str, Json]
"""Documents of one kind, by their key."""

T = TypeVar("T")


def document_after(document: Json | None, change: Change) -> Json | None:
    """Return a document as a change leaves it, None where it removes it.

    Raises:
        UnreadError: the change is about an entry of a list that is not there.
    """
    if change.after is None:
        return None
    try:
        return with_values(document, change.after)
    except KeyError as error:
        detail = f"there is no entry {error.args[0]} to change"
        raise UnreadError(Gap(Cause.NOT_FOUND, change.address, detail, "")) from None


def table_after(table: Table, change: Change) -> Table:
    """Return documents as a change of one of them leaves them.

    Raises:
        UnreadError: the change is about an entry of a list that is not there.
    """
    key = key_of(table, change.target.key)
    left = dict(table)
    made = document_after(left.pop(key, None), change)
    return left if made is None else {**left, key: made}


def key_of(table: Table, key: str) -> str:
    """Return the key of a document, which may be named by a field of it: `label=office`."""
    name, sign, value = key.partition("=")
    if key in table or not sign:
        return key
    return next((k for k, document in table.items() if str(document.get(name)) == value), key)


def each_state(
    start: T, changes: Iterable[Change], step: Callable[[T, Change], T]
) -> Iterator[tuple[Change, T]]:
    """Yield each change with the state that it leaves; `step` makes the next state."""
    state = start
    for change in changes:
        state = step(state, change)
        yield change, state


def known(**facts: Fact[Any]) -> dict[str, Any]:
    """Return the values of facts by name, but for those that were not read."""
    return {name: fact.get() for name, fact in facts.items() if fact.gap is None}

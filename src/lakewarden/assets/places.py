"""Places in a JSON document: `tasks[].new_cluster.policy_id`, `definition.*.value`.

Between dots stand the names of fields; `*` is every field of an object, `[]` every entry of a list.
A place that a document does not have is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Turn = Callable[[Any], Any]


def values(document: Any, place: str) -> Iterator[Any]:
    """Yield what a document has at a place, None left out."""
    seen: list[Any] = []

    def note(value: Any) -> Any:
        seen.append(value)
        return value

    turn(document, place, note)
    yield from seen


def turn(document: Any, place: str, change: Turn) -> None:
    """Put in the place of each value at a place what a function makes of it; None is left alone."""
    _turn(document, place.replace("[]", ".[]").split("."), change)


def drop(document: Any, place: str) -> None:
    """Remove the field that a place ends with, wherever it is."""
    above, _, name = place.rpartition(".")
    if not above:
        document.pop(name, None)
        return
    for holder in values(document, above):
        if isinstance(holder, dict):
            holder.pop(name, None)


def _turn(document: Any, steps: list[str], change: Turn) -> None:
    step, *rest = steps
    if step == "[]":
        keys: Any = range(len(document)) if isinstance(document, list) else ()
    elif not isinstance(document, dict):
        return
    else:
        keys = list(document) if step == "*" else (step,) if step in document else ()
    for key in keys:
        if rest:
            _turn(document[key], rest, change)
        elif document[key] is not None:
            document[key] = change(document[key])

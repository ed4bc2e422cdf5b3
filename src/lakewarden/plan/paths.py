"""Places in a document, so that a change can name just what it changes.

A path is a chain of steps, each after a slash: `/settings/job_clusters/[job_cluster_key=main]/
new_cluster/spark_version`. A step in brackets chooses the entry of a list by one of its fields. In
other steps a slash is written `~1` and a tilde `~0`, as in a JSON pointer (RFC 6901).
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]


def path(*steps: str) -> str:
    """Return the path of some steps; a step in brackets stays one that chooses."""
    return "".join(f"/{_escaped(step)}" for step in steps)


def value_at(document: Json | None, place: str) -> Any:
    """Return what a document has at a path; None where it has nothing."""
    return _at(document, _steps(place))


def values_at(document: Json | None, places: Iterable[str]) -> dict[str, Any]:
    """Return what a document has at each of some paths."""
    return {place: value_at(document, place) for place in places}


def with_values(document: Json | None, values: Json) -> dict[str, Any]:
    """Return a copy of a document with other values at some paths; None removes what is there.

    An object that becomes empty by that is removed as well: it was made for what it held.

    Raises:
        KeyError: a path chooses an entry of a list that is not there.
    """
    made: dict[str, Any] = copy.deepcopy(dict(document or {}))
    for place, value in values.items():
        _put(made, _steps(place), copy.deepcopy(value))
    return made


def shown(place: str) -> str:
    """Return a path as people read it: `job_clusters[job_cluster_key=main].new_cluster`."""
    steps = _steps(place)
    return "".join(s if s.startswith("[") else f".{s}" for s in steps).removeprefix(".")


def _put(document: Any, steps: list[str], value: Any) -> None:
    _set(document, steps, value)
    for length in range(len(steps) - 1, 0, -1) if value is None else ():
        if _at(document, steps[:length]) in ({}, []) and not steps[length - 1].startswith("["):
            _set(document, steps[:length], None)


def _set(document: Any, steps: list[str], value: Any) -> None:
    last = steps[-1]
    for step, after in itertools.pairwise(steps):
        inner = _inner(document, step)
        if inner is None:
            if step.startswith("["):
                raise KeyError(step)
            if value is None:
                return
            inner = document[step] = [] if after.startswith("[") else {}
        document = inner
    if last.startswith("["):
        _put_entry(document, last, value)
    elif value is None:
        document.pop(last, None)
    else:
        document[last] = value


def _put_entry(entries: list[Any], step: str, value: Any) -> None:
    old = _inner(entries, step)
    if old is not None:
        at = entries.index(old)
        entries[at : at + 1] = [] if value is None else [value]
    elif value is not None:
        entries.append(value)


def _at(document: Any, steps: list[str]) -> Any:
    for step in steps:
        document = _inner(document, step)
    return document


def _inner(document: Any, step: str) -> Any:
    if step.startswith("["):
        name, _, wanted = step[1:-1].partition("=")
        entries = document if isinstance(document, list | tuple) else ()
        return next((e for e in entries if str(e.get(name)) == wanted), None)
    return document.get(step) if isinstance(document, Mapping) else None


def _steps(place: str) -> list[str]:
    return [_plain(step) for step in place.split("/")[1:]]


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _plain(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")

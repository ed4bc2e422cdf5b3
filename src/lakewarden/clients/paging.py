"""Lists, paged to their end. A list that cannot be finished says so by raising.

The styles of the Databricks API: `page_token` (most), the same token sent back under its own name
`next_page_token`, SCIM's `startIndex` and `count`, one answer with an envelope, and one bare array.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause

Get = Callable[[str, Mapping[str, Any]], Any]
Item = Mapping[str, Any]

_OF_PAGES: Final = frozenset({"next_page_token", "prev_page_token", "has_more"})
"""What an answer without items may say all the same."""
_SCIM_PAGE: Final = 1000
_SCIM_ROUNDS: Final = 5
"""How often a list is begun of which entries are deleted while it is read."""


class Paging(StrEnum):
    """How a list comes in pages."""

    TOKEN = "page_token"  # noqa: S105  # a parameter's name, not a secret
    NEXT_TOKEN = "next_page_token"  # noqa: S105  # likewise
    SCIM = "startIndex"
    ONCE = "once"
    ARRAY = "array"


def items(
    get: Get,
    path: str,
    envelope: str,
    paging: Paging,
    *,
    query: Mapping[str, Any] | None = None,
    trust_empty: bool = False,
) -> Iterator[Item]:
    """Yield every item of a list.

    Args:
        get: reads one answer.
        path: the list's path.
        envelope: the field of an answer that holds the items.
        paging: the list's style.
        query: further parameters.
        trust_empty: take an answer without its envelope for an empty list. The service is free
            to leave an empty list out, and an answer that lost it looks just the same, unless it
            says something else: then it is not believed.

    Raises:
        CallFailedError: as soon as a page fails, and when the pages do not add up.
    """
    asked = dict(query or {})
    if paging is Paging.ARRAY:
        yield from _entries(get(path, asked), path)
    elif paging is Paging.ONCE:
        answer = get(path, asked)
        yield from _enveloped(answer, envelope, trust_empty=trust_empty)
        if answer.get("next_page_token"):
            raise CallFailedError(Cause.MALFORMED, "a next page is announced where there is none")
    elif paging is Paging.SCIM:
        yield from _scim(get, path, asked)
    else:
        ask = functools.partial(_follow, get, path, asked, paging.value)
        yield from _tokens(ask, envelope, trust_empty=trust_empty)


def _follow(get: Get, path: str, query: Mapping[str, Any], parameter: str, token: str) -> Any:
    return get(path, {**query, parameter: token} if token else query)


def _tokens(ask: Callable[[str], Any], envelope: str, *, trust_empty: bool) -> Iterator[Item]:
    seen: set[str] = set()
    token = ""
    while True:
        answer = ask(token)
        following = answer.get("next_page_token") if isinstance(answer, Mapping) else None
        token = str(following or "")
        # A page in the middle may lack its items, the last one may not.
        yield from _enveloped(answer, envelope, trust_empty=trust_empty or bool(token))
        if not token:
            if isinstance(answer, Mapping) and answer.get("has_more") is True:
                raise CallFailedError(Cause.MALFORMED, "more pages are announced, none is named")
            return
        if token in seen:
            raise CallFailedError(Cause.MALFORMED, "the same page is announced twice")
        seen.add(token)


def _scim(get: Get, path: str, query: dict[str, Any]) -> Iterator[Item]:
    """Yield all entries once; begin anew where one was deleted, as others move up unseen then."""
    sent: set[str] = set()
    for _ in range(_SCIM_ROUNDS):
        try:
            for entry in _scim_round(get, path, query):
                if (identity := str(entry.get("id"))) not in sent:
                    sent.add(identity)
                    yield entry
        except _ShrunkError:
            continue
        return
    raise CallFailedError(Cause.MALFORMED, "entries are deleted faster than they are listed")


class _ShrunkError(Exception):
    """A list became shorter while it was read."""


def _scim_round(get: Get, path: str, query: dict[str, Any]) -> Iterator[Item]:
    seen: set[str] = set()
    start, before = 1, 0
    while True:
        answer = get(path, {**query, "startIndex": start, "count": _SCIM_PAGE})
        total = answer.get("totalResults") if isinstance(answer, Mapping) else None
        if not isinstance(total, int):
            raise CallFailedError(Cause.MISSING_FIELD, "no totalResults in the answer")
        if total < before:
            raise _ShrunkError
        before = total
        page = _entries(answer.get("Resources", []), "Resources")
        fresh = [entry for entry in page if str(entry.get("id")) not in seen]
        seen.update(str(entry.get("id")) for entry in fresh)
        yield from fresh
        start += len(page)
        if len(seen) >= total:
            break
        if start > total or not fresh:
            raise CallFailedError(Cause.MALFORMED, f"{len(seen)} of {total} entries were sent")


def _enveloped(answer: Any, envelope: str, *, trust_empty: bool) -> list[Item]:
    if not isinstance(answer, Mapping):
        raise CallFailedError(Cause.MALFORMED, "the answer is not an object")
    if envelope not in answer:
        if others := sorted(name for name in answer if answer[name] and name not in _OF_PAGES):
            what = f"no {envelope} in the answer, which has {', '.join(others)}"
            raise CallFailedError(Cause.MISSING_FIELD, what)
        if trust_empty:
            return []
        raise CallFailedError(
            Cause.MISSING_FIELD,
            f"no {envelope} in the answer; if the list is empty, set "
            "deployment.trust_empty_answers = true in lakewarden.toml",
        )
    return _entries(answer[envelope], envelope)


def _entries(value: Any, name: str) -> list[Item]:
    if isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
        return value
    raise CallFailedError(Cause.MALFORMED, f"{name} is not a list of objects")

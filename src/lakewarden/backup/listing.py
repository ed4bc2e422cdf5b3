"""Lists of assets, read to their end; one that cannot be is known to be partial."""

from __future__ import annotations

import re
import threading
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from lakewarden.assets.kind import Json, Kind, Listing
from lakewarden.assets.places import values
from lakewarden.backup.calls import DETAIL, LISTING, Calls
from lakewarden.backup.shaping import Found, id_in
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.estate.fact import Cause
from lakewarden.store.vault.manifest import Collection, Status

_CONF: Final = "workspace_conf"
_INVALID_KEYS: Final = re.compile(r"Invalid keys: \[(.*)")
_LOST: Final = "{} in the answer, and the run before had some"
_NO_SUCH_API: Final = frozenset({"ENDPOINT_NOT_FOUND", "FEATURE_DISABLED"})

Listed = tuple[list[Found], list[CallFailedError]]
"""What was listed, and what ended lists early."""


class Lister:
    """Lists the assets of kinds; kinds that share a list share its reading."""

    def __init__(self, calls: Calls, kinds: Iterable[Kind], had: Container[str] = ()) -> None:
        """Prepare to list.

        Args:
            calls: reads the workspace.
            kinds: all that are listed.
            had: those of which there were some in the run before. A service is free to leave an
                empty list out of its answer, and an answer that lost it looks just the same; of
                these it is taken for lost.
        """
        self._calls = calls
        self._had = had
        self._lists = [k.listing for k in kinds if k.listing and not k.parent]
        self._kept: list[tuple[Listing, Listed]] = []
        self._lock = threading.Lock()

    def listed(self, kind: Kind) -> Listed:
        """List a kind that has no parent."""
        listing = kind.listing
        if kind.name == _CONF:
            return self._conf(kind)
        if listing is None:
            return [Found({}, key) for key in kind.fixed], []
        if kind.fixed:
            found, failures = self._read(listing)
            return [replace(one, key=kind.fixed[0]) for one in found], failures
        insist = kind.name in self._had
        if self._lists.count(listing) == 1:
            return self._read(listing, insist=insist)
        with self._lock:
            for asked, answer in self._kept:
                if asked == listing:
                    return answer
            answer = self._read(listing, insist=insist)
            self._kept.append((listing, answer))
            return answer

    def ids(self, kind: Kind) -> set[str] | None:
        """Return the ids that a kind has now, listed anew; None when that fails."""
        found, failures = self._read(kind.listing) if kind.listing else ([], [])
        return None if failures else {id_in(kind, one.raw) for one in found}

    def inside(self, kind: Kind, identity: str, key: str, *, had: bool = False) -> Listed:
        """List a kind inside one of its parents.

        Args:
            kind: what is listed.
            identity: the id of the parent.
            key: its key.
            had: whether there were some in the run before.
        """
        if kind.listing is None:
            raise TypeError(f"{kind.name} is not listed")
        found, failures = self._read(_filled(kind.listing, identity, key), insist=had)
        if had and not kind.listing.envelope and not all(one.raw for one in found):
            failures = [*failures, CallFailedError(Cause.MISSING_FIELD, _LOST.format("nothing"))]
        return [replace(one, parent=key) for one in found], failures

    def detail(self, kind: Kind, identity: str, key: str) -> dict[str, Any]:
        """Read one asset as a whole.

        Raises:
            CallFailedError: it cannot be read.
        """
        path = filled(kind.detail, id=identity, key=key)
        whole = _mapping(self._calls.get(DETAIL, path))
        page, seen = whole, set[str]()
        while kind.paged and (token := str(page.get("next_page_token") or "")):
            if token in seen:
                raise CallFailedError(Cause.MALFORMED, "the same page is announced twice")
            seen.add(token)
            page = _mapping(self._calls.get(DETAIL, path, {"page_token": token}))
            for place in kind.paged:
                _extend(whole, page, place)
        for name in ("next_page_token", "has_more") if kind.paged else ():
            whole.pop(name, None)
        return whole

    def _read(self, listing: Listing, *, insist: bool = False, again: bool = False) -> Listed:
        """Read a list; there is none where that is said twice, and the run before had none."""
        found: list[Found] = []
        try:
            found.extend(map(Found, self._raws(listing, insist=insist)))
        except CallFailedError as error:
            if insist or error.code not in listing.absent:
                return found, [error]
            if not again:
                return self._read(listing, insist=insist, again=True)
        return found, []

    def _raws(self, listing: Listing, *, insist: bool) -> Iterator[Json]:
        if not listing.envelope:
            answer = _mapping(self._ask(listing, listing.path, listing.query))
            if answer.get("next_page_token"):
                raise CallFailedError(Cause.MALFORMED, "a next page is announced, and not read")
            yield answer
            return
        lost = insist

        def ask(path: str, query: Mapping[str, Any]) -> Any:
            nonlocal lost
            answer = self._ask(listing, path, query)
            lost = lost and listing.envelope not in answer
            return answer

        paging, trust = Paging(listing.paging.value), listing.trust_empty
        asked = listing.query
        yield from items(
            ask, listing.path, listing.envelope, paging, query=asked, trust_empty=trust
        )
        if lost:
            raise CallFailedError(Cause.MISSING_FIELD, _LOST.format(f"no {listing.envelope}"))

    def _ask(self, listing: Listing, path: str, query: Mapping[str, Any]) -> Any:
        if listing.verb == "POST":
            return self._calls.search(LISTING, path, query)
        return self._calls.get(LISTING, path, query)

    def _conf(self, kind: Kind) -> Listed:
        """Read the switches in one call; keys that the workspace does not know are left out."""
        keys = list(kind.fixed)
        path = kind.listing.path if kind.listing else ""
        try:
            while True:
                try:
                    answer = _mapping(self._calls.get(LISTING, path, {"keys": ",".join(keys)}))
                    return [Found({"key": k, "value": answer.get(k)}, k) for k in keys], []
                except CallFailedError as error:
                    refused = set(_refused(error)) & set(keys)
                    if not refused:
                        raise
                    keys = [key for key in keys if key not in refused]
        except CallFailedError as error:
            return [], [error]


def outcome(count: int, failures: Iterable[CallFailedError]) -> Collection:
    """Return how a collection ended, of which so many were listed."""
    errors = list(failures)
    if not errors:
        return Collection(Status.COMPLETE, count)
    texts = tuple(dict.fromkeys(str(error) for error in errors))
    if any(count or not _refusal(error) for error in errors):
        return Collection(Status.PARTIAL, count, texts)
    forbidden = any(error.cause is not Cause.DISABLED and not _absent(error) for error in errors)
    return Collection(Status.FORBIDDEN if forbidden else Status.DISABLED, count, texts)


def _refusal(error: CallFailedError) -> bool:
    causes = {Cause.FORBIDDEN, Cause.UNAUTHENTICATED, Cause.DISABLED}
    return error.cause in causes or _absent(error)


def _absent(error: CallFailedError) -> bool:
    return error.code in _NO_SUCH_API


def _refused(error: CallFailedError) -> list[str]:
    """Return the keys that an error names; its text may end before the last of them."""
    found = _INVALID_KEYS.search(error.detail)
    return re.findall(r'"([^"]+)"', found[1]) if found else []


def _mapping(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        raise CallFailedError(Cause.MALFORMED, "the answer is not an object")
    return dict(answer)


def filled(path: str, **values: str) -> str:
    """Return a path with values in the places of their names."""
    return path.format(**{name: quote(value, safe="") for name, value in values.items()})


def _filled(listing: Listing, identity: str, key: str) -> Listing:
    path = filled(listing.path, id=identity, key=key)
    query = {name: _fill(str(value), identity, key) for name, value in listing.query.items()}
    return replace(listing, path=path, query=query)


def _fill(text: str, identity: str, key: str) -> str:
    return text.replace("{id}", identity).replace("{key}", key)


def _extend(whole: dict[str, Any], page: Json, place: str) -> None:
    above, _, name = place.rpartition(".")
    holder = next(values(whole, above), whole) if above else whole
    for more in values(page, place):
        holder.setdefault(name, []).extend(more)

"""One asset, read to its end: its definition, its bytes, and who may do what with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.assets.canonical import acl_of, spec_of
from lakewarden.assets.kind import Kind
from lakewarden.assets.places import values
from lakewarden.backup.before import ACL_READ_AT, time_of
from lakewarden.backup.calls import CONTENT, PERMISSIONS
from lakewarden.backup.exporting import decoded, exported, is_too_large
from lakewarden.backup.shaping import (
    GONE,
    LEFT,
    REPO,
    SETTING,
    UNSEEN,
    Found,
    key_in,
    named_late,
    path_of,
    stamp_in,
)
from lakewarden.backup.shared import Shared
from lakewarden.clients.failure import CallFailedError
from lakewarden.clock import now_ms
from lakewarden.estate.fact import Cause
from lakewarden.store.vault.queue import Item, State

_SECRET: Final = "/api/2.0/secrets/get"  # noqa: S105  # a path, not a secret
_WRAPPED: Final = frozenset({SETTING, "registered_model"})
"""Kinds whose details have the name at another place, or not at all."""
_ROOT: Final = "/"
_ACL_ID: Final = "acl_id"


class Reader:
    """Reads what an item lacks."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def read(self, item: Item) -> Item:
        """Return an item as it is after all was tried: done, failed or left out."""
        kind = self._shared.kinds[item.kind]
        try:
            if kind.detail and item.spec is None:
                item = self._detailed(kind, item)
                if item.state is State.FAILED:
                    return item
            if kind.content is not None and item.content is None:
                item = self._with_content(kind, item)
            if kind.acl and item.acl is None:
                item = self._with_acl(kind, item)
        except CallFailedError as error:
            return self._failed(kind, item, error)
        return replace(item, state=State.DONE, stage="")

    def _detailed(self, kind: Kind, item: Item) -> Item:
        """Return an item with its definition, and with its key where that was not known yet."""
        whole = self._shared.lister.detail(kind, item.id, item.key)
        insist_whole(kind, whole)
        left_out = kind.skips(whole) if kind.skips else ""
        if left_out:
            return replace(item, state=State.FAILED, stage=LEFT, error=left_out)
        resolver = self._shared.keys.resolver()
        spec = self._shared.keep(spec_of(kind, whole, resolver))
        stamp = {**stamp_in(kind, whole), **item.stamp}
        if kind.acl_id:
            stamp[_ACL_ID] = str(next(values(whole, kind.acl_id), item.id))
        item = replace(item, spec=spec, stamp=stamp, error=resolver.complaint)
        if named_late(kind):
            item = replace(item, key=key_in(kind, Found(whole)))
        if kind.content is not None and kind.content.source == "field":
            data = decoded(whole.get(kind.content.name))
            item = replace(item, content=self._shared.vault.put(data))
        return item

    def _with_content(self, kind: Kind, item: Item) -> Item:
        if kind.tree:
            return self._exported(kind, item)
        if self._shared.seal is not None:
            return self._secret(item)
        return item

    def _exported(self, kind: Kind, item: Item) -> Item:
        """Return an item with its content, if that is not more than the API gives."""
        size = int(item.stamp.get("size", 0))
        try:
            data = exported(self._shared.calls, item.key, kind.tree, size)
        except CallFailedError as error:
            if not is_too_large(error):
                raise
            return _noted(item, f"oversize: {error.detail}")
        return replace(item, content=self._shared.vault.put(data))

    def _secret(self, item: Item) -> Item:
        scope, _, name = item.key.partition("/")
        try:
            answer = self._shared.calls.get(CONTENT, _SECRET, {"scope": scope, "key": name})
            value = decoded(answer.get("value") if isinstance(answer, Mapping) else None)
        except CallFailedError as error:
            return _noted(item, f"its value: {error}")
        if self._shared.seal is None:
            raise TypeError("values of secrets are not asked for")
        digest, cipher = self._shared.seal(item.kind, item.key, value)
        return replace(item, content=digest, cipher=self._shared.vault.put(cipher))

    def _with_acl(self, kind: Kind, item: Item) -> Item:
        identity = item.stamp.get(_ACL_ID) or item.stamp.get("id") or item.id
        path = f"/api/2.0/permissions/{kind.acl}/{identity}"
        try:
            answer = self._shared.calls.get(PERMISSIONS, path)
            acl = self._shared.keep(_entries(answer))
        except CallFailedError as error:
            unlike = error.cause in {Cause.MALFORMED, Cause.NOT_FOUND} and error.code
            if error.cause is Cause.DISABLED or (item.key == _ROOT and unlike):
                return item  # permissions are not for sale here, or not on the root
            if error.cause is Cause.NOT_FOUND:
                raise
            return _noted(item, f"its permissions: {error}")
        read_at = time_of(now_ms() / 1000)
        return replace(item, acl=acl, stamp={**item.stamp, ACL_READ_AT: read_at})

    def _is_unset(self, kind: Kind, item: Item) -> bool:
        """Return whether the workspace says once more that it has no such setting."""
        try:
            self._shared.lister.detail(kind, item.id, item.key)
        except CallFailedError as error:
            return error.cause is Cause.NOT_FOUND
        return False

    def _failed(self, kind: Kind, item: Item, error: CallFailedError) -> Item:
        stage, what = item.stage, str(error)
        if error.cause is Cause.NOT_FOUND and kind.name == SETTING:
            if self._shared.before.of(kind, item.id) is None and self._is_unset(kind, item):
                stage, what = LEFT, "it was never set"
        elif error.cause is Cause.NOT_FOUND:
            in_tree = kind.tree or kind.name == REPO
            stage = GONE if in_tree and self._shared.calls.vanished(path_of(item)) else UNSEEN
        return replace(item, state=State.FAILED, stage=stage, error=what)


def insist_whole(kind: Kind, whole: Mapping[str, Any]) -> None:
    """Refuse an answer that lost the definition: that would look like one that is empty.

    Raises:
        CallFailedError: it did.
    """
    place = "" if kind.name in _WRAPPED else kind.spec or kind.key
    if place and next(values(whole, place), None) is None:
        raise CallFailedError(Cause.MISSING_FIELD, f"no {place} in the answer")


def _entries(answer: Any) -> list[dict[str, str]]:
    """Return direct entries; an answer that lost some would look like permissions of nobody."""
    entries = answer.get("access_control_list") if isinstance(answer, Mapping) else None
    if not isinstance(entries, list) or any("all_permissions" not in each for each in entries):
        raise CallFailedError(Cause.MISSING_FIELD, "no whole access_control_list in the answer")
    try:
        return acl_of(answer)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__} in access_control_list: {error}"
        raise CallFailedError(Cause.MALFORMED, what) from None


def _noted(item: Item, what: str) -> Item:
    return replace(item, error="; ".join(filter(None, (item.error, what))))

"""Access control lists of objects: `/api/2.0/permissions/{type}/{id}`, replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_LIST: Final = "access_control_list"
_PRINCIPALS: Final = ("user_name", "group_name", "service_principal_name")


class Permissions(Hand):
    """The list of one object; the key of the target is `clusters/0710-…` or `authorization/tokens`.

    `/access_control_list` holds what was granted on the object itself, one entry for each principal
    and level, in the form in which it is written. What an entry inherits stays as it is.
    """

    kind = "permissions"
    calls = (
        "GET /api/2.0/permissions/{object_type}/{object_id}",
        "PUT /api/2.0/permissions/{object_type}/{object_id}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the object's own entries; None when there is no such object."""
        try:
            answer = doors.databricks(target.scope).get(_path(target))
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND:
                return None
            raise
        if _LIST not in answer:
            raise CallFailedError(Cause.MISSING_FIELD, f"no {_LIST} in the answer")
        return {_LIST: list(_own(answer[_LIST]))}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the list has no etag
        """Replace the object's own entries."""
        doors.databricks(target.scope).send("PUT", _path(target), {_LIST: wanted.get(_LIST) or []})

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether two lists grant the same; their order means nothing."""
        if place == f"/{_LIST}":
            return _granted(found or ()) == _granted(wanted or ())
        return super().same(target, place, found, wanted)


def _path(target: Target) -> str:
    return f"/api/2.0/permissions/{target.key}"


def _own(entries: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for entry in entries:
        who = {name: str(entry[name]) for name in _PRINCIPALS if entry.get(name)}
        for held in entry.get("all_permissions") or ():
            if not held.get("inherited"):
                yield {**who, "permission_level": held["permission_level"]}


def _granted(entries: Iterable[Mapping[str, Any]]) -> set[tuple[tuple[str, Any], ...]]:
    return {tuple(sorted(entry.items())) for entry in entries}


HANDS = (Permissions(),)

"""The form of an asset that is the same in every workspace, and the way back from it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from lakewarden.assets import places
from lakewarden.assets.kind import Kind, Reference

Json = Mapping[str, Any]
KeyOf = Callable[[str, str], str | None]
"""The key of the asset of a kind that has an id; None when there is none."""
IdOf = Callable[[str, str], str | None]
"""The id of the asset of a kind that has a key; None when there is none."""

ASSET: Final = "$asset"
MISSING: Final = "$missing"
WORKSPACE: Final = "workspace"
"""What stands for a kind where a workspace is asked for; the key of the own one is `HERE`."""
HERE: Final = "here"
_WORKSPACE_ID: Final = "workspace_id"
_PRINCIPALS: Final = ("user_name", "group_name", "service_principal_name")


def text(value: Any) -> str:
    """Return JSON of which equal values have one form alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def spec_of(kind: Kind, raw: Json, key_of: KeyOf) -> dict[str, Any]:
    """Return the definition of an asset, with typed references for the ids of others.

    Args:
        kind: its kind.
        raw: what was read of it.
        key_of: finds the keys of those that it refers to.

    Raises:
        ValueError: it is not of the form that its kind has.
    """
    try:
        given = kind.shape(raw) if kind.shape else raw
        for step in kind.spec.split(".") if kind.spec else ():
            given = given[step]
        spec: dict[str, Any] = copy.deepcopy(dict(given))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{kind.name} without its definition: {error}") from None
    if kind.keeps:
        spec = {name: value for name, value in spec.items() if name in kind.keeps}
    for place in kind.volatile:
        places.drop(spec, place)
    for place in kind.parsed:
        places.turn(spec, place, _parsed)
    for reference in kind.references:
        if not reference.key:
            places.turn(spec, reference.place, partial(_reference, reference, key_of))
    for place in kind.here:
        places.turn(spec, place, partial(_here, key_of))
    for place in kind.unordered:
        places.turn(spec, place, _sorted)
    return spec


def body_of(kind: Kind, spec: Json, id_of: IdOf) -> dict[str, Any]:
    """Return a definition as the API of a workspace takes it.

    Args:
        kind: its kind.
        spec: as `spec_of` made it.
        id_of: finds the ids that those it refers to have there.

    Raises:
        LookupError: an asset that it refers to is not there; the argument is its kind and key.
    """
    body: dict[str, Any] = copy.deepcopy(dict(spec))
    for reference in kind.references:
        if not reference.key:
            places.turn(body, reference.place, partial(_id, reference, id_of))
    for place in kind.here:
        places.turn(body, place, partial(_there, id_of))
    for place in kind.parsed:
        places.turn(body, place, text)
    return body


def references_of(spec: Any) -> Iterable[tuple[str, str]]:
    """Yield kind and key of every asset that a definition refers to, wherever in it."""
    if isinstance(spec, Mapping):
        if ASSET in spec:
            yield str(spec[ASSET]), str(spec["key"])
            return
        spec = list(spec.values())
    if isinstance(spec, list):
        for value in spec:
            yield from references_of(value)


def acl_of(answer: Json) -> list[dict[str, str]]:
    """Return the direct entries of an answer of `GET /api/2.0/permissions/{type}/{id}`, sorted.

    Raises:
        ValueError: it is no such answer.
    """
    listed = answer.get("access_control_list", [])
    if not isinstance(listed, list):
        raise ValueError("access_control_list is no list")  # noqa: TRY004  # a wrong answer
    entries = []
    for entry in listed:
        name = next((n for n in _PRINCIPALS if entry.get(n)), None)
        if name is None:
            raise ValueError("an entry names no principal")
        entries += [
            {name: str(entry[name]), "permission_level": str(held["permission_level"])}
            for held in entry.get("all_permissions", ())
            if not held.get("inherited")
        ]
    return sorted(entries, key=text)


def numbered(names: Iterable[str]) -> list[str]:
    """Return names of which the second of a kind is `name#2`, and so on; no two are equal."""
    given = list(names)
    used = set(given)
    seen: dict[str, int] = {}
    made = []
    for name in given:
        count = seen.get(name, 0) + 1
        while count > 1 and f"{name}#{count}" in used:
            count += 1
        seen[name] = count
        made.append(name if count == 1 else f"{name}#{count}")
    return made


def _reference(reference: Reference, key_of: KeyOf, value: Any) -> Any:
    if not isinstance(value, str | int) or value == "" or "{{" in str(value):
        return value
    key = key_of(reference.kind, str(value))
    if key is None:
        return {MISSING: reference.kind, "id": str(value)}
    return {ASSET: reference.kind, "key": key}


def _id(reference: Reference, id_of: IdOf, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if MISSING in value:
        found = str(value["id"])
    else:
        kind, key = str(value.get(ASSET)), str(value.get("key"))
        looked = id_of(kind, key)
        if looked is None:
            raise LookupError(kind, key)
        found = looked
    return int(found) if reference.number and found.isdecimal() else found


def _here(key_of: KeyOf, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    mine = (one for one in value if key_of(WORKSPACE, str(one[_WORKSPACE_ID])) == HERE)
    return [{name: v for name, v in one.items() if name != _WORKSPACE_ID} for one in mine]


def _there(id_of: IdOf, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{**one, _WORKSPACE_ID: int(id_of(WORKSPACE, HERE) or 0)} for one in value]


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _sorted(value: Any) -> Any:
    return sorted(value, key=text) if isinstance(value, list) else value

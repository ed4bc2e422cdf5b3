"""SCIM 2.0 as Databricks speaks it: list filters, projections, paging and PATCH operations.

Shared by the account's and the workspaces' families; knows nothing of who is who.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from lakewarden.simulate.state import Json
from lakewarden.simulate.tables import window
from lakewarden.simulate.web import SCIM_LIST, ApiError, Request

MOST = 1000  # resources on one page, whatever ``count`` asks for
_ALWAYS = {"id", "schemas", "meta"}
_TOKEN = re.compile(r'\s*(?:(\()|(\))|("(?:[^"\\]|\\.)*")|([^\s()"]+))')
_VALUE_PATH = re.compile(r"(?P<name>[\w:.]+)\[(?P<filter>.+)\](?:\.(?P<rest>\w+))?")
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda held, wanted: held == wanted,
    "ne": lambda held, wanted: held != wanted,
    "co": lambda held, wanted: wanted in held,
    "sw": lambda held, wanted: held.startswith(wanted),
    "ew": lambda held, wanted: held.endswith(wanted),
}

Test = Callable[[Json], bool]


def refuse(status: int, message: str) -> ApiError:
    """A refusal in SCIM's own body shape."""
    return ApiError(status, f"SCIM_{status}", message, shape="scim")


def gone(kind: str, resource_id: str) -> ApiError:
    """404 for a resource that is not there."""
    return refuse(404, f"{kind} with id {resource_id} not found.")


def listing(request: Request, items: Collection[Any], view: Callable[[Any], Json]) -> Json:
    """A page of resources: ``filter``, ``sortBy``, ``attributes``, ``startIndex``, ``count``.

    ``view`` makes the resource that is answered out of what is kept; it runs on the page only,
    unless a filter or an order needs every resource.
    """
    text, order = request.query.get("filter"), request.query.get("sortBy")
    shown: Callable[[Any], Json] = view
    if text or order:
        test = parse_filter(text) if text else _everything
        items = [resource for item in items if test(resource := view(item))]
        shown = _same
    if order:
        down = request.query.get("sortOrder") == "descending"
        items = sorted(items, key=lambda r: _first(values(r, order)), reverse=down)
    start = max(request.number("startIndex", 1), 1)
    count = max(min(request.number("count", 100), MOST), 0)
    chosen = window(items, start - 1, start - 1 + count)
    return {
        "schemas": [SCIM_LIST],
        "totalResults": len(items),
        "startIndex": start,
        "itemsPerPage": len(chosen),
        "Resources": [project(request, shown(item)) for item in chosen],
    }


def project(request: Request, resource: Json) -> Json:
    """A resource with ``attributes`` and ``excludedAttributes`` applied (whole attributes only)."""
    wanted = _names(request.query.get("attributes", ""))
    unwanted = _names(request.query.get("excludedAttributes", "")) - {"id"}
    return {
        key: value
        for key, value in resource.items()
        if (not wanted or key.lower() in wanted or key in _ALWAYS) and key.lower() not in unwanted
    }


def _names(text: str) -> set[str]:
    return {part.strip().partition(".")[0].lower() for part in text.split(",") if part.strip()}


def _everything(_: Json) -> bool:
    return True


def _same(resource: Json) -> Json:
    return resource


def _first(found: list[str]) -> str:
    return found[0] if found else ""


def values(resource: Any, path: str) -> list[str]:
    """Every value at a dotted path, as lower-case text; lists are gone through."""
    if isinstance(resource, list):
        return [value for item in resource for value in values(item, path)]
    if isinstance(resource, dict):
        head, _, rest = path.partition(".")
        item = next((v for k, v in resource.items() if k.lower() == head.lower()), None)
        return [] if item is None else values(item, rest or ("value" if _complex(item) else ""))
    return [json.dumps(resource) if isinstance(resource, bool) else str(resource).lower()]


def _complex(item: Any) -> bool:
    return isinstance(item, list) and bool(item) and isinstance(item[0], dict)


def parse_filter(text: str) -> Test:
    """The test that a SCIM filter describes: ``eq ne co sw ew pr``, ``and or not``, brackets.

    Raises:
        ApiError: 400 for anything else.
    """
    tokens = [match[0].strip() for match in _TOKEN.finditer(text)]
    tokens.append("")
    test = _alternatives(tokens)
    if tokens != [""]:
        raise refuse(400, f"Invalid filter: {text}")
    return test


def _alternatives(tokens: list[str]) -> Test:
    tests = [_conjunction(tokens)]
    while tokens[0].lower() == "or":
        tokens.pop(0)
        tests.append(_conjunction(tokens))
    return lambda resource: any(test(resource) for test in tests)


def _conjunction(tokens: list[str]) -> Test:
    tests = [_term(tokens)]
    while tokens[0].lower() == "and":
        tokens.pop(0)
        tests.append(_term(tokens))
    return lambda resource: all(test(resource) for test in tests)


def _term(tokens: list[str]) -> Test:
    path = tokens.pop(0)
    if path.lower() == "not":
        inner = _term(tokens)
        return lambda resource: not inner(resource)
    if path == "(":
        group = _alternatives(tokens)
        if tokens.pop(0) != ")":
            raise refuse(400, "Invalid filter: a bracket is not closed")
        return group
    operator = tokens.pop(0).lower() if tokens else ""
    if operator == "pr":
        return lambda resource: bool(values(resource, path))
    compare = _COMPARE.get(operator)
    if compare is None or not tokens or not tokens[0]:
        raise refuse(400, f"Invalid filter: unknown operator '{operator}'")
    wanted = tokens.pop(0).strip('"').lower()
    if operator == "ne":
        return lambda resource: wanted not in values(resource, path)
    return lambda resource: any(compare(held, wanted) for held in values(resource, path))


def patch(resource: Json, body: Any) -> Json:
    """A copy of a resource with a PatchOp body's operations applied in order."""
    operations = body.get("Operations") if isinstance(body, dict) else None
    if not isinstance(operations, list) or not operations:
        raise refuse(400, "Request has no Operations")
    changed = copy.deepcopy(resource)
    for operation in operations:
        verb = str(operation.get("op", "")).lower()
        if verb not in {"add", "remove", "replace"}:
            raise refuse(400, f"Unknown operation '{operation.get('op')}'")
        _apply(changed, verb, operation.get("path"), operation.get("value"))
    return changed


def _apply(resource: Json, verb: str, path: str | None, value: Any) -> None:
    if not path:
        if not isinstance(value, dict):
            raise refuse(400, "An operation without a path needs an object as its value")
        for name, inner in value.items():
            _apply(resource, verb, name, inner)
    elif match := _VALUE_PATH.fullmatch(path):
        _apply_to_members(resource, verb, match, value)
    else:
        _apply_to_attribute(resource, verb, path, value)


def _apply_to_members(resource: Json, verb: str, match: re.Match[str], value: Any) -> None:
    name, test = match["name"], parse_filter(match["filter"])
    held = resource.get(name, [])
    if verb == "remove":
        resource[name] = [member for member in held if not test(member)]
        return
    for member in held:
        if test(member):
            member.update({match["rest"]: value} if match["rest"] else value)


def _apply_to_attribute(resource: Json, verb: str, path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        resource = resource.setdefault(parent, {})
    if name == "active":
        resource[name] = truth(value)
    elif verb == "remove":
        _remove(resource, name, value)
    elif verb == "add" and isinstance(resource.get(name, value), list):
        held = {item.get("value") for item in resource.get(name, [])}
        fresh = [item for item in _listed(value) if item.get("value") not in held]
        resource[name] = [*resource.get(name, []), *fresh]
    else:
        resource[name] = value


def _remove(resource: Json, name: str, value: Any) -> None:
    if value is None:
        resource.pop(name, None)
        return
    unwanted = {item.get("value") for item in _listed(value)}
    resource[name] = [item for item in resource.get(name, []) if item.get("value") not in unwanted]


def _listed(value: Any) -> list[Json]:
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return [item if isinstance(item, dict) else {"value": item} for item in items]


def truth(value: Any) -> bool:
    """A boolean in any of the shapes clients send: true, "true", [{"value": "true"}]."""
    while isinstance(value, (list, dict)):
        value = value[0] if isinstance(value, list) else value.get("value")
    return str(value).lower() == "true"

"""The searches of a Sigma rule as selections of ours: the same, or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lakewarden.events.columns import Source
from lakewarden.policyfile.pattern import fault
from lakewarden.watch.known import known
from lakewarden.watch.selection import listed
from lakewarden.watch.sigma.fields import NAMES, Names

_SAME: Final = frozenset(
    {*("contains", "startswith", "endswith", "cidr", "exists", "gt", "gte", "lt", "lte"), "cased"}
)
_ESCAPED: Final = re.compile(r"\\([*?\\])")
_PARTS: Final = frozenset({"contains", "startswith", "endswith"})
_VERSIONED: Final = frozenset({"lambda", "cloudfront"})
"""Services whose events carry the version of the API in their names."""


def selection(search: Any, source: Source) -> Any:
    """Return a search as a selection.

    Args:
        search: a map of fields, or a list of such maps.
        source: which log it is about.

    Raises:
        ValueError: it cannot be said exactly.
    """
    if isinstance(search, list):
        return [selection(one, source) for one in search]
    if not isinstance(search, Mapping) or not search:
        raise ValueError(f"{search!r}: words anywhere in a record cannot be looked for")
    names = NAMES[source]
    named = _actions(search, names, source)
    rest = {
        key: value
        for key, value in search.items()
        if not (named and key in {names.service, names.action})
    }
    return named | _conditions(rest, names)


def _conditions(search: Mapping[str, Any], names: Names) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, value in search.items():
        ours, written = _condition(str(key), value, names)
        if ours in said:
            raise ValueError(f"{key}: two conditions on one field that read alike cannot be said")
        said[ours] = written
    return said


def _actions(search: Mapping[str, Any], names: Names, source: Source) -> dict[str, Any]:
    """Return the actions that a search names, where all are known; else nothing."""
    whole = [str(each) for each in listed(search.get(names.service, []))]
    if any(not each.endswith(names.suffix) for each in whole):
        return {}
    services = [each.removesuffix(names.suffix) for each in whole]
    if names.action not in search:
        found = [f"{service}.*" for service in services]
    else:
        called = [str(each) for each in listed(search[names.action])]
        found = [f"{service}.{name}" for service in services for name in called]
    if not found or _VERSIONED & set(services) or not all(known(source, name) for name in found):
        return {}
    return {"do": found[0] if len(found) == 1 else found}


def _condition(key: str, value: Any, names: Names) -> tuple[str, Any]:
    field, *modifiers = key.split("|")
    if field == names.service and names.suffix:
        return _service(key, value, modifiers, names)
    ours = names.ours(field)
    if ours is None:
        raise ValueError(f"{field}: events have no field that says the same")
    if "fieldref" in modifiers:
        return _reference(ours, modifiers, value, names)
    written = [_value(each, ours, modifiers) for each in listed(value)]
    if any(wild for _, wild in written) and _PARTS & set(modifiers):
        modifiers, written = _whole(key, listed(value), modifiers)
    said = "|".join([ours, *_modifiers(key, modifiers)])
    plain = [each for each, _ in written]
    return said, plain if isinstance(value, list) else plain[0]


def _whole(
    key: str, values: list[Any], modifiers: list[str]
) -> tuple[list[str], list[tuple[str, bool]]]:
    """Return parts of texts that have wildcards as whole texts, which may have them here."""
    if any("\\" in str(value) for value in values):
        raise ValueError(f"{key}: a wildcard beside what is behind a backslash cannot be said")
    before = "" if "startswith" in modifiers else "*"
    after = "" if "endswith" in modifiers else "*"
    left = [each for each in modifiers if each not in _PARTS]
    return left, [(f"{before}{value}{after}", True) for value in values]


def _service(key: str, value: Any, modifiers: list[str], names: Names) -> tuple[str, Any]:
    given = [str(each) for each in listed(value)]
    if modifiers or any(not each.endswith(names.suffix) for each in given):
        raise ValueError(f"{key}: a service is named by its whole name, kms{names.suffix}")
    short = [each.removesuffix(names.suffix) for each in given]
    return "service", short if len(short) > 1 else short[0]


def _reference(ours: str, modifiers: list[str], value: Any, names: Names) -> tuple[str, Any]:
    other = names.ours(str(value))
    if modifiers != ["fieldref"] or other is None:
        raise ValueError(f"{value}: events have no field that says the same")
    return f"{ours}|field", other


def _modifiers(key: str, modifiers: list[str]) -> list[str]:
    """Return our modifiers; a regular expression minds the case there, and here only if told."""
    if "re" in modifiers:
        others = set(modifiers) - {"re", "i", "all"}
        if others:
            raise ValueError(f"{key}: {others.pop()!r} cannot be said")
        return ["re", *([] if "i" in modifiers else ["cased"]), *sorted({"all"} & set(modifiers))]
    unknown = [each for each in modifiers if each not in _SAME | {"all"}]
    if unknown:
        raise ValueError(f"{key}: {unknown[0]!r} cannot be said")
    return modifiers


def _value(value: Any, ours: str, modifiers: list[str]) -> tuple[Any, bool]:
    """Return a value as we write it, and whether it has wildcards."""
    if "exists" in modifiers and not isinstance(value, bool):
        raise ValueError(f"{value!r}: exists is true or false")
    if value is None and modifiers:
        raise ValueError(f"null: {modifiers[0]!r} of nothing cannot be said")
    if value is None or "exists" in modifiers:
        return value, False
    if isinstance(value, bool):
        return str(value).lower(), False
    if not isinstance(value, str):
        return value if ours == "status" or _compared(modifiers) else str(value), False
    if ours == "error" and value == "Success":
        if modifiers:
            raise ValueError(f"Success: {modifiers[0]!r} of no error cannot be said")
        return None, False
    if "re" in modifiers:
        what = fault(value)
        if what:
            raise ValueError(f"{value!r}: {what}")
        return value, False
    return _text(value, parts=bool(_PARTS & set(modifiers)))


def _compared(modifiers: list[str]) -> bool:
    return bool({"gt", "gte", "lt", "lte"} & set(modifiers))


def _text(value: str, *, parts: bool) -> tuple[str, bool]:
    """Return a text without escapes, and whether it has wildcards.

    Raises:
        ValueError: it is empty, a reference here, or escapes something where wildcards count.
    """
    if not value:
        raise ValueError("an empty text cannot be told from none")
    if value.startswith("${"):
        raise ValueError(f"{value!r} means something else here")
    if "\\" in value and not parts:
        raise ValueError(f"{value!r}: what is behind a backslash cannot be said")
    plain = _ESCAPED.sub("", value)
    return _ESCAPED.sub(r"\1", value) if parts else value, "*" in plain or "?" in plain

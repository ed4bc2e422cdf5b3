"""A selection of a rule, as SQL: fields with modifiers and the values that they may have."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from lakewarden.events.address import span
from lakewarden.events.columns import Kind
from lakewarden.watch.fields import KEYS, Setting, expression, kind_of
from lakewarden.watch.rule import duration
from lakewarden.watch.sql import all_of, any_of, pattern

_COMPARE: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_FIRST: Final = frozenset({"ahead", "length"})
_FLAGS: Final = re.compile(r"\(\?[a-zA-Z]+\)")
_LAST: Final = frozenset({"all", "cased"})
MODIFIERS: Final = frozenset(
    {"contains", "startswith", "endswith", "re", "cidr", "exists", "field", *_COMPARE, *_FIRST}
) | frozenset(_LAST)


def predicate(selection: Any, setting: Setting) -> str:
    """Return the SQL of a selection: a map of conditions, or a list of such maps.

    Raises:
        ValueError: with what is wrong about it.
    """
    if isinstance(selection, list):
        return any_of([predicate(one, setting) for one in selection])
    if not isinstance(selection, Mapping) or not selection:
        raise ValueError(f"{selection!r} is no selection: a map of fields is, or a list of maps")
    return all_of([_condition(str(key), value, setting) for key, value in selection.items()])


def parts(key: str) -> tuple[str, tuple[str, ...]]:
    """Return the field and the modifiers of a key, `param.path|startswith`.

    Raises:
        ValueError: a modifier is none.
    """
    field, *modifiers = key.split("|")
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            raise ValueError(f"{modifier!r} of {key!r} is no modifier")
    return field, tuple(modifiers)


def listed(value: Any) -> list[Any]:
    """Return one value or several as a list."""
    return value if isinstance(value, list) else [value]


def _condition(key: str, value: Any, setting: Setting) -> str:
    field, modifiers = parts(key)
    values = listed(setting.site.resolve(value))
    if field == "do":
        return _actions(values, setting)
    join = all_of if "all" in modifiers else any_of
    if "re" in modifiers and join is any_of:
        values = _either(values)
    return join([_test(field, modifiers, one, setting) for one in values])


def _either(patterns: list[Any]) -> list[str]:
    """Return several patterns as one, for an engine then goes through the text once.

    Those that set flags stay apart, since these would be set for all.
    """
    texts = [str(pattern) for pattern in patterns]
    for text in texts:
        _insist_pattern(text)
    if len(texts) < 2 or any(_FLAGS.search(text) for text in texts):  # noqa: PLR2004  # a choice
        return texts
    return ["|".join(f"(?:{text})" for text in texts)]


def _actions(names: Iterable[Any], setting: Setting) -> str:
    services: dict[str, list[str]] = {}
    for name in names:
        service, dot, action = str(name).partition(".")
        if not dot or not action:
            raise ValueError(f"{name!r} is no action: `service.action` is, or `service.*`")
        services.setdefault(service, []).append(action)
    return any_of([_of_service(service, each, setting) for service, each in services.items()])


def _of_service(service: str, actions: list[str], setting: Setting) -> str:
    here = f"service = {setting.text(service)}"
    if "*" in actions:
        return f"({here})"
    return f"({here} AND action IN ({', '.join(setting.text(each) for each in actions)}))"


def _test(field: str, modifiers: tuple[str, ...], value: Any, setting: Setting) -> str:
    if "cidr" in modifiers:
        return _within(field, str(value), setting)
    read = expression(field, setting)
    if value is None or "exists" in modifiers:
        there = _something(field, read)
        return there if value else f"NOT {there}"
    if "field" in modifiers:
        return f"lower({read}) = lower({expression(str(value), setting)})"
    kind = kind_of(field)
    if kind is Kind.WHOLE or {*_COMPARE, *_FIRST} & set(modifiers):
        return _number_test(field, read, modifiers, value)
    if kind is Kind.TRUTH:
        return read if value else f"NOT {read}"
    return _text_test(read, modifiers, str(value), setting)


def _insist_pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None


def _number_test(field: str, read: str, modifiers: tuple[str, ...], value: Any) -> str:
    signs = [_COMPARE[name] for name in modifiers if name in _COMPARE]
    other = duration(value) if "ahead" in modifiers else _numeric(value)
    return f"{_number(field, read, modifiers)} {signs[0] if signs else '='} {other}"


def _text_test(read: str, modifiers: tuple[str, ...], value: str, setting: Setting) -> str:
    cased = "cased" in modifiers
    if "re" in modifiers:
        _insist_pattern(value)
        told = pattern(value, setting.dialect, cased=cased)
        return f"regexp_like({read}, {setting.text(told)})"
    mine, theirs = (read, value) if cased else (f"lower({read})", value.lower())
    for modifier, test in _TEXTS.items():
        if modifier in modifiers:
            return test(mine, theirs, setting)
    if "*" in value or "?" in value:
        return f"regexp_like({mine}, {setting.text(_wild(theirs))})"
    return f"{mine} = {setting.text(theirs)}"


_TEXTS: Final[Mapping[str, Callable[[str, str, Setting], str]]] = {
    "contains": lambda read, text, to: f"instr({read}, {to.text(text)}) > 0",
    "startswith": lambda read, text, to: f"substr({read}, 1, {len(text)}) = {to.text(text)}",
    "endswith": lambda read, text, to: f"right({read}, {len(text)}) = {to.text(text)}",
}


def _wild(text: str) -> str:
    body = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return rf"(?s)^{body}\z"


def _within(field: str, network: str, setting: Setting) -> str:
    if field not in KEYS:
        raise ValueError(f"{field!r} is no address: `cidr` goes with {' and '.join(KEYS)}")
    first, last = span(ipaddress.ip_network(network))
    return f"{KEYS[field]} BETWEEN {setting.text(first)} AND {setting.text(last)}"


def _something(field: str, read: str) -> str:
    if kind_of(field) is Kind.TEXT:
        return f"(COALESCE({read}, '') <> '')"
    return f"({read} IS NOT NULL)"


def _number(field: str, read: str, modifiers: tuple[str, ...]) -> str:
    if "length" in modifiers:
        return f"length({read})"
    number = read if kind_of(field) is Kind.WHOLE else f"TRY_CAST({read} AS DECIMAL(38, 3))"
    return f"({number} - ts)" if "ahead" in modifiers else number


def _numeric(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004  # all mistakes of rules are one kind
    return str(value)

"""One rule of the cluster policy language: whether it is well formed, what it wants of a value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

Rule = Mapping[str, Any]

MISSING: Any = object()
"""Stands for the value of an attribute that a request leaves out."""

_LIMITING = frozenset({"defaultValue", "isOptional", "hidden"})
_FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "fixed": (frozenset({"value"}), frozenset({"hidden"})),
    "forbidden": (frozenset(), frozenset({"hidden"})),
    "allowlist": (frozenset({"values"}), _LIMITING),
    "blocklist": (frozenset({"values"}), _LIMITING),
    "regex": (frozenset({"pattern"}), _LIMITING),
    "range": (frozenset(), _LIMITING | {"minValue", "maxValue"}),
    "unlimited": (frozenset(), _LIMITING),
}


def empty(value: object) -> bool:
    """Whether a value counts as left out."""
    return value is MISSING or value is None or value in ("", [], {})


def objection(rule: Rule, value: object) -> str | None:
    """What a rule has against a value, `MISSING` for none; None when it is content."""
    kind = rule["type"]
    if value is MISSING:
        required = kind != "forbidden" and not rule.get("isOptional", False)
        return "must be present" if required else None
    if kind == "forbidden":
        return "must not be present"
    demand = _demand(rule, value)
    return f'{demand} (is "{text_of(value)}")' if demand else None


def repaired(rule: Rule, value: object) -> Any:
    """The value a rule would rather see: fixed, default or nearest bound; else the value itself."""
    number = _number(value)
    if rule["type"] == "range" and number is not None:
        low, high = rule.get("minValue", number), rule.get("maxValue", number)
        return min(max(number, low), high)
    return rule.get("value", rule.get("defaultValue", value))


def _demand(rule: Rule, value: object) -> str | None:
    match rule["type"]:
        case "fixed":
            return None if _same(value, rule["value"]) else f"must be {text_of(rule['value'])}"
        case "allowlist":
            allowed = any(_same(value, item) for item in rule["values"])
            return None if allowed else f"must be one of {_texts(rule['values'])}"
        case "blocklist":
            blocked = any(_same(value, item) for item in rule["values"])
            return f"must not be one of {_texts(rule['values'])}" if blocked else None
        case "regex":
            # Anchored at both ends, as documented.
            matches = re.fullmatch(rule["pattern"], text_of(value))
            return None if matches else f"must match {rule['pattern']}"
        case "range":
            return _range_demand(rule, value)
    return None


def _range_demand(rule: Rule, value: object) -> str | None:
    number, low, high = _number(value), rule.get("minValue"), rule.get("maxValue")
    if number is None:
        return "must be a number"
    if low is not None and number < low:
        return f"must be at least {text_of(low)}"
    if high is not None and number > high:
        return f"must be at most {text_of(high)}"
    return None


def _same(left: object, right: object) -> bool:
    """Equality of the language: 30, 30.0 and "30" are one value; true and "true" too."""
    numbers = _number(left), _number(right)
    return text_of(left) == text_of(right) or (None not in numbers and numbers[0] == numbers[1])


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def text_of(value: object) -> str:
    """A value as the language compares and prints it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _texts(values: list[object]) -> str:
    return "[" + ", ".join(text_of(value) for value in values) + "]"


def problem(rule: object) -> str | None:
    """The first thing wrong with one rule, None when it is well formed."""
    if not isinstance(rule, dict):
        return "the rule must be a JSON object"
    kind = rule.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        return f"unknown policy type {text_of(kind)}"
    required, optional = _FIELDS[kind]
    fields = set(rule) - {"type"}
    if missing := required - fields:
        return f"{kind} needs {', '.join(sorted(missing))}"
    if extra := fields - required - optional:
        return f"{kind} does not take {', '.join(sorted(extra))}"
    flags = (rule.get("hidden", False), rule.get("isOptional", False))
    if not all(isinstance(flag, bool) for flag in flags):
        return "hidden and isOptional must be true or false"
    return _value_problem(rule)


def _value_problem(rule: Rule) -> str | None:
    match rule["type"]:
        case "allowlist" | "blocklist":
            if not isinstance(rule["values"], list) or not rule["values"]:
                return "values must be a list with at least one element"
        case "regex":
            try:
                re.compile(rule["pattern"])
            except (re.error, TypeError):
                return "pattern must be a regular expression"
        case "range":
            bounds = [rule[name] for name in ("minValue", "maxValue") if name in rule]
            if not bounds or any(isinstance(b, str) or _number(b) is None for b in bounds):
                return "range needs a numeric minValue, maxValue or both"
            if bounds != sorted(bounds):
                return "minValue must not exceed maxValue"
    default = rule.get("defaultValue", MISSING)
    if default is not MISSING and (demand := _demand(rule, default)):
        return f"defaultValue {demand}"
    return None

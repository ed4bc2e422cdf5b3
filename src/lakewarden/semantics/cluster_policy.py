"""Cluster policy definitions: what the people who use a policy can still choose.

A definition maps attribute paths to rules. A rule fixes an attribute, forbids it, or limits it by
an `allowlist`, `blocklist`, `regex` or `range`; `unlimited` limits nothing. A limited attribute
must be given unless its rule is optional, and an attribute without a rule may be anything.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Rule = Mapping[str, Any]

_CLOSED_JOBS: Final = ("job", "dlt")
_IDLE_LEAST: Final = 10
"""The shortest idle time that the platform takes, in minutes."""
_MACHINES: Final = ("zz9.metal", "zz9.48xlarge", "zz9gn.large")
"""Machine types that nobody makes: a pattern that takes them all takes any."""
_TEXTS: Final = ("-", "Q 7:/@", "any")
"""Texts with nothing in common: a pattern that takes them all takes any, the empty one apart."""


class MalformedDefinitionError(Exception):
    """A definition is not a JSON object of rules."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The rules of a policy by attribute path."""

    rules: Mapping[str, Rule]

    def over(self, family: Definition) -> Definition:
        """Return these rules laid over a family's: a path that both have is taken from here."""
        return Definition({**family.rules, **self.rules})

    @property
    def for_jobs_only(self) -> bool:
        """Return whether it makes nothing but clusters that end with their job or pipeline."""
        return self._values("cluster_type", lambda value: value in _CLOSED_JOBS)

    def idle_within(self, minutes: int) -> bool:
        """Return whether every cluster stops after being idle for at most `minutes`.

        Zero minutes means never, so no rule may leave it open. Jobs' clusters stop by themselves.
        """
        path = "autotermination_minutes"
        rule = self._required(path)
        if rule.get("type") == "range":
            least, most = _number(rule.get("minValue")), _number(rule.get("maxValue"))
            bounded = least is not None and most is not None and least >= 1 and most <= minutes
        else:
            bounded = self._values(path, lambda value: _between(value, 1, minutes))
        return bounded or self.for_jobs_only

    def longest_idle(self, minutes: int) -> int | None:
        """Return the longest idle time up to `minutes` that may be chosen, None when there is none.

        The platform takes none below ten minutes.
        """
        rule = self.rules.get("autotermination_minutes", {})
        kind, least, most = rule.get("type"), float(_IDLE_LEAST), float(minutes)
        if kind == "range":
            least = max(least, _number(rule.get("minValue")) or 0)
            most = min(most, _number(rule.get("maxValue")) or most)
        named = {"fixed": [rule.get("value")], "allowlist": rule.get("values")}.get(
            str(kind), [most]
        )
        times = [_number(value) for value in named] if isinstance(named, list) else []
        fit = [int(time) for time in times if time is not None and least <= time <= most]
        return None if kind == "forbidden" else max(fit, default=None)

    def caps_workers(self) -> bool:
        """Return whether a cluster's size has an upper end.

        A cluster gives its size as a number or as a range, never both. So one limit is enough
        when it must be given, and otherwise each way needs a limit or must be forbidden.
        """
        if self._ceiling("dbus_per_hour"):
            return True
        ways = ("num_workers", "autoscale.max_workers")
        capped = [path for path in ways if self._ceiling(path)]
        return any(self._required(path) for path in capped) or (
            bool(capped) and all(path in capped or self._forbidden(path) for path in ways)
        )

    def limits_workers_type(self) -> bool:
        """Return whether only some machine types may be workers, by themselves or by pools."""
        of_type = self._chosen("node_type_id", _MACHINES) and bool(self._required("node_type_id"))
        return of_type or self.prescribes("instance_pool_id")

    def limits_driver_type(self) -> bool:
        """Return whether only some machine types may be drivers.

        A driver that is not described is like the workers, so a rule on its type may be optional.
        One on its pool may not: forbidding pools, or offering them, leaves the type itself open.
        """
        path, pool = "driver_node_type_id", "driver_instance_pool_id"
        return self._chosen(path, _MACHINES) or self._forbidden(path) or self.prescribes(pool)

    def leaves_pools(self, path: str, pool: str) -> bool:
        """Return whether machines may come from a pool: a type that must be given rules that out.

        Args:
            path: the attribute of the machine type.
            pool: the attribute of the pool.
        """
        given = bool(self._required(path)) and not self._forbidden(path)
        return not given and not self._forbidden(pool)

    def allows_only(self, path: str, test: Callable[[Any], bool]) -> bool:
        """Return whether a required attribute has none but the values that pass a test."""
        return self._values(path, test)

    def settled(self, path: str) -> bool:
        """Return whether nobody can choose an attribute: it is forbidden, or fixed."""
        return self.rules.get(path, {}).get("type") in {"forbidden", "fixed"}

    def accepts(self, path: str, value: str) -> bool:
        """Return whether an attribute may have a text as its value.

        Raises:
            MalformedDefinitionError: the rule cannot be understood.
        """
        rule = self.rules.get(path, {})
        kind, values = rule.get("type"), rule.get("values")
        if kind in {"allowlist", "blocklist"}:
            if not isinstance(values, list):
                raise MalformedDefinitionError(f"the rule on {path} has no values")
            return (value in values) is (kind == "allowlist")
        if kind == "regex":
            return _matches(path, rule.get("pattern", ""), value)
        if kind == "fixed":
            return bool(rule.get("value") == value)
        return kind != "forbidden"

    def stands(self, path: str, value: Any) -> bool:
        """Return whether a cluster can have a value again, None for none, once it was changed.

        A rule that fixes an attribute fills it in where it is left out.

        Raises:
            MalformedDefinitionError: the rule cannot be understood.
        """
        rule = self.rules.get(path, {})
        kind = rule.get("type")
        if value is None:
            loose = kind in {None, "unlimited", "forbidden"}
            return loose or (kind != "fixed" and bool(rule.get("isOptional")))
        if kind == "range":
            least, most = _number(rule.get("minValue")), _number(rule.get("maxValue"))
            number = _number(value)
            return number is not None and (
                (least is None or least <= number) and (most is None or number <= most)
            )
        return self.accepts(path, value)

    def listed(self, path: str) -> tuple[str, ...]:
        """Return the texts that a rule names as values that are allowed."""
        rule = self.rules.get(path, {})
        named = {"fixed": [rule.get("value")], "allowlist": rule.get("values")}
        values = named.get(str(rule.get("type")))
        return tuple(str(value) for value in values) if isinstance(values, list) else ()

    def prescribes(self, path: str) -> bool:
        """Return whether an attribute must be given, with a value of the policy's choice."""
        return self._chosen(path) and bool(self._required(path))

    def _required(self, path: str) -> Rule:
        """Return the rule of an attribute, empty when it may be left out."""
        rule = self.rules.get(path, {})
        return {} if rule.get("isOptional") else rule

    def _forbidden(self, path: str) -> bool:
        return self.rules.get(path, {}).get("type") == "forbidden"

    def _values(self, path: str, test: Callable[[Any], bool]) -> bool:
        """Return whether a required attribute has none but the values that pass a test."""
        rule = self._required(path)
        if rule.get("type") == "fixed":
            return test(rule.get("value"))
        values = rule.get("values")
        return (
            rule.get("type") == "allowlist"
            and isinstance(values, list)
            and bool(values)
            and all(test(value) for value in values)
        )

    def _ceiling(self, path: str) -> bool:
        rule = self.rules.get(path, {})
        if rule.get("type") == "range":
            return _number(rule.get("maxValue")) is not None
        if rule.get("type") == "fixed":
            return _number(rule.get("value")) is not None
        values = rule.get("values") if rule.get("type") == "allowlist" else None
        return isinstance(values, list) and all(_number(value) is not None for value in values)

    def _chosen(self, path: str, probes: tuple[str, ...] = _TEXTS) -> bool:
        """Return whether a rule leaves a choice of some values, none of them empty.

        A pattern does when it refuses one of the probes, and one that makes no sense does not.
        """
        rule = self.rules.get(path, {})
        if rule.get("type") == "regex":
            try:
                taken = [_matches(path, rule.get("pattern", ""), p) for p in ("", *probes)]
            except MalformedDefinitionError:
                return False
            return not taken[0] and not all(taken[1:])
        values = [rule.get("value")] if rule.get("type") == "fixed" else rule.get("values")
        if rule.get("type") not in {"fixed", "allowlist"} or not isinstance(values, list):
            return False
        return bool(values) and all(v is not None and str(v).strip() for v in values)


def parse(text: str | None) -> Definition:
    """Read a definition; None has no rules.

    Raises:
        MalformedDefinitionError: it is not a JSON object of rules.
    """
    try:
        rules = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise MalformedDefinitionError(f"the definition is not JSON: {error}") from None
    if not isinstance(rules, dict):
        raise MalformedDefinitionError("the definition is not an object")
    for path, rule in rules.items():
        if not isinstance(rule, dict) or not isinstance(rule.get("type"), str):
            raise MalformedDefinitionError(f"the rule on {path} has no type")
    return Definition(rules)


def fits(pattern: Any, value: str) -> bool:
    """Return whether a text as a whole fits the pattern of a rule.

    Raises:
        ValueError: the pattern is none, or the platform may read it in another way: there, a set
            of characters may hold sets.
    """
    if not isinstance(pattern, str):
        raise ValueError("it is not a text")  # noqa: TRY004  # one error for bad rules
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            return re.fullmatch(pattern, value) is not None
        except (re.error, FutureWarning, RecursionError, OverflowError) as error:
            raise ValueError(str(error)) from None


def _matches(path: str, pattern: Any, value: str) -> bool:
    try:
        return fits(pattern, value)
    except ValueError as error:
        raise MalformedDefinitionError(f"the pattern of {path}: {error}") from None


def _number(value: Any) -> float | None:
    """Return a JSON number, or a text that holds a whole one, as a number."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def _between(value: Any, least: int, most: int) -> bool:
    number = _number(value)
    return number is not None and least <= number <= most

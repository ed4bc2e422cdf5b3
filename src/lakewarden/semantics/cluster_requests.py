"""What a cluster policy makes of a request for a cluster, and what it has against it.

The policy fills in what it fixes, and its defaults where the request asks for them. The service
adds its own defaults. Then every rule is held against what came of it. A rule speaks of a path:
`autoscale.max_workers`; `custom_tags.Owner`, where all behind the first dot is one key;
`init_scripts.*.s3.destination`, for every entry of a list; `init_scripts.0.s3.destination`, for
one entry, which outranks the rule for all. `cluster_type` and `dbus_per_hour` are attributes that
no request carries: the service works them out.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.semantics.cluster_policy import Definition, Rule, fits

Spec = Mapping[str, Any]

VIRTUAL: Final = frozenset({"cluster_type", "dbus_per_hour"})
"""Attributes that the service works out."""
_MAPS: Final = frozenset({"custom_tags", "spark_conf", "spark_env_vars"})
"""Attributes whose keys may hold dots."""
_RIVALS: Final = (("num_workers", "autoscale"), ("node_type_id", "instance_pool_id"))
"""Attributes of which a request gives one; a default for the other would contradict it."""
_NOTHING: Final[Any] = object()
_ALIAS: Final = "auto:"
"""How the names of moving runtimes begin: `auto:latest-lts` is another version every few months."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What a rule has against a request.

    Attributes:
        path: the attribute, with the numbers of list entries filled in.
        demand: what the rule demands of it, `must be at most 10 (is 12)`.
        sure: whether that is certain; it is not for what the service works out by itself.
    """

    path: str
    demand: str
    sure: bool = True

    def __str__(self) -> str:
        return f"{self.path} {self.demand}"


def filled(definition: Definition, request: Spec, *, with_defaults: bool = False) -> dict[str, Any]:
    """Return a request with what a policy fills in where it is silent.

    Args:
        definition: the rules of the policy.
        request: the attributes that were asked for.
        with_defaults: the request sets `apply_policy_default_values`.
    """
    made: dict[str, Any] = copy.deepcopy(dict(request))
    for path in sorted(definition.rules):
        rule, steps = definition.rules[path], _steps(path)
        if "*" in steps or steps[0] in VIRTUAL:
            continue
        value = rule.get("value") if rule.get("type") == "fixed" else _default(rule)
        if value is _NOTHING or value is None:
            continue
        by_default = rule.get("type") != "fixed"
        if by_default and not (with_defaults and _free(steps[0], request)):
            continue
        if _one(made, steps) is _NOTHING:
            _put(made, steps, _text(value) if steps[0] in _MAPS else copy.deepcopy(value))
    return made


def objections(
    definition: Definition, spec: Spec, virtual: Mapping[str, Any] | None = None
) -> tuple[Objection, ...]:
    """Return what the rules of a policy have against a specification.

    Args:
        definition: the rules.
        spec: what would be launched, all defaults filled in.
        virtual: what the service works out, as far as it is known.
    """
    whole = {**spec, **(virtual or {})}
    found = []
    for path, rule in definition.rules.items():
        steps = _steps(path)
        if steps[0] in VIRTUAL and steps[0] not in whole:
            if rule.get("type") != "unlimited":
                found.append(Objection(path, "is worked out by the service", sure=False))
            continue
        for place, value in _targets(whole, steps):
            name = ".".join(place)
            if name == path or name not in definition.rules:
                found += [Objection(name, *said) for said in _said(rule, value)]
    return tuple(found)


def served(request: Spec, creator: str = "") -> dict[str, Any]:
    """Return a request with the defaults that the service has where nobody says anything.

    Args:
        request: attributes of a cluster, the policy's already filled in.
        creator: who asks, the only user of a dedicated cluster that names none.
    """
    made = {
        "enable_elastic_disk": False,
        "enable_local_disk_encryption": False,
        "autotermination_minutes": 0,
        **{name: value for name, value in request.items() if not _empty(value)},
    }
    if not made.get("driver_instance_pool_id") and "node_type_id" in made:
        made.setdefault("driver_node_type_id", made["node_type_id"])
    if made.get("data_security_mode") in {"SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED"}:
        made.setdefault("single_user_name", creator)
    if made.get("is_single_node"):
        made.setdefault("num_workers", 0)
    aws = {
        "availability": "SPOT_WITH_FALLBACK",
        "first_on_demand": 1,
        "spot_bid_price_percent": 100,
        "zone_id": "auto",
    }
    given = made.get("aws_attributes")
    made["aws_attributes"] = {**aws, **(given if isinstance(given, Mapping) else {})}
    return made


def _said(rule: Rule, value: Any) -> Iterator[tuple[str, bool]]:
    """Yield what a rule has against a value, and whether that is certain."""
    kind = rule.get("type")
    if value is _NOTHING:
        if kind != "forbidden" and not rule.get("isOptional"):
            yield "must be given", True
    elif kind == "forbidden":
        yield "must not be given", True
    elif kind in {"allowlist", "blocklist", "fixed"}:
        yield from _listed(rule, value)
    elif kind == "regex":
        yield from _pattern(rule.get("pattern", ""), value)
    elif kind == "range":
        yield from _range(rule, value)
    elif kind != "unlimited":
        yield f"has a rule of the unheard-of type {kind!r}", False


def _listed(rule: Rule, value: Any) -> Iterator[tuple[str, bool]]:
    fixed = rule.get("type") == "fixed"
    values = [rule.get("value")] if fixed else rule.get("values")
    if not isinstance(values, list):
        yield "has a rule without values", False
        return
    wanted = rule.get("type") != "blocklist"
    if any(_same(value, one) for one in values) is wanted:
        return
    names = ", ".join(_text(one) for one in values)
    said = f"must {'' if wanted else 'not '}be {'' if fixed else 'one of '}{names}"
    moving = any(str(one).startswith(_ALIAS) for one in [*values, value])
    yield f"{said} (is {_text(value)})", not moving


def _pattern(pattern: Any, value: Any) -> Iterator[tuple[str, bool]]:
    try:
        matches = fits(pattern, _text(value))
    except ValueError:
        yield f"has a pattern that cannot be understood here: {pattern}", False
        return
    if not matches:
        yield f"must match {pattern} (is {_text(value)})", not _text(value).startswith(_ALIAS)


def _range(rule: Rule, value: Any) -> Iterator[tuple[str, bool]]:
    number, least, most = map(_number, (value, rule.get("minValue"), rule.get("maxValue")))
    if number is None:
        yield f"must be a number (is {_text(value)})", True
    elif least is not None and number < least:
        yield f"must be at least {_text(rule['minValue'])} (is {_text(value)})", True
    elif most is not None and number > most:
        yield f"must be at most {_text(rule['maxValue'])} (is {_text(value)})", True


def _default(rule: Rule) -> Any:
    return rule.get("defaultValue", _NOTHING)


def _free(root: str, request: Spec) -> bool:
    """Return whether a default for an attribute contradicts nothing that was asked for."""
    return not any(
        root in pair and any(not _empty(request.get(other)) for other in pair if other != root)
        for pair in _RIVALS
    )


def _targets(
    node: Any, steps: tuple[str, ...], done: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every place that a path means and what is there; a star means what there is."""
    if not steps:
        yield done, _NOTHING if _empty(node) else node
        return
    inside = _inside(node)
    names = list(inside) if steps[0] == "*" else [steps[0]]
    for name in names:
        yield from _targets(inside.get(name, _NOTHING), steps[1:], (*done, name))


def _inside(node: Any) -> Mapping[str, Any]:
    if isinstance(node, Mapping):
        return node
    if isinstance(node, list | tuple):
        return {str(number): entry for number, entry in enumerate(node)}
    return {}


def _one(spec: Spec, steps: tuple[str, ...]) -> Any:
    return next(value for _, value in _targets(spec, steps))


def _put(node: Any, steps: tuple[str, ...], value: Any) -> None:
    """Put a value at a path, making what is missing on the way."""
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        fresh = value if following is None else [] if following.isdigit() else {}
        if isinstance(node, list):
            node.extend({} for _ in range(int(step) + 1 - len(node)))
            place: Any = int(step)
            kept = node[place]
        elif isinstance(node, dict):
            place, kept = step, node.get(step)
        else:
            return  # the request has something else here, and the rule will object to it
        if following is None or _empty(kept):
            node[place] = fresh
        node = node[place]


def _steps(path: str) -> tuple[str, ...]:
    root, dot, rest = path.partition(".")
    if root in _MAPS and dot:
        return root, rest
    return tuple(path.split("."))


def _empty(value: Any) -> bool:
    return value is _NOTHING or value is None or value in ("", [], {}, ())


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are one to the language: 30, 30.0 and "30" are."""
    if _text(one) == _text(other):
        return True
    numbers = _number(one), _number(other)
    return numbers[0] is not None and numbers[0] == numbers[1]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

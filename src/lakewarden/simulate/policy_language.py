"""The cluster policy language, decided without any help from the rest of the package.

A definition maps attribute paths to rules (``{"autotermination_minutes": {"type": "range",
"maxValue": 60}}``). `validate` says what is wrong with a definition, `apply` turns a request into
the specification the service would launch, or raises `ViolatedError` with every contradiction.

Where public sources disagree this module decides as follows:

* A fixed value the request leaves out is filled in. The API reference of
  ``apply_policy_default_values`` says fixed values always apply; a report of 2020
  (terraform-provider-databricks issue 403) still shows them refused as missing.
* Rules are judged after the service's own defaults are in place: the same report shows a driver
  type, never sent, contradicting its rule.
* A malformed definition is refused when it is written. The service of 2026 stores some of them and
  refuses every request that uses them (databricks/cli pull request 6492); a definition that got
  into the state some other way behaves like that here too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakewarden.simulate.policy_rules import (
    MISSING,
    Rule,
    empty,
    objection,
    problem,
    repaired,
    text_of,
)

Definition = Mapping[str, Rule]
Spec = dict[str, Any]

MAPS = frozenset({"custom_tags", "spark_conf", "spark_env_vars"})
"""Attributes whose keys contain dots: the rest of the path is one key."""

SYNTHETIC = frozenset({"cluster_type", "dbus_per_hour"})
"""Attributes no request carries; the service computes them for the check."""

ATTRIBUTES = (
    MAPS
    | SYNTHETIC
    | {
        *("autoscale", "autotermination_minutes", "aws_attributes", "azure_attributes"),
        *("cluster_log_conf", "cluster_name", "data_security_mode", "docker_image"),
        *("driver_instance_pool_id", "driver_node_type_id", "driver_node_type_flexibility"),
        *("enable_elastic_disk", "enable_local_disk_encryption", "gcp_attributes", "init_scripts"),
        *("instance_pool_id", "is_single_node", "kind", "node_type_id", "num_workers"),
        *("remote_disk_throughput", "runtime_engine", "single_user_name", "spark_version"),
        *("ssh_public_keys", "total_initial_remote_disk_size", "use_ml_runtime", "workload_type"),
        "worker_node_type_flexibility",
    }
)
"""First segment of every attribute path of the Clusters API."""

_RIVALS = (("num_workers", "autoscale"), ("node_type_id", "instance_pool_id"))


class MalformedDefinitionError(ValueError):
    """The text is not a definition: not JSON, or rules the language does not know."""


class ViolatedError(ValueError):
    """A request contradicts its policy.

    Attributes:
        violations: every contradiction, in the order of the definition.
    """

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(str(violation) for violation in violations))
        self.violations = violations


@dataclass(frozen=True, slots=True)
class Violation:
    """One attribute that contradicts its rule.

    Attributes:
        path: where, with list indices filled in, e.g. ``init_scripts.0.s3.destination``.
        message: what the rule wants, e.g. ``the value must be 30 (is "60")``.
    """

    path: str
    message: str

    def __str__(self) -> str:
        root, _, key = self.path.partition(".")
        if root in MAPS and self.message == "must be present":
            return f"Validation failed for {root}, {key} must be present"
        subject = "the value " if self.message.startswith("must") else ""
        return f"Validation failed for {self.path}, {subject}{self.message}"


def parse(text: str) -> Definition:
    """Read a definition from the JSON string the API carries.

    Raises:
        MalformedDefinitionError: with every problem `validate` finds.
    """
    try:
        definition = json.loads(text)
    except ValueError as error:
        raise MalformedDefinitionError(f"not a JSON document: {error}") from error
    if problems := validate(definition):
        raise MalformedDefinitionError("; ".join(problems))
    return dict(definition)


def validate(definition: object) -> list[str]:
    """Name everything wrong with a definition; an empty list means it is usable."""
    if not isinstance(definition, dict):
        return ["the policy definition must be a JSON object"]
    return [
        f"{path}: {wrong}"
        for path, rule in definition.items()
        if (wrong := _path_problem(path) or problem(rule))
    ]


def merge(family: Definition, overrides: Definition) -> Definition:
    """Lay a policy's overrides over its family: an overridden path takes the new rule whole."""
    return {**family, **overrides}


def resolve_versions(definition: Definition, aliases: Mapping[str, str]) -> Definition:
    """Replace runtime aliases such as ``auto:latest-lts`` in the rule on ``spark_version``."""
    rule = definition.get("spark_version")
    if rule is None:
        return definition
    resolved = {
        name: [aliases.get(item, item) for item in value]
        if isinstance(value, list)
        else aliases.get(value, value)
        if name in {"value", "defaultValue"}
        else value
        for name, value in rule.items()
    }
    return {**definition, "spark_version": resolved}


def apply(
    definition: Definition,
    request: Mapping[str, Any],
    *,
    use_defaults: bool = False,
    complete: Callable[[Spec], Spec] = lambda spec: spec,
    compute: Callable[[Spec], Mapping[str, Any]] = lambda _: {},
) -> Spec:
    """Turn a request into the specification the service would launch.

    Args:
        definition: a valid definition.
        request: the cluster attributes asked for; not changed.
        use_defaults: whether ``defaultValue`` fills what is left out, too.
        complete: adds the service's own defaults after the policy has filled its values.
        compute: gives the synthetic attributes of a specification.

    Raises:
        ViolatedError: with every rule the specification contradicts.
    """
    spec = complete(_fill(definition, request, use_defaults=use_defaults))
    if violations := check(definition, spec, compute(spec)):
        raise ViolatedError(violations)
    return spec


def check(
    definition: Definition, spec: Mapping[str, Any], synthetic: Mapping[str, Any] | None = None
) -> list[Violation]:
    """Hold a finished specification, plus its synthetic attributes, against every rule."""
    whole = {**spec, **(synthetic or {})}
    violations = []
    for path, rule in definition.items():
        for parts, value in _targets(whole, _split(path)):
            place = ".".join(parts)
            if place != path and place in definition:
                continue  # a rule for one index outranks the rule for all
            if message := objection(rule, value):
                violations.append(Violation(place, message))
    return violations


def repair(
    definition: Definition,
    spec: Mapping[str, Any],
    *,
    compute: Callable[[Spec], Mapping[str, Any]] = lambda _: {},
) -> Spec:
    """Change a specification as little as its policy demands, as enforcing compliance does.

    Raises:
        ViolatedError: with the contradictions no value of the definition settles.
    """
    mended = _fill(definition, spec, use_defaults=True)
    for violation in reversed(check(definition, mended)):  # so that indices stay right
        parts = _split(violation.path)
        if parts[0] not in SYNTHETIC:
            rule = definition.get(violation.path) or _general_rule(definition, parts)
            if rule["type"] == "forbidden":
                _drop(mended, parts)
            else:
                _put(mended, parts, repaired(rule, _value(mended, parts)))
    if violations := check(definition, mended, compute(mended)):
        raise ViolatedError(violations)
    return mended


def _drop(node: Any, parts: tuple[str, ...]) -> None:
    """Remove what is at a path, and what holds nothing any more once it is gone."""
    key = int(parts[0]) if isinstance(node, list) else parts[0]
    if len(parts) > 1:
        _drop(node[key], parts[1:])
    if len(parts) == 1 or empty(node[key]):
        del node[key]


def _general_rule(definition: Definition, parts: tuple[str, ...]) -> Rule:
    """The wildcard rule that covers a concrete place."""
    return next(
        rule
        for path, rule in definition.items()
        if len(_split(path)) == len(parts)
        and all(a in {"*", b} for a, b in zip(_split(path), parts, strict=True))
    )


def _value(spec: Mapping[str, Any], parts: tuple[str, ...]) -> Any:
    ((_, value),) = _targets(spec, parts)
    return value


def _fill(definition: Definition, request: Mapping[str, Any], *, use_defaults: bool) -> Spec:
    """Put fixed values, and defaults when asked for, where the request is silent."""
    spec = copy.deepcopy(dict(request))
    for path in sorted(definition):
        rule, parts = definition[path], _split(path)
        name = "value" if rule["type"] == "fixed" else "defaultValue"
        if name not in rule or "*" in parts or parts[0] in SYNTHETIC:
            continue
        if name == "defaultValue" and not (use_defaults and _wanted(parts[0], request)):
            continue
        if _value(spec, parts) is MISSING:
            value = text_of(rule[name]) if parts[0] in MAPS else copy.deepcopy(rule[name])
            _put(spec, parts, value)
    return spec


def _wanted(root: str, request: Mapping[str, Any]) -> bool:
    """Whether a default for an attribute would not fight what the request chose instead of it."""
    chosen = {name for name, value in request.items() if not empty(value)}
    return not any(
        root in pair and any(other in chosen for other in pair if other != root) for pair in _RIVALS
    )


def _put(spec: Spec, parts: tuple[str, ...], value: object) -> None:
    """Store a value under a path, growing objects and lists on the way."""
    node: Any = spec
    for part, following in zip(parts, (*parts[1:], ""), strict=True):
        if not isinstance(node, dict | list):
            return  # the request holds something else here; the check will say so
        fresh: Any = value if not following else [] if following.isdigit() else {}
        if isinstance(node, list):
            index = int(part)
            node.extend({} for _ in range(index + 1 - len(node)))
            if not following or empty(node[index]):
                node[index] = fresh
            node = node[index]
        else:
            if not following or empty(node.get(part)):
                node[part] = fresh
            node = node[part]


def _split(path: str) -> tuple[str, ...]:
    root, dot, rest = path.partition(".")
    if root in MAPS:
        return (root, rest) if dot else (root,)
    return tuple(path.split("."))


def _targets(
    node: object, parts: tuple[str, ...], done: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every place a path names and the value there; wildcards name what exists."""
    if not parts:
        yield done, MISSING if empty(node) else node
    elif parts[0] == "*":
        for key, child in _children(node):
            yield from _targets(child, parts[1:], (*done, key))
    else:
        child = dict(_children(node)).get(parts[0], MISSING)
        yield from _targets(child, parts[1:], (*done, parts[0]))


def _children(node: object) -> list[tuple[str, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    if isinstance(node, list):
        return [(str(index), child) for index, child in enumerate(node)]
    return []


def _path_problem(path: str) -> str | None:
    parts = _split(path)
    if parts[0] not in ATTRIBUTES:
        return "unknown attribute path"
    return "empty segment in the attribute path" if "" in parts else None

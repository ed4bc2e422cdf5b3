"""What is left out of a snapshot because people put secrets there.

Spark configuration, environment variables and parameters are meant for settings, and often hold
keys in the clear. A snapshot keeps which settings there are, what their values looked like, and
those values alone that judging asks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.semantics.secret_shapes import WITHHELD, shape_of, withhold

_PLAIN: Final = frozenset(
    {
        "spark.databricks.acl.dfAclsEnabled",
        "spark.databricks.cluster.profile",
        "spark.databricks.passthrough.enabled",
    }
)
"""Settings whose values decide how a cluster keeps its users apart."""
_MAPS: Final = ("spark_conf", "spark_env_vars")
_HIDING_PLACES: Final = ("spark_conf.", "spark_env_vars.")
_NAMES: Final = ("name", "key")
_VALUES_OF_NAMES: Final = ("value", "default")
_VALUES: Final = ("value", "values", "defaultValue", "pattern")

_LOGIN: Final = re.compile(r"(?<=//)[^/@]+@")
"""The name and password within a URL."""


def cluster(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cluster without the values of its Spark configuration and environment."""
    maps = [name for name in _MAPS if isinstance(item.get(name), Mapping)]
    kept = {
        place: {name: _kept(name, value) for name, value in item[place].items()} for place in maps
    }
    return {**item, **kept}


def _kept(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value if isinstance(value, Mapping | list | None) else WITHHELD
    plain = name in _PLAIN and not shape_of(name, value)
    return value if plain else withhold(name, value)


def settings_of(node: Any) -> Mapping[str, str]:
    """Return what the texts in some settings look like, by their places; ordinary ones left out."""
    kept = ((place, withhold(name, text)) for place, name, text in _texts(node, "", ""))
    return {place: mark for place, mark in kept if mark != WITHHELD}


def _texts(node: Any, place: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield the place, the name and the value of every text."""
    if isinstance(node, str):
        yield place, name, node
    elif isinstance(node, Mapping):
        called = next((node[k] for k in _NAMES if isinstance(node.get(k), str)), "")
        for part, value in node.items():
            known = called if called and part in _VALUES_OF_NAMES else part
            yield from _texts(value, f"{place}.{known}" if place else known, known)
    elif isinstance(node, list):
        flag = ""
        for number, value in enumerate(node):
            here = f"{place}[{_label(value, number)}]"
            yield from _texts(value, here, flag or name)
            flag = value if isinstance(value, str) and value.startswith("-") else ""


def _label(value: Any, number: int) -> str:
    """Return what tells one entry of a list from the others."""
    found = value.get("task_key") or value.get("job_cluster_key") if isinstance(value, dict) else ""
    return found if isinstance(found, str) and found else str(number)


def policy(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cluster policy without what it fixes in configuration and environment."""
    fields = ("definition", "policy_family_definition_overrides")
    return {**item, **{name: _rules(item[name]) for name in fields if name in item}}


def _rules(text: Any) -> Any:
    try:
        rules = json.loads(text)
    except (TypeError, ValueError):
        return WITHHELD if isinstance(text, str) and text else text
    if not isinstance(rules, dict):
        return WITHHELD
    return json.dumps({name: _rule(name, rule) for name, rule in rules.items()})


def _rule(name: str, rule: Any) -> Any:
    if not name.startswith(_HIDING_PLACES) or not isinstance(rule, dict):
        return rule
    return {part: WITHHELD if part in _VALUES else value for part, value in rule.items()}


def libraries(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the libraries of a cluster without logins in the URLs of their repositories."""
    stripped: Mapping[str, Any] = _without_logins(item)
    return stripped


def _without_logins(value: Any) -> Any:
    if isinstance(value, str):
        return _LOGIN.sub(f"{WITHHELD}@", value)
    if isinstance(value, Mapping):
        return {name: _without_logins(entry) for name, entry in value.items()}
    return [_without_logins(entry) for entry in value] if isinstance(value, list) else value

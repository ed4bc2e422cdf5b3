"""What is left out of a snapshot because people put secrets there.

Spark configuration and environment variables are meant for settings, and often hold keys in the
clear. A snapshot keeps which settings there are, and those values alone that judging asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

WITHHELD: Final = "[withheld]"
_PLAIN: Final = frozenset(
    {
        "spark.databricks.acl.dfAclsEnabled",
        "spark.databricks.cluster.profile",
        "spark.databricks.passthrough.enabled",
    }
)
"""Settings whose values decide how a cluster keeps its users apart."""
_HIDING_PLACES: Final = ("spark_conf.", "spark_env_vars.")
_VALUES: Final = ("value", "values", "defaultValue", "pattern")


def cluster(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cluster without the values of its Spark configuration."""
    conf = item.get("spark_conf")
    if not isinstance(conf, Mapping):
        return item
    kept = {name: value if name in _PLAIN else WITHHELD for name, value in conf.items()}
    return {**item, "spark_conf": kept}


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

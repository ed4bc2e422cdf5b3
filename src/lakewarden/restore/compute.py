"""What cluster policies and allow lists of the metastore have against clusters."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.assets import places
from lakewarden.assets.canonical import ASSET, MISSING, text
from lakewarden.clients.failure import CallFailedError
from lakewarden.restore.future import Future
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError, parse
from lakewarden.semantics.cluster_requests import filled, objections, served

Json = Mapping[str, Any]
_FAMILIES: Final = "/api/2.0/policy-families/"
_TYPE: Final = "cluster_type"
_TYPES: Final = {"cluster": "all-purpose", "job": "job", "pipeline": "dlt"}
"""What policies call the clusters that definitions of a kind describe."""
_STANDARD: Final = frozenset({"USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD"})
_LISTS: Final = {
    "jar": ("library_jar_allowlist", "LIBRARY_JAR"),
    "maven": ("library_maven_allowlist", "LIBRARY_MAVEN"),
}
"""The list on which a library must be that several share, by its form."""
_MACHINES: Final = (
    ("instance_pool_id", "node_type_id"),
    ("driver_instance_pool_id", "driver_node_type_id"),
)


class Compute:
    """Says what speaks against clusters and their libraries."""

    def __init__(self, future: Future) -> None:
        """Judge by the policies, pools and lists that are there when they are made."""
        self._future = future
        self._rules = functools.cache(self._read_rules)

    def against(self, kind: str, cluster: Json) -> Iterator[str]:
        """Yield what the policy of a cluster has against it.

        Args:
            kind: of the asset that describes it.
            cluster: its definition.
        """
        policy = _key(cluster.get("policy_id"))
        rules = self._rules(policy) if policy and kind in _TYPES else None
        if rules is None:
            return
        spec = served(self._whole(cluster, rules), self._future.target.me.name)
        for one in objections(rules, spec, {_TYPE: _TYPES[kind]}):
            said = one.path.partition(".")[0] in {*cluster, _TYPE} or kind != "pipeline"
            if one.sure and said:  # of a pipeline the service says what it does not say itself
                yield f"the cluster policy {policy} refuses it: {one}"

    def unlisted(self, spec: Json) -> Iterator[str]:
        """Yield which libraries of a cluster are on no allow list, where one would have to be."""
        cluster = self._future.final("cluster", _key(spec.get("cluster")))
        if not cluster or self._mode(cluster) not in _STANDARD:
            return
        for form, value in (pair for one in spec.get("libraries") or () for pair in one.items()):
            held = self._future.final(*_LISTS[form]) if form in _LISTS else None
            if held is None:
                continue
            artifact = str(value.get("coordinates") if isinstance(value, Mapping) else value)
            listed = places.values(held, "artifact_matchers[].artifact")
            if not any(artifact.startswith(str(beginning)) for beginning in listed):
                yield f"{artifact} is on no allow list: an admin of the metastore can put it there"

    def _mode(self, cluster: Json) -> Any:
        """Return the access mode of a cluster, by itself or by its policy."""
        policy = _key(cluster.get("policy_id"))
        rules = self._rules(policy) if policy else None
        return (self._whole(cluster, rules) if rules else cluster).get("data_security_mode")

    def _whole(self, cluster: Json, rules: Definition) -> dict[str, Any]:
        """Return a cluster with what its policy and its pools fill in."""
        asked: dict[str, Any] = _named(cluster)
        asked.pop("policy_id", None)
        by_default = asked.pop("apply_policy_default_values", False)
        whole = filled(rules, asked, with_defaults=str(by_default).lower() == "true")
        for pool, machine in _MACHINES:
            held = self._future.final("instance_pool", str(whole[pool])) if pool in whole else None
            if held and held.get("node_type_id"):
                whole.setdefault(machine, held["node_type_id"])
        return whole

    def _read_rules(self, policy: str) -> Definition | None:
        """Return the rules of a policy; None where nobody can tell, or nothing makes sense."""
        spec = self._future.final("cluster_policy", policy) or {}
        rules = spec.get("definition")
        if family := spec.get("policy_family_id"):
            own = spec.get("policy_family_definition_overrides") or {}
            rules = self._of_family(str(family), own)
        try:
            return parse(text(_named(rules))) if rules else None
        except MalformedDefinitionError:
            return None

    def _of_family(self, family: str, own: Any) -> Any:
        host = self._future.target.catalogue.host
        try:
            return {**parse(host.get(f"{_FAMILIES}{family}").get("definition")).rules, **own}
        except (CallFailedError, MalformedDefinitionError, AttributeError, TypeError):
            return None


def _key(reference: Any) -> str:
    """Return the key of the asset that a typed reference names; empty for none."""
    return str(reference["key"]) if isinstance(reference, Mapping) and ASSET in reference else ""


def _named(value: Any) -> Any:
    """Return a definition with keys, or ids, in the places of typed references."""
    if isinstance(value, Mapping):
        if ASSET in value:
            return value["key"]
        if MISSING in value:
            return value["id"]
        return {name: _named(one) for name, one in value.items()}
    return [_named(one) for one in value] if isinstance(value, list) else value

"""Libraries from outside: what the artifact allow lists no longer let through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.estate.code import ARTIFACT_ALLOW_LISTS
from lakewarden.estate.compute import CLUSTERS
from lakewarden.impact.event import Event
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 8
_EVENTS: Final = frozenset({("clusterLibraries", "installLibraries")})
_STANDARD: Final = frozenset({"USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD"})
_LISTS: Final = frozenset({"LIBRARY_JAR", "LIBRARY_MAVEN", "INIT_SCRIPT"})


def _judges(change: Change) -> bool:
    return change.target.kind == "artifact_allowlist" and change.target.key in _LISTS


def _rule(event: Event, state: State) -> Iterator[Reason]:
    found = [(kind, name) for kind, name in _artifacts(event)]
    if not found:
        return
    identity = event.param("cluster_id", "clusterId")
    cluster = state.cluster(event.scope, identity)
    if cluster is None or cluster.access_mode.gap is not None:
        yield Reason("the access mode of its cluster is not known", identity, sure=False)
        return
    if cluster.access_mode.get() in _STANDARD:
        for kind, name in found:
            if not any(name.startswith(p) for p in state.allowed_artifacts(event.scope, kind)):
                yield Reason("the allow list of the metastore does not name it", name)


def _artifacts(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the artifacts of an event that fall under a list; packages of Python and R do not."""
    text = event.param("libraries", "library")
    try:
        found: Any = json.loads(text) if text else []
    except ValueError:
        return
    for library in found if isinstance(found, list) else [found]:
        if isinstance(library, Mapping):
            if library.get("jar"):
                yield "LIBRARY_JAR", str(library["jar"])
            maven = library.get("maven")
            if isinstance(maven, Mapping):
                yield "LIBRARY_MAVEN", str(maven.get("coordinates", ""))


def _hides(change: Change) -> str:
    if change.target.key == "INIT_SCRIPT":
        return "which init scripts ran on clusters in standard access mode leaves no event"
    return "libraries that notebooks install by themselves leave no event"


_NEEDS: Final = (CLUSTERS.need(), *(ARTIFACT_ALLOW_LISTS.need(k) for k in sorted(_LISTS)))
FAMILIES: Final = (Family("libraries", _judges, _rule, _EVENTS, _NEEDS, _hides, everywhere=True),)

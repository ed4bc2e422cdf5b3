"""Switches that refuse assets while they are on.

Where a backup has one off, it is set before anything is made; where it has one on, after all else.
One that stays on where a backup goes is known beforehand, and so is what it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.assets import places
from lakewarden.assets.kind import FIRST, Json, Kind

CONF: Final = "workspace_conf"
SETTING: Final = "setting"
_NEW_CLUSTERS: Final = {
    "job": (
        "job_clusters[].new_cluster",
        "tasks[].new_cluster",
        "tasks[].for_each_task.task.new_cluster",
    ),
    "pipeline": ("clusters[]",),
}
"""Where definitions describe clusters of their own."""
_SHARED_BY_ALL: Final = frozenset({None, "", "NONE"})
_LEGACY_BELOW: Final = (13, 3)
_RUNTIME: Final = re.compile(r"(?:custom:)?(\d+)\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Bar:
    """One such switch.

    Attributes:
        kind: `workspace_conf` or `setting`.
        key: of the switch.
        shuts: whether a value of it refuses something; it is empty where it was never set.
        refuses: says of a kind and a definition whether it is refused.
        why: what it does then, for a sentence that begins with the switch.
    """

    kind: str
    key: str
    shuts: Callable[[Json], bool]
    refuses: Callable[[str, Json], bool] = lambda _, __: False
    why: str = ""


def clusters_of(kind: str, spec: Json) -> Iterator[Mapping[str, Any]]:
    """Yield the definitions of clusters that the definition of an asset has, or is."""
    if kind == "cluster":
        yield spec
    for place in _NEW_CLUSTERS.get(kind, ()):
        yield from (found for found in places.values(spec, place) if isinstance(found, Mapping))


def stage_of(kind: Kind, key: str, spec: Json) -> int:
    """Return the stage in which an asset is made or changed, given its definition."""
    lifted = any(b.key == key and not b.shuts(spec) for b in BARS if b.kind == kind.name)
    return FIRST if lifted else kind.stage


def _conf_is(value: str) -> Callable[[Json], bool]:
    return lambda spec: str(spec.get("value")).lower() == value


def _setting(spec: Json, member: str, field: str) -> Any:
    """Return what a setting is, by itself or by its default."""
    held = spec.get(member) or spec.get(f"effective_{member}") or {}
    return held.get(field)


def _is_on(spec: Json) -> bool:
    return _setting(spec, "boolean_val", "value") is True


def restricts(spec: Json) -> bool:
    """Return whether the setting `restrict_workspace_admins` keeps admins to themselves."""
    status = _setting(spec, "restrict_workspace_admins", "status")
    return bool(status == "RESTRICT_TOKENS_AND_JOB_RUN_AS")


def _any_cluster(refused: Callable[[Json], bool]) -> Callable[[str, Json], bool]:
    return lambda kind, spec: any(map(refused, clusters_of(kind, spec)))


def _is_shared_by_all(cluster: Json) -> bool:
    conf = cluster.get("spark_conf") or {}
    listed = str(conf.get("spark.databricks.acl.dfAclsEnabled", "")).lower() == "true"
    mode = cluster.get("data_security_mode")
    return mode == "NONE" or (mode in _SHARED_BY_ALL and not listed and "policy_id" not in cluster)


def _is_legacy(cluster: Json) -> bool:
    found = _RUNTIME.match(str(cluster.get("spark_version", "")))
    return found is not None and (int(found[1]), int(found[2])) < _LEGACY_BELOW


def _needs_dbfs(kind: str, spec: Json) -> bool:
    if kind == "cluster_libraries":
        named = (str(name) for one in spec.get("libraries", ()) for name in one.values())
        return any(name.startswith("dbfs:") for name in named)
    return _any_cluster(_is_legacy)(kind, spec)


RESTRICT_ADMINS: Final = Bar(SETTING, "restrict_workspace_admins", restricts)
BARS: Final = (
    RESTRICT_ADMINS,
    Bar(
        SETTING,
        "disable_legacy_dbfs",
        _is_on,
        _needs_dbfs,
        "refuses runtimes below 13.3, and libraries in DBFS",
    ),
    Bar(
        SETTING,
        "disable_legacy_access",
        _is_on,
        _any_cluster(_is_legacy),
        "refuses runtimes below 13.3",
    ),
    Bar(
        CONF,
        "enforceUserIsolation",
        _conf_is("true"),
        _any_cluster(_is_shared_by_all),
        "refuses clusters that do not keep their users apart",
    ),
    Bar(
        CONF,
        "enableDcs",
        lambda spec: not _conf_is("true")(spec),
        _any_cluster(lambda cluster: bool(cluster.get("docker_image"))),
        "refuses clusters out of containers",
    ),
    Bar(
        CONF,
        "enableProjectTypeInWorkspace",
        _conf_is("false"),
        lambda kind, _: kind == "repo",
        "refuses Git folders",
    ),
    Bar(CONF, "enableProjectsAllowList", _conf_is("true")),
    Bar(CONF, "projectsAllowList", lambda _: False),  # it counts only where that is on
)

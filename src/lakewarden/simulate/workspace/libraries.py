"""``/api/2.0/libraries``: what is installed on clusters."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, Seed, denied, invalid, seeds
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.clusters import cluster
from lakewarden.simulate.workspace.switches import legacy_dbfs_disabled
from lakewarden.simulate.workspace.unity_catalog import owned
from lakewarden.simulate.workspace.wire import route

KIND = "libraries"
_STANDARD = frozenset({"USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD"})
SOURCES = ("cran", "egg", "jar", "maven", "pypi", "requirements", "whl")


@route("GET", "/api/2.0/libraries/all-cluster-statuses")
def all_statuses(request: Request) -> Json:
    """The libraries of every cluster the caller may attach to."""
    workspace, caller = request.workspace, request.caller
    return {
        "statuses": [
            {"cluster_id": cluster_id, "library_statuses": entry["statuses"]}
            for cluster_id, entry in workspace.table(KIND).items()
            if cluster_id in workspace.table("clusters")
            and permissions.allowed(workspace, caller, "clusters", cluster_id, "CAN_ATTACH_TO")
        ]
    }


@route("GET", "/api/2.0/libraries/cluster-status")
def cluster_status(request: Request) -> Json:
    """The libraries of one cluster."""
    cluster_id = request.need_query("cluster_id")
    cluster(request, cluster_id, "CAN_ATTACH_TO")
    return {"cluster_id": cluster_id, "library_statuses": _statuses(request, cluster_id)}


@route("POST", "/api/2.0/libraries/install", audit="clusterLibraries.installLibraries")
def install(request: Request) -> None:
    """Install libraries on a cluster, at once."""
    cluster_id = request.need("cluster_id")
    body = cluster(request, cluster_id, "CAN_MANAGE")
    installed = _statuses(request, cluster_id)
    status = "INSTALLED" if body["state"] == "RUNNING" else "PENDING"
    for library in request.need("libraries"):
        _check(request, library)
        _check_allowed(request, body, library)
        if all(entry["library"] != library for entry in installed):
            installed.append(
                {"library": library, "status": status, "is_library_for_all_clusters": False}
            )


@route("POST", "/api/2.0/libraries/uninstall", audit="clusterLibraries.uninstallLibraries")
def uninstall(request: Request) -> None:
    """Take libraries off a cluster, at once."""
    cluster_id = request.need("cluster_id")
    cluster(request, cluster_id, "CAN_MANAGE")
    gone = request.need("libraries")
    installed = _statuses(request, cluster_id)
    installed[:] = [entry for entry in installed if entry["library"] not in gone]


def _statuses(request: Request, cluster_id: str) -> list[Json]:
    entry = request.workspace.table(KIND).setdefault(cluster_id, {"statuses": []})
    statuses: list[Json] = entry["statuses"]
    return statuses


def _check(request: Request, library: Any) -> None:
    if not isinstance(library, dict) or len(library) != 1 or next(iter(library)) not in SOURCES:
        raise invalid(f"A library names exactly one of {', '.join(SOURCES)}")
    place = next(iter(library.values()))
    if str(place).startswith("dbfs:") and legacy_dbfs_disabled(request.workspace):
        raise invalid("Libraries cannot be stored in DBFS root while legacy DBFS is disabled")


def _check_allowed(request: Request, body: Json, library: Json) -> None:
    """Refuse what the metastore's allow lists do not name, on clusters in standard access mode."""
    kind, artifact = _artifact(library)
    assigned = str(request.workspace.id) in request.account.table("metastore-assignments")
    if kind and assigned and body.get("data_security_mode") in _STANDARD:
        matchers = owned(request, "artifact-allowlists").get(kind, {}).get("artifact_matchers", ())
        if not any(artifact.startswith(m["artifact"]) for m in matchers):
            raise denied(f"{artifact} is not in the allow list of the metastore")


def _artifact(library: Json) -> tuple[str, str]:
    """The allow list that a library falls under, and what is looked up in it; empty for none."""
    if "jar" in library:
        return "LIBRARY_JAR", str(library["jar"])
    if "maven" in library:
        return "LIBRARY_MAVEN", str(library["maven"].get("coordinates", ""))
    return "", ""


@seeds("libraries")
def seed_libraries(seed: Seed, item: Json) -> None:
    """``[[2001.libraries]]``: ``cluster_id`` (say ``${cluster.NAME}``) and ``libraries``."""
    seed.call("POST", "/api/2.0/libraries/install", item)

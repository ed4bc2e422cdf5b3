"""What is installed on a cluster, for the controls that ask of every library the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, NotApplicable
from lakewarden.controls.kit.control import Context
from lakewarden.estate.code import CLUSTER_LIBRARIES, Library
from lakewarden.estate.compute import Cluster
from lakewarden.estate.fact import Cause, Fact, UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot

Installed = Fact[Any]


def on_cluster(
    cluster: Cluster, at: Context, judge: Callable[[tuple[Library, ...], Installed], Judgement]
) -> Judgement:
    """Judge the libraries of a cluster; one without any has none to judge.

    Raises:
        UnreadError: the libraries were not read, or one is of a kind that nobody knows.
    """
    found = at.estate.find(CLUSTER_LIBRARIES, cluster.id, at.here)
    if found is None or not found.libraries.get():
        return NotApplicable("no library is installed on it")
    libraries = tuple(entry.library for entry in found.libraries.get())
    if Library() in libraries:
        detail = f"a library of cluster {cluster.id} is of a kind that is not known"
        raise UnreadError(CLUSTER_LIBRARIES.gap(Cause.MALFORMED, detail))
    return judge(libraries, found.libraries)


def cluster_with(*libraries: Any) -> MemorySnapshot:
    """Return an estate whose cluster has some libraries, in API shape, for examples."""
    installed = [{"library": library, "status": "INSTALLED"} for library in libraries]
    return given(
        clusters=[{"cluster_id": "c1", "cluster_name": "shared"}],
        cluster_libraries=[{"cluster_id": "c1", "library_statuses": installed}],
    )

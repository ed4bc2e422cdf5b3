"""Clusters: what they are made of, whether they obey their policies, and since when they run."""

from __future__ import annotations

import time
from typing import Any, Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.fields import changed, chosen
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.plan.change import Target

_GET: Final = "/api/2.1/clusters/get"
_COMPLIANCE: Final = "/api/2.0/policies/clusters/get-compliance"
_AFRESH: Final = frozenset({"TERMINATED", "TERMINATING", "ERROR", "PENDING", "RESTARTING"})
"""States out of which a cluster starts, or is starting, from the beginning."""
_MOVING: Final = frozenset({"PENDING", "RESTARTING", "RESIZING", "TERMINATING"})
"""States in which the service changes no cluster."""
_WAITS: Final = 120
_PAUSE: Final = 10.0
"""How often, and for how many seconds each time, a cluster is waited for that is on the move."""


def _at_rest(host: DatabricksHost, cluster_id: str) -> None:
    """Wait until a cluster can be changed, at most twenty minutes; then the service decides."""
    for _ in range(_WAITS):
        answer = host.get(_GET, {"cluster_id": cluster_id})
        if answer.get("state") not in _MOVING:
            return
        time.sleep(_PAUSE)


class Cluster(Hand):
    """One all-purpose cluster; the key of the target is its id.

    Its document is the answer of the API. Just the fields that a change names are written; a
    cluster that runs restarts with them, and one that does not has them when it starts.
    """

    kind = "cluster"
    calls = (f"GET {_GET}", "POST /api/2.1/clusters/update")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the cluster; None when it is gone."""
        found: Json | None = maybe(doors.databricks(target.scope), _GET, {"cluster_id": target.key})
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Write the fields that differ; one that is not wanted at all is cleared."""
        host, names = doors.databricks(target.scope), changed(found, wanted)
        body = {
            "cluster_id": target.key,
            "update_mask": ",".join(names),
            "cluster": chosen(wanted, names),
        }
        _at_rest(host, target.key)
        host.send("POST", "/api/2.1/clusters/update", body)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether two values mean the same; a switch that is absent is off."""
        return super().same(target, place, found or None, wanted or None)


class ClusterCompliance(Hand):
    """Whether a cluster is what its policy asks for, at `/is_compliant`; the key is its id.

    The platform makes it so and chooses the values, so this goes one way.
    """

    kind = "cluster_compliance"
    calls = (f"GET {_COMPLIANCE}", "POST /api/2.0/policies/clusters/enforce-compliance")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the platform's verdict; None when the cluster is gone."""
        found: Json | None = maybe(
            doors.databricks(target.scope), _COMPLIANCE, {"cluster_id": target.key}
        )
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the policy says what is wanted
        """Have the platform change the cluster as its policy demands."""
        host, path = doors.databricks(target.scope), "/api/2.0/policies/clusters/enforce-compliance"
        _at_rest(host, target.key)
        host.send("POST", path, {"cluster_id": target.key})


class ClusterRestart(Hand):
    """Since when a cluster runs, at `/running_since` in Unix ms; the key is its id.

    One that does not run, or is just starting, has no such time and counts as restarted.
    """

    kind = "cluster_restart"
    calls = (f"GET {_GET}", "POST /api/2.1/clusters/restart")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return since when it runs, None in it when it does not."""
        answer = maybe(doors.databricks(target.scope), _GET, {"cluster_id": target.key})
        if answer is None:
            return None
        began = answer.get("last_restarted_time") or answer.get("start_time")
        return {"running_since": None if answer.get("state") in _AFRESH else began}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # there is one way to restart
        """Restart it."""
        body = {"cluster_id": target.key}
        doors.databricks(target.scope).send("POST", "/api/2.1/clusters/restart", body)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:  # noqa: ARG002  # there is one place
        """Return whether it has been restarted by a time, or does not run."""
        return found is None or (wanted is not None and found >= wanted)


HANDS = (Cluster(), ClusterCompliance(), ClusterRestart())

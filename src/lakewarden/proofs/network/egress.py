"""The door to network proofs: where can packets of a workspace's nodes go?"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.topology import Topology, WorkspaceNetwork
from lakewarden.proofs.network.verdict import Egress, Outcome, judge
from lakewarden.proofs.network.walk import walk

__all__ = ["Egress", "Outcome", "egress"]


def egress(
    topology: Topology, network: WorkspaceNetwork, destinations: Iterable[str] = ()
) -> Egress:
    """Return where packets of a workspace's nodes can go, with the paths.

    Where the network cannot be followed exactly, it is taken to let through too much rather than
    too little; where a fact lacks, the verdict is unknown and names it. `destinations` are networks
    that belong to somebody named, like the control plane: what gets there alone is not arbitrary.

    Raises:
        ValueError: an address in the topology is none.
    """
    return judge(network.name, walk(Scene(Graph(topology)), network), destinations)

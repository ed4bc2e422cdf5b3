"""What several controls ask first: does the workspace have a network of the customer's own?"""

from __future__ import annotations

from collections.abc import Callable

from lakewarden.controls.kit.condition import Judgement, NotApplicable, violated
from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.ledger.finding import Evidence


def in_own_network(
    workspace: Workspace, at: Context, judge: Callable[[Network], Judgement]
) -> Judgement:
    """Judge the workspace's network; a serverless workspace has none to judge.

    Raises:
        UnreadError: the network or the compute mode could not be read.
    """
    mode = workspace.compute_mode
    if mode.get() == "SERVERLESS":
        evidence = Evidence(mode.source, mode.field, mode.get(), "HYBRID")
        return NotApplicable("a serverless workspace has no clusters in your network", (evidence,))
    network_id = workspace.network_id.get()
    if network_id is None:
        fact = workspace.network_id
        evidence = Evidence(fact.source, fact.field, None, "a network of your own")
        return violated("clusters run in a network that Databricks manages", evidence)
    return judge(at.estate.need(NETWORKS, network_id))

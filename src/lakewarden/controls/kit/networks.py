"""What several controls ask first: does the workspace have a network of the customer's own?

What lies in it is asked of EC2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, violated
from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence
from lakewarden.plan.wish import CannotPlanError


def in_own_network(
    workspace: Workspace,
    at: Context,
    judge: Callable[[Network], Judgement],
    *,
    demanded: bool = True,
) -> Judgement:
    """Judge the workspace's network; a serverless workspace has none to judge.

    Args:
        workspace: the workspace.
        at: what else may be looked at.
        judge: judges the network.
        demanded: a network that Databricks manages is wrong; else it is another control's matter.

    Raises:
        UnreadError: the network or the compute mode could not be read, or it names no subnet or no
            security group, which every network has.
    """
    mode = workspace.compute_mode
    if mode.get() == "SERVERLESS":
        evidence = Evidence(mode.source, mode.field, mode.get(), "HYBRID")
        return NotApplicable("a serverless workspace has no clusters in your network", (evidence,))
    network_id = workspace.network_id.get()
    if network_id is None:
        fact = workspace.network_id
        evidence = Evidence(fact.source, fact.field, None, "a network of your own")
        if not demanded:
            reason = "Databricks manages the network; customer-managed-vpc says what that means"
            return NotApplicable(reason, (evidence,))
        return violated("clusters run in a network that Databricks manages", evidence)
    network = at.estate.need(NETWORKS, network_id)
    for part in (network.subnet_ids, network.security_group_ids):
        if part.gap is None and not part.get():
            detail = f"network {network_id} comes without its {part.field}"
            raise UnreadError(NETWORKS.gap(Cause.MISSING_FIELD, detail))
    return judge(network)


def network_of(workspace: Workspace, at: Context) -> Network:
    """Return the network of the customer's own in which a workspace runs.

    Raises:
        UnreadError: it was not read.
        CannotPlanError: Databricks manages it.
    """
    identity = workspace.network_id.get()
    if identity is None:
        reason = "Databricks manages the network, and a workspace gets one of your own only when"
        raise CannotPlanError(f"{reason} somebody builds it")
    return at.estate.need(NETWORKS, identity)


OWN: Final = {
    "network_id": "n1",
    "vpc_id": "vpc-1",
    "vpc_status": "VALID",
    "subnet_ids": ["s1", "s2"],
    "security_group_ids": ["sg-1"],
}
"""The network of examples: two subnets and one security group."""


def own_network(**kinds: Any) -> MemorySnapshot:
    """Return an estate whose workspace has the network `OWN`, with other collections."""
    return given(**{"workspace": {"network_id": "n1"}, "networks": [OWN], **kinds})

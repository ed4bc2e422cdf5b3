"""The smallest sets of edits that close a workspace's ways out, each tried before it is proposed.

Every way out is a path; a set of edits closes the internet when it cuts every path, so that the
smallest such sets are minimum cuts. A cut counts only after the network with the edits was walked
again, and what it takes away from Databricks is said.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lakewarden.proofs.network.edits import (
    DetachGateway,
    Edit,
    RemoveRoute,
    RemoveTransitRoute,
    RestrictGroups,
    TightenFirewall,
)
from lakewarden.proofs.network.egress import egress
from lakewarden.proofs.network.flow import Leaf
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.liveness import Host, Reach, Reached, reachable
from lakewarden.proofs.network.ranges import networks
from lakewarden.proofs.network.topology import Topology, WorkspaceNetwork
from lakewarden.proofs.network.verdict import Outcome, leaks

_CANDIDATES: Final = 16
"""More edits than this are not combined; those that cut the most paths come first."""
_LARGEST: Final = 4
"""No set of more edits is searched for among all combinations."""
_TRIED: Final = 40
"""So many sets are tried at most."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A set of edits that leaves no arbitrary internet.

    Attributes:
        edits: all of them are needed.
        outcome: the verdict after them.
        kills: hosts that were surely reachable before, and are not any more.
    """

    edits: tuple[Edit, ...]
    outcome: Outcome
    kills: tuple[Reached, ...] = ()

    def __str__(self) -> str:
        done = "; ".join(map(str, self.edits))
        dead = ", ".join(reached.host.name for reached in self.kills)
        cost = f" (this cuts off {dead})" if dead else ""
        return f"{done}: {self.outcome.value}{cost}"


def closings(
    topology: Topology, network: WorkspaceNetwork, required: Sequence[Host] = ()
) -> tuple[Closing, ...]:
    """Return the smallest sets of edits that close the internet, harmless ones first.

    Destinations that required hosts have by address may stay open. When every smallest set takes
    something required away, larger ones are looked at, too, until one does not. A topology that
    has no way out, or none that is known, needs none.

    Raises:
        ValueError: an address in the topology, or of a host, is none.
    """
    kept = tuple(text for host in required for text in host.addresses)
    open_ends = leaks(egress(topology, network, kept).leaves, networks(kept))
    if not open_ends:
        return ()
    before = reachable(topology, network, required)
    alive = [reached.host for reached in before if reached.reach is Reach.YES]
    found: list[Closing] = []
    tried = 0
    for size, cuts in itertools.groupby(_cuts(open_ends, network, required), key=len):
        smallest = len(found[0].edits) if found else size
        if found and (size > smallest + 1 or any(not c.kills for c in found)):
            break
        for edits in cuts:
            tried += 1
            closed = _tried(topology, network, edits, kept, alive)
            if closed:
                found.append(closed)
            if tried >= _TRIED:
                return _ordered(found)
    return _ordered(found)


def _ordered(found: Iterable[Closing]) -> tuple[Closing, ...]:
    return tuple(sorted(found, key=lambda c: (len(c.kills), len(c.edits))))


def _tried(
    topology: Topology,
    network: WorkspaceNetwork,
    edits: tuple[Edit, ...],
    kept: tuple[str, ...],
    alive: Sequence[Host],
) -> Closing | None:
    """Return a set of edits as it turns out; None when some data still gets out."""
    edited = topology
    for edit in edits:
        edited = edit.apply(edited)
    after = egress(edited, network, kept)
    if after.outcome is Outcome.ARBITRARY:
        return None
    dead = (r for r in reachable(edited, network, alive) if r.reach is not Reach.YES)
    return Closing(edits, after.outcome, tuple(dead))


def _cuts(
    open_ends: Sequence[Leaf], network: WorkspaceNetwork, required: Sequence[Host]
) -> Iterator[tuple[Edit, ...]]:
    """Yield sets of edits that cut every path, small ones first, none with one to spare."""
    paths = [leaf.steps for leaf in open_ends]
    cut: dict[Edit, int] = {}
    for number, leaf in enumerate(open_ends):
        for edit in _edits(leaf, network, required):
            cut[edit] = cut.get(edit, 0) | 1 << number
    whole = (1 << len(paths)) - 1
    best = sorted(cut, key=lambda edit: -cut[edit].bit_count())[:_CANDIDATES]
    for size in range(1, _LARGEST + 1):
        for chosen in itertools.combinations(best, size):
            if _covers(chosen, cut) == whole and not any(
                _covers([e for e in chosen if e is not spare], cut) == whole for spare in chosen
            ):
                yield chosen
    greedy = _greedy(cut, whole)
    if len(greedy) > _LARGEST:
        yield greedy


def _covers(edits: Iterable[Edit], cut: dict[Edit, int]) -> int:
    covered = 0
    for edit in edits:
        covered |= cut[edit]
    return covered


def _greedy(cut: dict[Edit, int], whole: int) -> tuple[Edit, ...]:
    """Return a set of edits that cuts every path, though perhaps not the smallest one."""
    chosen: list[Edit] = []
    covered = 0
    while covered != whole:
        edit = max(cut, key=lambda e: (cut[e] & ~covered).bit_count())
        if not cut[edit] & ~covered:
            break
        chosen.append(edit)
        covered |= cut[edit]
    return tuple(chosen)


def _edits(leaf: Leaf, network: WorkspaceNetwork, required: Sequence[Host]) -> Iterator[Edit]:
    """Yield what would cut one path."""
    by_address = tuple(host for host in required if host.addresses)
    for step in leaf.steps:
        if step.kind == "route" and step.target != "local":
            yield RemoveRoute(step.id, step.detail, step.target)
        elif step.kind == "transit route":
            yield RemoveTransitRoute(step.id, step.detail)
        elif step.id.startswith(("igw-", "eigw-")):
            yield DetachGateway(step.id)
    if not isinstance(network.groups, Missing):
        yield RestrictGroups(network.groups, by_address)
    firewalls = {step.id for step in leaf.steps if step.kind == "firewall"}
    for name in sorted(firewalls):
        yield TightenFirewall(name, tuple(required))

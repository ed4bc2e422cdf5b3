"""CPU time of the verdict on one subnet's egress: 300 routes, a security group of 60 rules."""

from __future__ import annotations

import statistics
import time
from typing import Final

from lakewarden.proofs.network.egress import egress
from lakewarden.proofs.network.known import Listing
from lakewarden.proofs.network.topology import (
    Acl,
    AclEntry,
    GroupRule,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Topology,
    Vpc,
    WorkspaceNetwork,
)

_ROUTES: Final = 300
_RULES: Final = 60
_RUNS: Final = 15
_VPC: Final = "10.0.0.0/16"


def topology(routes: int, rules: int) -> Topology:
    """Return a network whose routes and rules all differ, and cut each other into pieces."""
    targets = ("vgw-1", "nat-1", "nat-1", "pcx-1")
    spread = tuple(
        Route(f"{20 + n % 180}.{n * 7 % 256}.0.0/{15 + n % 9}", targets[n % len(targets)])
        for n in range(routes - 2)
    )
    allowed = tuple(
        GroupRule("tcp", 400 + n, 443 + 3 * n, v4=(f"{16 + 3 * n}.0.0.0/{6 + n % 4}",))
        for n in range(rules - 1)
    )
    both = (Route(_VPC, "local"), Route("0.0.0.0/0", "nat-1"))
    every = GroupRule("tcp", 443, 443, v4=("0.0.0.0/0",))
    open_to_all = (AclEntry(100, allow=True, cidr="0.0.0.0/0"),)
    return Topology(
        vpcs=Listing((Vpc("vpc", (_VPC,)),)),
        subnets=Listing((Subnet("dp", "vpc", "10.0.1.0/24"), Subnet("nat", "vpc", "10.0.2.0/24"))),
        groups=Listing((SecurityGroup("sg", "vpc", (every, *allowed)),)),
        acls=Listing((Acl("acl", "vpc", ("dp", "nat"), open_to_all, open_to_all),)),
        tables=Listing(
            (
                RouteTable("r-dp", "vpc", (*both, *spread), ("dp",)),
                RouteTable("r-nat", "vpc", (both[0], Route("0.0.0.0/0", "igw-1")), ("nat",)),
            )
        ),
        nat_gateways=Listing((NatGateway("nat-1", "nat"),)),
        internet_gateways=Listing((InternetGateway("igw-1", "vpc"),)),
    )


def main() -> None:
    """Print the median and the slowest of several verdicts, each on a network read anew."""
    network = WorkspaceNetwork("ws", "vpc", ("dp",), ("sg",))
    times, classes = [], 0
    for _ in range(_RUNS):
        made = topology(_ROUTES, _RULES)
        began = time.process_time()
        found = egress(made, network)
        times.append((time.process_time() - began) * 1000)
        classes = len(found.leaves)
    print(
        f"egress verdict, {_ROUTES} routes x {_RULES} security group rules: median "
        f"{statistics.median(times):.1f} ms of CPU, slowest {max(times):.1f} ms of {_RUNS}; "
        f"{classes} classes of packets"
    )


if __name__ == "__main__":
    main()

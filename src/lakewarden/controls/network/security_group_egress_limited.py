"""A new security group lets everything out, to every address and port, and most stay that way. A
stolen table then leaves by whatever protocol a firewall does not look at. Clusters need a handful
of ports to known places, and each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, observe, unknown
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.group_mending import PLANS_WITH, narrower_egress
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import OWN, in_own_network, network_of, own_network
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import SECURITY_GROUPS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.security_groups import describe, has_every_port, is_open

CONTROL = Control(
    id="security-group-egress-limited",
    title="The clusters' security groups do not let everything out to everywhere",
    paper=("P11",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), SECURITY_GROUPS.need()),
    fix=Fix(
        "Replace the outbound rule for all traffic by rules for the group itself, for the ports "
        "of the control plane (443, 2443, 6666, 8443-8451) and for the S3 prefix list.",
        console="VPC console > Security groups > the group of the workspace's network > Outbound "
        "rules > Edit: add the narrow rules first, then remove the one for all traffic.",
        api="EC2 AuthorizeSecurityGroupEgress for the narrow rules, then "
        'RevokeSecurityGroupEgress {"GroupId": "sg-...", "IpPermissions": [{"IpProtocol": "-1", '
        '"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}.',
        terraform="aws_vpc_security_group_egress_rule for each port range and destination; none "
        'with ip_protocol = "-1" and cidr_ipv4 = "0.0.0.0/0".',
        breaks="Notebooks and jobs that use other ports fail: databases, SFTP and mail servers, "
        "the legacy metastore on 3306.",
    ),
    maps=(
        *also(
            "leaves clusters no more ports and destinations than they need on the way out",
            Relation.SUBSET,
            nist="AC-4 CM-7 SC-7 SC-7(5)",
            soc2="CC6.6 CC6.7",
            pci="1.2.5 1.3.2",
            hipaa="164.312(e)(1)",
            iso="A.8.12 A.8.20",
            ccm="IVS-03 IVS-09",
            dasf="DASF-65",
            attack="T1048",
        ),
        *also(
            "asks for security rules around the clusters as well, here on the way out",
            cis_databricks="2.1.2",
        ),
    ),
    plans_with=PLANS_WITH,
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No outbound rule of the network's groups is for every port and every address."""
    return in_own_network(workspace, at, lambda network: _limited(network, at), demanded=False)


def _limited(network: Network, at: Context) -> Judgement:
    return all_of(*(lambda g=g: _narrow(g, at) for g in network.security_group_ids.get()))


def _narrow(group_id: str, at: Context) -> Condition:
    egress = at.estate.need(SECURITY_GROUPS, group_id).egress
    rules = egress.parsed(lambda rules: [(describe(rule), is_open(rule)) for rule in rules])
    wide = [text for text, everywhere in rules if everywhere]
    shown = [text for text, _ in rules]
    source = SECURITY_GROUPS.source
    expected = "no rule for every port and every address"
    evidence = Evidence(source, f"{group_id}.IpPermissionsEgress", shown, expected)
    otherwise = f"security group {group_id} lets out {'; '.join(wide)}"
    if not wide and any(r.prefix_lists and has_every_port(r) for r in egress.get()):
        detail = f"{group_id} lets everything out to prefix lists, whose networks are not read"
        return unknown(SECURITY_GROUPS.gap(Cause.NOT_READ, detail))
    return observe(not wide, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Make the rules that clusters need, and then take away those for everything."""
    network = network_of(workspace, at)
    for group in network.security_group_ids.get():
        if _narrow(group, at).met is False:
            yield from narrower_egress(group, workspace.region.get(), network, at)


def _estate(*cidrs: str, v6: tuple[str, ...] = (), **rule: Any) -> MemorySnapshot:
    whole = {
        "IpProtocol": "-1",
        "UserIdGroupPairs": [],
        "IpRanges": [{"CidrIp": cidr} for cidr in cidrs],
        "Ipv6Ranges": [{"CidrIpv6": cidr} for cidr in v6],
        "PrefixListIds": [],
        **rule,
    }
    group = {"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissionsEgress": [whole]}
    return own_network(security_groups=[group])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges of ports and addresses, unread and out of scope."""
    anywhere = "0.0.0.0/0"
    web = _estate(anywhere, IpProtocol="tcp", FromPort=443, ToPort=443)
    yield passes("one port to everywhere", web)
    yield passes("everything to the own network", _estate("10.0.0.0/8"))
    yield passes(
        "all but one port of TCP", _estate(anywhere, IpProtocol="tcp", FromPort=2, ToPort=65535)
    )
    yield fails("the rule that every group begins with", _estate(anywhere))
    yield fails("everything of IPv6", _estate(v6=("::/0",)))
    yield fails("the internet in two halves", _estate("0.0.0.0/1", "128.0.0.0/1"))
    yield fails("IPv6 in two halves", _estate(v6=("::/1", "8000::/1")))
    yield fails("half of the internet", _estate("128.0.0.0/1"))
    yield passes("addresses of one's own", _estate("198.51.100.0/24", v6=("2001:db8::/32",)))
    lists = _estate(PrefixListIds=[{"PrefixListId": "pl-1"}])
    yield unclear("a prefix list, which may hold anything", lists)
    every_port = _estate(anywhere, IpProtocol="tcp", FromPort=0, ToPort=65535)
    yield fails("every port of TCP", every_port)
    yield unclear("a range that is none", _estate("10.0.0.0/99"))
    bare = own_network(networks=[{**OWN, "security_group_ids": []}], security_groups=[])
    yield unclear("a network without groups", bare)
    yield unclear("groups may not be read", own_network(security_groups=refused()))
    yield unclear("the group was not found", own_network(security_groups=[]))
    yield exempt("a network that Databricks manages", given(networks=[], security_groups=[]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))

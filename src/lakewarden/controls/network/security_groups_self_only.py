"""The machines of a cluster trust each other without a password. Whatever else their security
group admits can reach the same ports: a bastion somebody opened to SSH, a neighbouring subnet, or
the internet. Nobody but the group itself has business there, the control plane included, for it is
always the cluster that calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, observe
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.group_mending import rule_wish
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import OWN, in_own_network, network_of, own_network
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import SECURITY_GROUPS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.security_groups import describe, peers, single_rules

CONTROL = Control(
    id="security-groups-self-only",
    title="The clusters' security groups admit nobody but themselves",
    paper=("P10",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), SECURITY_GROUPS.need()),
    fix=Fix(
        "Remove every inbound rule of the workspace's security groups whose source is not the "
        "group itself; all TCP and UDP ports from itself must stay.",
        console="VPC console > Security groups > the group of the workspace's network > Inbound "
        "rules > Edit: remove what has another source.",
        api='EC2 RevokeSecurityGroupIngress {"GroupId": "sg-...", "SecurityGroupRuleIds": '
        '["sgr-..."]} for each rule.',
        terraform="aws_vpc_security_group_ingress_rule with referenced_security_group_id set to "
        "the group itself, and no other ingress rule of that group.",
        breaks="Whoever connects to cluster machines directly, over SSH or to a notebook server, "
        "is shut out; the platform itself connects to none of them.",
    ),
    maps=(
        *also(
            "admits nobody to the clusters' machines but the other machines",
            Relation.SUBSET,
            nist="AC-4 SC-7 SC-7(5)",
            soc2="CC6.6",
            pci="1.4.2",
            hipaa="164.312(a)(1)",
            iso="A.8.20 A.8.22",
            ccm="IVS-03 IVS-06",
            attack="T1046 T1190",
        ),
        *also(
            "asks too whether clusters are shut to the internet, by the rules of their groups",
            sat="NS-4",
            cis_aws="5.3 5.4",
            cis_databricks="2.1.2",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Every inbound rule of each of the network's groups names only those groups."""
    return in_own_network(workspace, at, lambda network: _closed(network, at), demanded=False)


def _closed(network: Network, at: Context) -> Judgement:
    mine = network.security_group_ids.get()
    return all_of(*(lambda g=g: _admits(g, frozenset(mine), at) for g in mine))


def _admits(group_id: str, mine: frozenset[str], at: Context) -> Condition:
    rules = at.estate.need(SECURITY_GROUPS, group_id).ingress.get()
    foreign = [describe(rule) for rule in rules if not mine.issuperset(peers(rule))]
    shown = [describe(rule) for rule in rules]
    source = SECURITY_GROUPS.source
    evidence = Evidence(source, f"{group_id}.IpPermissions", shown, "the group itself alone")
    otherwise = f"security group {group_id} admits {'; '.join(foreign)}"
    return observe(not foreign, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Take away each rule for anybody but the groups themselves."""
    mine = network_of(workspace, at).security_group_ids.get()
    for group in mine:
        for rule in at.estate.need(SECURITY_GROUPS, group).ingress.get():
            for one in single_rules(rule):
                if one.get("ReferencedGroupId") not in mine:
                    yield rule_wish("ingress", workspace.region.get(), group, one, there=False)


def _estate(**peer: Any) -> MemorySnapshot:
    itself = _rule(UserIdGroupPairs=[{"GroupId": "sg-1"}])
    rules = [itself, _rule(**peer)] if peer else [itself]
    group = {"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": rules}
    return own_network(security_groups=[group])


def _rule(**peer: Any) -> dict[str, Any]:
    lists = ("UserIdGroupPairs", "IpRanges", "Ipv6Ranges", "PrefixListIds")
    whole = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **{name: [] for name in lists}}
    return {key: value for key, value in {**whole, **peer}.items() if value is not None}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    yield passes("itself alone", _estate())
    yield fails("a bastion host", _estate(IpRanges=[{"CidrIp": "10.0.0.7/32"}]))
    yield fails("the internet of IPv6", _estate(Ipv6Ranges=[{"CidrIpv6": "::/0"}]))
    yield fails("another group", _estate(UserIdGroupPairs=[{"GroupId": "sg-2"}]))
    yield fails("a prefix list", _estate(PrefixListIds=[{"PrefixListId": "pl-1"}]))
    yield unclear("a rule without its sources", _estate(IpRanges=None))
    bare = own_network(networks=[{**OWN, "security_group_ids": []}], security_groups=[])
    yield unclear("a network without groups", bare)
    yield unclear("groups may not be read", own_network(security_groups=refused()))
    yield unclear("the group was not found", own_network(security_groups=[]))
    yield exempt("a network that Databricks manages", given(networks=[], security_groups=[]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))

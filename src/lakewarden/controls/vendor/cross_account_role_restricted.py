"""The documented policy for a network of your own lets Databricks stop, change or take over every
machine in the account, also those that have nothing to do with it. Its restricted form ties these
actions to machines that carry Databricks' tag and to the workspace's VPC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import document
from lakewarden.controls.kit.principals import listed
from lakewarden.controls.kit.role_mending import narrowed
from lakewarden.controls.kit.roles import statements_of, users_of
from lakewarden.controls.kit.subjects import ROLE, CrossAccountRole
from lakewarden.estate.account import CREDENTIALS, NETWORKS, WORKSPACES
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.rights import ROLE_POLICIES
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.proofs.policies.build import Policy
from lakewarden.semantics.cross_account import documented_actions, unbounded
from lakewarden.semantics.iam_documents import Document

CONTROL = Control(
    id="cross-account-role-restricted",
    title="What the cross-account role does with machines is tied to its tag or its VPC",
    paper=("P28",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ROLE,
    needs=(WORKSPACES.need(), CREDENTIALS.need(), ROLE_POLICIES.need(), NETWORKS.need()),
    fix=Fix(
        "Give the role the restricted form of the documented policy, for the account, region, VPC "
        "and security group of its workspace.",
        console="IAM, Roles, the role, Permissions: the policy that the documentation calls Your "
        "VPC, custom.",
        api="iam PutRolePolicy with the restricted policy.",
        terraform="aws_iam_role_policy from the data source databricks_aws_crossaccount_policy "
        "with "
        "policy_type = restricted, aws_account_id, vpc_id, region and security_group_id.",
        breaks="A role of one VPC and security group can no longer serve workspaces of another.",
    ),
    maps=also(
        "ties the vendor's rights over machines to those of the deployment",
        Relation.SUBSET,
        nist="AC-3 AC-6 SC-7(21) SA-9",
        soc2="CC6.1 CC6.3",
        pci="7.2.2 7.2.5",
        hipaa="164.308(a)(4)(i)",
        iso="A.5.15 A.5.19 A.8.22",
        ccm="IAM-05 IAM-16",
        attack="T1199 T1578",
    ),
)


@CONTROL.check
def check(role: CrossAccountRole, at: Context) -> Judgement:
    """Each action on machines, disks and security groups carries one of the documented tests."""
    entries = statements_of(role, at)
    vpcs = _vpcs(role, at)
    if not vpcs:
        return NotApplicable("Databricks makes the network, and needs the whole account for that")
    loose = unbounded(entries, vpcs)
    evidence = Evidence(
        ROLE_POLICIES.source,
        "Condition",
        loose,
        f"Vendor = Databricks, or {', '.join(sorted(vpcs))}",
    )
    shown = f"on every machine of the account: {', '.join(loose)}"
    return observe(not loose, evidence, otherwise=shown)


def _vpcs(role: CrossAccountRole, at: Context) -> frozenset[str]:
    ids = {workspace.network_id.get() for workspace in users_of(role, at)} - {None}
    return frozenset(at.estate.need(NETWORKS, identity).vpc_id.get() for identity in ids)


@CONTROL.mends
def mend(role: CrossAccountRole, at: Context) -> Iterable[Wish | Step]:
    """Take out what is tied to nothing; where Databricks needs it, the restricted form comes in."""
    vpcs = _vpcs(role, at)

    def wrong(policy: Document) -> bool:
        return bool(unbounded(policy.statements, vpcs))

    def narrow(entry: Policy) -> Iterator[Policy]:
        asked = listed(entry.get("Action", ()))
        right = [a for a in asked if not wrong(document([{**entry, "Action": a}]))]
        wide = [pattern for pattern in asked if pattern not in right]
        looks = [
            action
            for action in documented_actions("always")
            if "NotAction" in entry or any(_matches(action, pattern) for pattern in wide)
        ]
        actions = list(dict.fromkeys([*right, *looks]))
        kept = {name: part for name, part in entry.items() if name != "NotAction"}
        if actions:
            yield {**kept, "Action": actions if len(actions) > 1 else actions[0]}

    yield from narrowed(role, at, narrow, wrong)


def _matches(action: str, pattern: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


_ARN: Final = "arn:aws:iam::123456789012:role/databricks"
_TAG: Final = {"StringEquals": {"ec2:ResourceTag/Vendor": "Databricks"}}


def _vpc(name: str) -> dict[str, Any]:
    return {"StringEquals": {"ec2:vpc": f"arn:aws:ec2:us-east-1:123456789012:vpc/{name}"}}


def _estate(policies: Items, **workspace: Any) -> MemorySnapshot:
    sts = {"sts_role": {"role_arn": _ARN}}
    return given(
        workspace={"credentials_id": "c1", "network_id": "n1", **workspace},
        credentials=[{"credentials_id": "c1", "aws_credentials": sts}],
        networks=[{"network_id": "n1", "vpc_id": "vpc-1", "security_group_ids": ["sg-1"]}],
        role_policies=policies,
    )


def _role(*statements: dict[str, Any], **workspace: Any) -> MemorySnapshot:
    grants = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    documents = [json.dumps({"Statement": [grant]}) for grant in grants]
    own = {f"own-{number}": text for number, text in enumerate(documents)}
    return _estate([{"arn": _ARN, "documents": documents, "inline": own}], **workspace)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    stop = {"Action": "ec2:TerminateInstances"}
    group = {"Action": "ec2:AuthorizeSecurityGroupEgress"}
    yield passes("tied to the tag", _role({**stop, "Condition": _TAG}))
    yield passes("tied to the VPC", _role({**group, "Condition": _vpc("vpc-1")}))
    yield fails("tied to another VPC", _role({**group, "Condition": _vpc("vpc-2")}))
    yield fails("tied to nothing", _role(stop))
    yield fails("half of it", _role({**stop, "Condition": _TAG}, group))
    other = {"StringEquals": {"ec2:ResourceTag/Vendor": ["Databricks", "Mine"]}}
    yield fails("tied to two tags", _role({**stop, "Condition": other}))
    like = {"StringLike": {"ec2:ResourceTag/Vendor": "*"}}
    yield fails("tied to any tag", _role({**stop, "Condition": like}))
    yield fails("everything", _role({"Action": "ec2:*"}))
    rest = {"Effect": "Allow", "Action": "ec2:RunInstances", "NotResource": ["arn:aws:ec2:*"]}
    document = json.dumps({"Statement": [rest]})
    yield passes("other resources of a start", _estate([{"arn": _ARN, "documents": [document]}]))
    images = {**rest, "NotResource": ["arn:aws:ec2:us-east-1:123456789012:image/*"]}
    start = json.dumps({"Statement": [images]})
    yield fails("a start of anything but images", _estate([{"arn": _ARN, "documents": [start]}]))
    untagged = {"StringEqualsIfExists": _TAG["StringEquals"]}
    yield fails("tied to the tag, if there is one", _role({**stop, "Condition": untagged}))
    yield fails("a pattern of one letter", _role({"Action": "ec2:TerminateInstance?"}))
    yield fails("an action that nobody asked for", _role({"Action": "ec2:StopInstances"}))
    most = json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}})
    yield fails("everything but a little", _estate([{"arn": _ARN, "documents": [most]}]))
    yield passes("looking alone", _role({"Action": ["ec2:DescribeInstances", "ec2:Describe*"]}))
    yield exempt("a network that Databricks makes", _role(stop, network_id=None))
    yield unclear("policies may not be read", _estate(refused()))
    yield unclear("the network is gone", _estate([{"arn": _ARN, "documents": []}], network_id="n2"))
    serverless = {"compute_mode": "SERVERLESS"}
    yield exempt("a serverless workspace has no role", given(workspace=serverless))

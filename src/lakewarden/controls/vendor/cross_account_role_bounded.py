"""Whoever gets hold of Databricks' access to your account can do what this role may do. Databricks
documents each action that it needs; one more, such as passing any role to a machine or reading any
bucket, turns a tool for starting machines into a key to the account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
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
from lakewarden.controls.kit.role_mending import PLANS_WITH, narrowed
from lakewarden.controls.kit.roles import statements_of, users_of
from lakewarden.controls.kit.subjects import ROLE, CrossAccountRole
from lakewarden.estate.account import CREDENTIALS, WORKSPACES
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.rights import ROLE_POLICIES
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.proofs.policies.build import Policy
from lakewarden.semantics.cross_account import beyond, documented_actions
from lakewarden.semantics.iam_documents import Document

CONTROL = Control(
    id="cross-account-role-bounded",
    title="The cross-account role may do what Databricks documents and nothing else",
    paper=("P28",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=ROLE,
    needs=(WORKSPACES.need(), CREDENTIALS.need(), ROLE_POLICIES.need()),
    fix=Fix(
        "Replace the role's policies by the documented one for your kind of network, and name each "
        "role that Databricks may pass to machines.",
        console="IAM, Roles, the role, Permissions: remove what is more than the documented "
        "policy.",
        api="iam PutRolePolicy with the documented policy, then DeleteRolePolicy and "
        "DetachRolePolicy for the others.",
        terraform="aws_iam_role_policy from the data source databricks_aws_crossaccount_policy "
        "with "
        "policy_type = customer or restricted, and pass_roles.",
        breaks="Clusters fail to start if an instance profile that they use is not among the roles "
        "that may be passed.",
    ),
    maps=(
        *also(
            "leaves the vendor's role no right that its work does not need",
            Relation.SUBSET,
            nist="AC-3 AC-6 AC-6(5) SA-9",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.2.5",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.15 A.5.19 A.8.2",
            ccm="IAM-05 IAM-16",
            attack="T1199",
        ),
        *also(
            "refuses roles with every right as well, and asks it of one role in particular",
            cis_aws="1.15",
        ),
    ),
    plans_with=PLANS_WITH,
)

_SHOWN: Final = 6


@CONTROL.check
def check(role: CrossAccountRole, at: Context) -> Judgement:
    """No policy of the role allows an action outside the documented ones for its workspaces."""
    entries = statements_of(role, at)
    networks = [workspace.network_id.get() for workspace in users_of(role, at)]
    excess = beyond(entries, own_network=any(networks))
    boundary = at.estate.need(ROLE_POLICIES, role.arn).boundary
    evidence = [Evidence(ROLE_POLICIES.source, "Action", excess, "the documented actions alone")]
    if boundary.gap is None and boundary.get():
        evidence.append(
            Evidence(ROLE_POLICIES.source, "PermissionsBoundary", boundary.get(), "noted")
        )
    more = f" and {len(excess) - _SHOWN} more" if len(excess) > _SHOWN else ""
    shown = f"beyond what Databricks asks for: {', '.join(excess[:_SHOWN])}{more}"
    return observe(not excess, *evidence, otherwise=shown)


@CONTROL.mends
def mend(role: CrossAccountRole, at: Context) -> Iterable[Wish | Step]:
    """Leave of each of the role's own policies what Databricks documents."""
    own_network = any(workspace.network_id.get() for workspace in users_of(role, at))
    sets = ("always", "machines") if own_network else ("always", "machines", "networks")
    documented = documented_actions(*sets)

    def wrong(policy: Document) -> bool:
        return bool(beyond(policy.statements, own_network=own_network))

    def narrow(entry: Policy) -> Iterator[Policy]:
        asked = listed(entry.get("Action", "*"))
        right = [action for action in asked if not wrong(document([_for(entry, action)]))]
        meant = [a for a in documented if any(_matches(a, pattern) for pattern in asked)]
        whole = entry if "NotAction" not in entry else _for(entry, "*")
        actions = list(dict.fromkeys([*right, *meant]))
        if actions:
            yield {**whole, "Action": actions if len(actions) > 1 else actions[0]}

    yield from narrowed(role, at, narrow, wrong)


def _for(entry: Policy, action: str) -> Policy:
    """Return a statement about one action, or one pattern of them, alone."""
    kept = {name: part for name, part in entry.items() if name != "NotAction"}
    return {**kept, "Action": action}


def _matches(action: str, pattern: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


_ARN: Final = "arn:aws:iam::123456789012:role/databricks"


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
    documents = [json.dumps({"Statement": grants})]
    own = {"own": documents[0]}
    return _estate([{"arn": _ARN, "documents": documents, "inline": own}], **workspace)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    run = {"Action": ["ec2:RunInstances", "ec2:DescribeVpcs"]}
    profile = "arn:aws:iam::123456789012:role/profile"
    yield passes("documented actions", _role(run))
    yield passes(
        "one named role to pass", _role(run, {"Action": "iam:PassRole", "Resource": profile})
    )
    make = {"Action": "ec2:CreateVpc"}
    yield fails("making networks beside your own", _role(run, make))
    yield passes("making the network", _role(run, make, network_id=None))
    yield fails("everything in EC2", _role({"Action": "ec2:*"}))
    yield fails("a pattern, even of reading", _role({"Action": "ec2:Describe*"}))
    yield fails("passing any role", _role(run, {"Action": "iam:PassRole"}))
    some = {"Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/*"}
    yield fails("passing roles by a pattern", _role(run, some))
    yield fails("everything but a little", _role({"NotAction": "iam:*"}))
    yield fails("another service", _role(run, {"Action": "s3:GetObject"}))
    spot = "arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    linked = {"Action": "iam:CreateServiceLinkedRole", "Resource": spot}
    yield passes("the service's role for spot machines", _role(run, linked))
    yield fails("any service's role", _role(run, {**linked, "Resource": "*"}))
    yield passes("a Deny", _role(run, {"Effect": "Deny", "Action": "*"}))
    yield unclear("policies may not be read", _estate(refused()))
    yield unclear("text that is no policy", _estate([{"arn": _ARN, "documents": ["{}"]}]))
    serverless = {"compute_mode": "SERVERLESS"}
    yield exempt("a serverless workspace has no role", given(workspace=serverless))

"""Databricks starts and stops machines in your account by assuming this role. Without the external
id, another customer of Databricks who learns the role's name can have Databricks use it for them;
with one more trusted principal, somebody else can use it without Databricks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, observe, violated
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
from lakewarden.controls.kit.subjects import ROLE, CrossAccountRole
from lakewarden.estate.account import CREDENTIALS, WORKSPACES
from lakewarden.estate.aws import ROLES
from lakewarden.estate.databricks_accounts import control_plane_accounts
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import ACCOUNT_ID, Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.semantics.iam_documents import Statement, statements

CONTROL = Control(
    id="cross-account-role-trust",
    title="The cross-account role trusts Databricks alone, and only on your account's behalf",
    paper=("P28",),
    severity=Severity.CRITICAL,
    postures=HIGH,
    subject=ROLE,
    needs=(WORKSPACES.need(), CREDENTIALS.need(), ROLES.need()),
    fix=Fix(
        "Replace the role's trust policy by one statement: sts:AssumeRole for the root of "
        "the Databricks AWS account, with StringEquals on sts:ExternalId and your "
        "Databricks account id.",
        console="IAM, Roles, the role, Trust relationships, Edit trust policy.",
        api="iam UpdateAssumeRolePolicy with the policy that the Databricks documentation gives "
        "for "
        "your account id.",
        terraform="assume_role_policy of aws_iam_role from the data source "
        "databricks_aws_assume_role_policy with external_id = the account id.",
        breaks="Whoever else assumed the role can no longer do so; a wrong external id keeps "
        "Databricks from starting any cluster.",
    ),
    maps=also(
        "keeps strangers and other customers of the vendor from taking on its role",
        Relation.SUBSET,
        nist="AC-3 AC-6 IA-8 SA-9",
        soc2="CC6.1 CC6.6",
        pci="7.2.5",
        hipaa="164.312(a)(1) 164.312(d)",
        iso="A.5.15 A.5.19 A.8.5",
        ccm="IAM-14 IAM-16",
        attack="T1199 T1078.004",
    ),
)

_ASSUME: Final = "sts:assumerole"
_EXTERNAL_ID: Final = "sts:externalid"


@CONTROL.check
def check(role: CrossAccountRole, at: Context) -> Judgement:
    """One statement allows Databricks to assume it for this account; nothing else is allowed."""
    account_id = at.estate.meta.account_id
    if not account_id:
        raise UnreadError(WORKSPACES.gap(Cause.NOT_READ, "the Databricks account is not known"))
    policy = statements(at.estate.need(ROLES, role.arn).trust.get(), ROLES)
    grants = [statement for statement in policy if statement.allows]
    evidence = Evidence(ROLES.source, "Statement", f"{len(grants)} Allow", "exactly one Allow")
    if len(grants) != 1:
        return violated(f"the trust policy has {len(grants)} Allow statements", evidence)
    return all_of(
        _principal(grants[0], role.arn), _action(grants[0]), _condition(grants[0], account_id)
    )


def _principal(grant: Statement, arn: str) -> Condition:
    partition = arn.split(":")[1] if ":" in arn else ""
    trusted = control_plane_accounts(partition)
    names = [name for _, name in grant.principals]
    expected = f"the root of AWS account {' or '.join(sorted(trusted))}"
    evidence = Evidence(ROLES.source, "Principal", names, expected)
    right = [("AWS", name) for a in trusted for name in (a, f"arn:{partition}:iam::{a}:root")]
    sole = len(grant.principals) == 1 and grant.principals[0] in right and not grant.negated
    shown = ", ".join(names) or "everybody but some"
    return observe(sole, evidence, otherwise=f"it trusts {shown} instead of Databricks alone")


def _action(grant: Statement) -> Condition:
    evidence = Evidence(ROLES.source, "Action", list(grant.actions), "sts:AssumeRole alone")
    otherwise = f"it allows {', '.join(grant.actions) or 'all actions but some'}"
    return observe(grant.actions == (_ASSUME,), evidence, otherwise=otherwise)


def _condition(grant: Statement, account_id: str) -> Condition:
    found = grant.conditions.get("StringEquals", {}).get(_EXTERNAL_ID, ())
    expected = f"StringEquals {account_id}"
    evidence = Evidence(ROLES.source, "Condition sts:ExternalId", list(found), expected)
    otherwise = (
        f"the external id is {', '.join(found)}, not this account's"
        if found
        else "no external id is asked for"
    )
    return observe(found == (account_id,), evidence, otherwise=otherwise)


_ARN: Final = "arn:aws:iam::123456789012:role/databricks"
_GRANT: Final = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": ACCOUNT_ID}},
}


def _estate(roles: Items, arn: str = _ARN) -> MemorySnapshot:
    sts = {"sts_role": {"role_arn": arn}}
    return given(
        workspace={"credentials_id": "c1"},
        credentials=[{"credentials_id": "c1", "aws_credentials": sts}],
        roles=roles,
    )


def _trust(*more: dict[str, Any], arn: str = _ARN, **changes: Any) -> MemorySnapshot:
    policy = {"Version": "2012-10-17", "Statement": [{**_GRANT, **changes}, *more]}
    return _estate([{"arn": arn, "trust": json.dumps(policy)}], arn)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("Databricks with the account's id", _trust())
    yield passes("the account by its bare number", _trust(Principal={"AWS": "414351767826"}))
    gov = {"AWS": "arn:aws-us-gov:iam::044793339203:root"}
    gov_arn = _ARN.replace("aws", "aws-us-gov", 1)
    yield passes("GovCloud", _trust(arn=gov_arn, Principal=gov))
    yield fails("the commercial account in GovCloud", _trust(arn=gov_arn))
    yield fails("no external id", _trust(Condition={}))
    other = {"StringEquals": {"sts:ExternalId": "11111111-1111-4111-8111-111111111111"}}
    yield fails("another account's external id", _trust(Condition=other))
    either = {"StringEquals": {"sts:ExternalId": [ACCOUNT_ID, "x"]}}
    yield fails("one external id too many", _trust(Condition=either))
    loose = {"StringLike": {"sts:ExternalId": "*"}}
    yield fails("any external id", _trust(Condition=loose))
    yield fails("everybody", _trust(Principal="*"))
    two = {"AWS": ["arn:aws:iam::414351767826:root", "arn:aws:iam::999999999999:root"]}
    yield fails("a second account", _trust(Principal=two))
    yield fails(
        "a second statement", _trust({**_GRANT, "Principal": {"Service": "ec2.amazonaws.com"}})
    )
    yield fails("more than assuming", _trust(Action=["sts:AssumeRole", "sts:TagSession"]))
    yield unclear("the role may not be read", _estate(refused()))
    yield unclear("text that is no policy", _estate([{"arn": _ARN, "trust": "{}"}]))
    serverless = {"compute_mode": "SERVERLESS"}
    yield exempt("a serverless workspace has no role", given(workspace=serverless, roles=[]))

"""Databricks starts and stops machines in your account by assuming this role. Without the external
id, another customer of Databricks who learns the role's name can have Databricks use it for them;
with one more trusted principal, somebody else can use it without Databricks. So every request to
take on the role is considered at once, whatever the form of the trust policy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement
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
from lakewarden.controls.kit.policy_wishes import Statements, document
from lakewarden.controls.kit.principals import account_of, narrowed_to, principals_of, with_test
from lakewarden.controls.kit.proved import asked, document_of, partition_in, vendor_accounts
from lakewarden.controls.kit.role_mending import trusted, vendor_of
from lakewarden.controls.kit.subjects import ROLE, CrossAccountRole
from lakewarden.estate.account import CREDENTIALS, WORKSPACES
from lakewarden.estate.aws import ROLES
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import ACCOUNT_ID, Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.proofs.policies.build import Policy
from lakewarden.proofs.policies.trust import cross_account
from lakewarden.semantics.iam_documents import Document

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


@CONTROL.check
def check(role: CrossAccountRole, at: Context) -> Judgement:
    """Nobody but Databricks' control plane becomes the role, and it with this account's id only."""
    account_id = at.estate.meta.account_id
    if not account_id:
        raise UnreadError(WORKSPACES.gap(Cause.NOT_READ, "the Databricks account is not known"))
    trust = document_of(at.estate.need(ROLES, role.arn).trust.get(), ROLES)
    return _only(trust, role, account_id)


def _only(trust: Document, role: CrossAccountRole, account_id: str) -> Condition:
    words = {"principals": vendor_accounts(partition_in(role.arn)), "external-id": (account_id,)}
    return asked("trust.only", ROLES, {"policy": (trust,)}, words)


@CONTROL.mends
def mend(role: CrossAccountRole, at: Context) -> Iterable[Wish]:
    """Let nobody but Databricks become the role, and it with this account's id alone."""
    vendor, tenant = vendor_of(role.arn), at.estate.meta.account_id

    def edit(found: Statements) -> Statements:
        kept = [new for entry in found for new in _ours(entry, found, role, tenant)]
        admitted = {account_of(who) for entry in kept for who in principals_of(entry)}
        if vendor.control_plane not in admitted:
            kept += cross_account(vendor, tenant)["Statement"]
        return kept

    yield trusted(role.arn, at, vendor.control_plane, edit)


def _ours(
    entry: Policy, found: Statements, role: CrossAccountRole, tenant: str
) -> Iterator[Policy]:
    """Yield what is left of a statement: all of it unless somebody else gets in by it."""
    denies = [other for other in found if other.get("Effect") == "Deny"]
    if entry in denies or _only(document([entry, *denies]), role, tenant).met:
        yield entry
        return
    vendors = vendor_accounts(partition_in(role.arn))
    theirs = narrowed_to(entry, (w for w in principals_of(entry) if account_of(w) in vendors))
    if theirs:
        tied = with_test(theirs, "StringEquals", "sts:ExternalId", tenant)
        yield {**tied, "Action": "sts:AssumeRole"}


_ARN: Final = "arn:aws:iam::123456789012:role/databricks"
_EXTERNAL_ID: Final = {"sts:ExternalId": ACCOUNT_ID}
_GRANT: Final[dict[str, Any]] = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": _EXTERNAL_ID},
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
    own = {**_GRANT, "Principal": {"AWS": "arn:aws:iam::123456789012:role/admin"}}
    yield fails("a role of our own, which may act in Databricks' name", _trust(own))
    provider = {"Federated": "arn:aws:iam::123456789012:saml-provider/idp"}
    sign_on = {"Principal": provider, "Action": "sts:AssumeRoleWithSAML", "Effect": "Allow"}
    yield fails("people who sign on", _trust(sign_on))
    absent = {"StringEqualsIfExists": {"sts:ExternalId": ACCOUNT_ID}}
    yield fails("the external id, if there is one", _trust(Condition=absent))
    spared = {**_GRANT, "Condition": {}, "NotPrincipal": _GRANT["Principal"]}
    del spared["Principal"]
    yield fails("everybody but Databricks", _trust(spared))
    yield passes("two statements for Databricks", _trust(_GRANT))
    yield passes("sessions may carry tags", _trust(Action=["sts:AssumeRole", "sts:TagSession"]))
    exact = {"StringLike": {"sts:ExternalId": ACCOUNT_ID}}
    yield passes("a pattern that one id alone fits", _trust(Condition=exact))
    refusal = {**_GRANT, "Effect": "Deny", "Condition": {"StringNotEquals": _EXTERNAL_ID}}
    yield passes("a Deny asks for the id", _trust(refusal, Condition={}))
    yield unclear("the role may not be read", _estate(refused()))
    yield unclear("text that is no policy", _estate([{"arn": _ARN, "trust": "{}"}]))
    serverless = {"compute_mode": "SERVERLESS"}
    yield exempt("a serverless workspace has no role", given(workspace=serverless, roles=[]))

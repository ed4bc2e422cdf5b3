"""Databricks writes the audit log by assuming a role in your account. If anybody else may assume
it too, or Databricks may on behalf of any of its customers, then somebody else can write into your
record, overwrite it or delete from it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    observe,
)
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import Statements, document
from lakewarden.controls.kit.role_mending import trusted, vendor_of
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.account import CREDENTIALS, LOG_DELIVERIES, LogDelivery
from lakewarden.estate.aws import ROLES
from lakewarden.estate.databricks_accounts import log_delivery_roles
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import ACCOUNT_ID, Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.proofs.facts.accounts import Platform
from lakewarden.proofs.policies.trust import log_delivery
from lakewarden.semantics.iam_documents import Statement, statements

CONTROL = Control(
    id="audit-delivery-role",
    title="The role that writes the audit log trusts Databricks' log delivery alone",
    paper=("P08",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(LOG_DELIVERIES.need(), CREDENTIALS.need(), ROLES.need()),
    fix=Fix(
        "Replace the role's trust policy by one statement: sts:AssumeRole for the log delivery "
        "role of Databricks, with StringEquals on sts:ExternalId and your Databricks account id.",
        console="IAM, Roles, the log delivery role, Trust relationships, Edit trust policy.",
        api="iam UpdateAssumeRolePolicy with the log delivery role of Databricks as principal.",
        terraform="assume_role_policy of aws_iam_role from the data source "
        "databricks_aws_assume_role_policy with external_id and for_log_delivery = true.",
        breaks="Whoever else assumed the role can no longer do so; a wrong external id stops the "
        "delivery of the log.",
    ),
    maps=also(
        "lets nobody but the vendor's delivery write the log with this role",
        Relation.SUBSET,
        nist="AC-3 AC-6 AU-9 AU-9(4)",
        soc2="CC6.1 CC6.3",
        pci="7.2.5 10.3.2",
        hipaa="164.312(a)(1) 164.312(c)(1)",
        iso="A.5.15 A.8.15",
        ccm="IAM-05 LOG-02 LOG-09",
        attack="T1199",
    ),
)

_ASSUME: Final = ("sts:assumerole",)
_EXTERNAL_ID: Final = "sts:externalid"


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The role of every delivery of the audit log is for the vendor's log delivery alone."""
    account_id = at.estate.meta.account_id
    if not account_id:
        raise UnreadError(LOG_DELIVERIES.gap(Cause.NOT_READ, "the Databricks account is not known"))
    deliveries = at.estate.of(LOG_DELIVERIES)
    audit = [d for d in deliveries.seen() if d.log_type.get() == "AUDIT_LOGS"]
    found = all_of(*(lambda d=d: _trusted(d, account_id, at) for d in audit))
    if found.met is not False and deliveries.gap is not None:
        raise UnreadError(deliveries.gap)
    return found if audit else NotApplicable("the audit log is not delivered by any role")


def _trusted(delivery: LogDelivery, account_id: str, at: Context) -> Condition:
    arn = at.estate.need(CREDENTIALS, delivery.credentials_id.get()).role_arn.get()
    grants = [s for s in statements(at.estate.need(ROLES, arn).trust.get(), ROLES) if s.allows]
    partition = arn.split(":")[1] if ":" in arn else ""
    trusted = log_delivery_roles(partition)
    names = sorted({name for grant in grants for _, name in grant.principals})
    who = all(_is_delivery(grant, trusted) for grant in grants)
    whose = all(_is_ours(grant, account_id) for grant in grants)
    return all_of(
        observe(
            who and bool(grants),
            Evidence(ROLES.source, "Principal", names, " or ".join(sorted(trusted))),
            otherwise=f"{arn} can be assumed by {', '.join(names) or 'nobody it should be'}",
        ),
        observe(
            whose,
            Evidence(ROLES.source, "Condition sts:ExternalId", whose, f"StringEquals {account_id}"),
            otherwise=f"{arn} can be assumed without this account's external id",
        ),
    )


def _is_delivery(grant: Statement, trusted: Collection[str]) -> bool:
    return (
        len(grant.principals) == 1
        and grant.principals[0][1] in trusted
        and grant.actions == _ASSUME
        and not grant.negated
    )


def _is_ours(grant: Statement, account_id: str) -> bool:
    return grant.conditions.get("StringEquals", {}).get(_EXTERNAL_ID) == (account_id,)


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """Leave in the trust of each role the vendor's log delivery alone, for this account."""
    tenant = at.estate.meta.account_id
    deliveries = at.estate.of(LOG_DELIVERIES).each()
    mine = [d.credentials_id.get() for d in deliveries if d.log_type.get() == "AUDIT_LOGS"]
    for arn in sorted({at.estate.need(CREDENTIALS, identity).role_arn.get() for identity in mine}):
        vendor = vendor_of(arn)

        def edit(found: Statements, vendor: Platform = vendor) -> Statements:
            left = []
            for entry in found:
                read = document([entry]).statements[0]
                right = _is_delivery(read, {vendor.log_delivery}) and _is_ours(read, tenant)
                left += [entry] if right or not read.allows else []
            if not any(entry.get("Effect") == "Allow" for entry in left):
                left += log_delivery(vendor, tenant)["Statement"]
            return left

        yield trusted(arn, at, vendor.log_delivery, edit)


_ARN: Final = "arn:aws:iam::123456789012:role/logs"
_GRANT: Final = {
    "Effect": "Allow",
    "Principal": {"AWS": min(log_delivery_roles("aws"))},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": ACCOUNT_ID}},
}


def _estate(roles: Items, **changes: Items) -> MemorySnapshot:
    delivery = {"config_id": "d", "log_type": "AUDIT_LOGS", "credentials_id": "c"}
    credential = {"credentials_id": "c", "aws_credentials": {"sts_role": {"role_arn": _ARN}}}
    kinds: dict[str, Any] = {"log_deliveries": [delivery], "credentials": [credential]}
    return given(**{**kinds, "roles": roles, **changes})


def _trust(*more: dict[str, Any], **changes: Any) -> MemorySnapshot:
    policy = {"Statement": [{**_GRANT, **changes}, *more]}
    return _estate([{"arn": _ARN, "trust": json.dumps(policy)}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("Databricks' log delivery with the account's id", _trust())
    yield fails(
        "any role of Databricks", _trust(Principal={"AWS": "arn:aws:iam::414351767826:root"})
    )
    yield fails("no external id", _trust(Condition={}))
    other = {"StringEquals": {"sts:ExternalId": "11111111-1111-4111-8111-111111111111"}}
    yield fails("another account's external id", _trust(Condition=other))
    yield fails("everybody", _trust(Principal="*"))
    mine = {**_GRANT, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    yield fails("a second statement for the own account", _trust(mine))
    yield fails("more than assuming", _trust(Action=["sts:AssumeRole", "sts:TagSession"]))
    nobody = [{"arn": _ARN, "trust": '{"Statement": []}'}]
    yield fails("nobody may assume it", _estate(nobody))
    yield unclear("the role may not be read", _estate(refused()))
    yield unclear("its credential is gone", _estate([], credentials=[]))
    yield unclear("deliveries may not be listed", _estate([], log_deliveries=refused()))
    yield exempt("nothing is delivered", _estate([], log_deliveries=[]))
    usage = [{"config_id": "d", "log_type": "BILLABLE_USAGE", "credentials_id": "c"}]
    yield exempt("only usage is delivered", _estate([], log_deliveries=usage))

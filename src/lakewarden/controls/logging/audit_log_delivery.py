"""Without the audit log nobody can say who came in, what they read, or what the vendor's staff
did. A delivery that exists but is filtered to some workspaces leaves out all events of the account
itself; one whose last delivery failed, or whose bucket can be read or emptied by others, is a
record that an intruder controls.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from lakewarden.clock import parse_time
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    any_of,
    expect,
    violated,
)
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.account import (
    LOG_DELIVERIES,
    STORAGE_CONFIGURATIONS,
    DeliveryStatus,
    LogDelivery,
)
from lakewarden.estate.aws import BUCKET_PUBLIC_ACCESS
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Step, Wish

CONTROL = Control(
    id="audit-log-delivery",
    title="The audit log of the whole account arrives in a bucket that is closed to the public",
    paper=("P08",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(LOG_DELIVERIES.need(), STORAGE_CONFIGURATIONS.need(), BUCKET_PUBLIC_ACCESS.need()),
    fix=Fix(
        "Create a log delivery of type AUDIT_LOGS without a workspace filter to a bucket "
        "of your own, and block all public access to that bucket.",
        console="Account console, Settings, Log delivery, for what exists; making one takes the "
        "API "
        "or Terraform.",
        api='POST /api/2.0/accounts/{account_id}/log-delivery {"log_delivery_configuration": '
        '{"log_type": "AUDIT_LOGS", "output_format": "JSON", "credentials_id": "...", '
        '"storage_configuration_id": "..."}}',
        terraform="databricks_mws_log_delivery with log_type = AUDIT_LOGS, output_format = JSON "
        "and "
        "no workspace_ids_filter.",
        breaks="Nothing stops working. A delivery can be disabled and never deleted, and an "
        "account "
        "has room for two enabled ones.",
    ),
    limits=("delivery_hours",),
    maps=(
        *also(
            "brings the record of what everybody does into a bucket of your own",
            Relation.SUBSET,
            nist="AU-2 AU-9(2) AU-12",
            cis_databricks="2.1.7",
            soc2="CC7.2",
            pci="10.2.1 10.3.3",
            hipaa="164.312(b) 164.308(a)(1)(ii)(D)",
            iso="A.8.15",
            ccm="LOG-07 LOG-08 LOG-09",
            dasf="DASF-14",
            attack="T1562.008",
        ),
        *also(
            "wants a delivery enabled, and that it works, lacks a filter and is kept private",
            Relation.SUPERSET,
            sat="GOV-3",
        ),
    ),
)

_NAME: Final = "audit log of the account"


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Some enabled, unfiltered delivery of the audit log works and lands in a closed bucket."""
    deliveries = at.estate.of(LOG_DELIVERIES)
    audit = [d for d in deliveries.seen() if _is(d, "AUDIT_LOGS")]
    candidates = [_sound(delivery, at) for delivery in audit]
    if not candidates:
        list(deliveries.each())
        evidence = Evidence(
            LOG_DELIVERIES.source, "log_type", [], "an enabled delivery of AUDIT_LOGS"
        )
        return violated("the audit log is not delivered anywhere", evidence)
    best = any_of(*candidates)
    if best.met is False and deliveries.gap is not None:
        raise UnreadError(deliveries.gap)
    return best


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish | Step]:
    """A delivery that was made and switched off is switched on; what else is wrong, a person mends.

    Of a delivery that leaves workspaces out, one is made that does not, by the same way.
    """
    deliveries = [d for d in at.estate.of(LOG_DELIVERIES).each() if _is(d, "AUDIT_LOGS")]
    whole = [d for d in deliveries if not d.workspace_filter.get()]
    on = [d for d in whole if d.status.get() == "ENABLED"]
    off = sorted((d for d in whole if d not in on), key=lambda d: d.id)
    if not on and off:
        target = Target("log_delivery", "account", off[-1].id)
        yield Wish(target, _NAME, {"/status": off[-1].status.get()}, {"/status": "ENABLED"})
    elif not on and deliveries:
        yield _unfiltered(deliveries)
    elif not on:
        yield Step(
            "Make a role and a bucket for the audit log, register both with the account, and make "
            "a delivery of AUDIT_LOGS without a filter, by the API or Terraform",
            "deliveries arrive: GET …/log-delivery shows SUCCEEDED within a day",
        )
    else:
        yield Step(
            f"Find out why {', '.join(d.id for d in on)} does not arrive in a closed bucket: GET "
            "…/log-delivery has the message; its role must be able to write to the bucket, and "
            "the bucket must block public access",
            "GET …/log-delivery shows SUCCEEDED within a day, and bucket-public-access-blocked "
            "passes",
        )


def _unfiltered(deliveries: Iterable[LogDelivery]) -> Wish:
    ways = {(d.credentials_id.get(), d.storage_id.get()) for d in deliveries}
    if len(ways) > 1:
        raise CannotPlanError(
            "several deliveries leave workspaces out, by different roles and to different buckets: "
            "make one without a filter by hand"
        )
    credentials, storage = next(iter(ways))
    document = {
        "/log_type": "AUDIT_LOGS",
        "/output_format": "JSON",
        "/credentials_id": credentials,
        "/storage_configuration_id": storage,
        "/delivery_path_prefix": "account",
    }
    return Wish(Target("log_delivery", "account", f"config_name={_NAME}"), _NAME, None, document)


def _is(delivery: LogDelivery, kind: str) -> bool:
    return delivery.log_type.get() == kind


def _sound(delivery: LogDelivery, at: Context) -> Condition:
    hours = at.policy.limits.delivery_hours
    oldest = at.now - timedelta(hours=hours)

    def recent(status: DeliveryStatus) -> bool:
        last = status.last_successful_attempt_time
        return status.status == "SUCCEEDED" and bool(last) and parse_time(last) >= oldest

    return all_of(
        expect(
            delivery.status,
            lambda value: value == "ENABLED",
            expected="ENABLED",
            otherwise=f"delivery {delivery.id} is {{value}}",
        ),
        expect(
            delivery.workspace_filter,
            lambda value: not value,
            expected="no filter",
            otherwise="a workspace filter leaves out the events of the account",
        ),
        expect(
            delivery.delivery,
            recent,
            expected=f"SUCCEEDED within {hours} hours",
            otherwise=f"delivery {delivery.id} has not succeeded within {hours} hours",
        ),
        lambda: _closed(delivery, at),
    )


def _closed(delivery: LogDelivery, at: Context) -> Condition:
    storage = at.estate.need(STORAGE_CONFIGURATIONS, delivery.storage_id.get())
    name = storage.bucket.get()
    block = at.estate.need(BUCKET_PUBLIC_ACCESS, name)
    switches = (block.block_acls, block.ignore_acls, block.block_policy, block.restrict)
    return all_of(
        *(
            expect(
                switch,
                lambda value: value,
                expected="true",
                otherwise=f"bucket {name} has {switch.field} off",
            )
            for switch in switches
        )
    )


_STATUS = {
    "status": "SUCCEEDED",
    "message": "",
    "last_attempt_time": "2025-12-31T23:30:00Z",
    "last_successful_attempt_time": "2025-12-31T23:30:00Z",
}
_DELIVERY = {
    "config_id": "d1",
    "log_type": "AUDIT_LOGS",
    "status": "ENABLED",
    "storage_configuration_id": "s1",
    "credentials_id": "c1",
    "log_delivery_status": _STATUS,
}
_STORAGE = [{"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "logs"}}]
_BLOCK = {
    "bucket": "logs",
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    here: dict[str, Any] = {"storage_configurations": _STORAGE, "bucket_public_access": [_BLOCK]}
    yield passes("delivered an hour ago", given(log_deliveries=[_DELIVERY], **here))
    yield fails("no delivery at all", given(log_deliveries=[], **here))
    yield fails(
        "one workspace only",
        given(log_deliveries=[{**_DELIVERY, "workspace_ids_filter": [1]}], **here),
    )
    off = [{**_DELIVERY, "status": "DISABLED"}]
    yield fails("it is switched off", given(log_deliveries=off, **here))
    failed = {**_STATUS, "status": "USER_FAILURE", "message": "access denied"}
    yield fails(
        "the last delivery failed",
        given(log_deliveries=[{**_DELIVERY, "log_delivery_status": failed}], **here),
    )
    open_bucket = [{**_BLOCK, "BlockPublicPolicy": False}]
    yield fails(
        "the bucket may be made public",
        given(
            log_deliveries=[_DELIVERY],
            storage_configurations=_STORAGE,
            bucket_public_access=open_bucket,
        ),
    )
    odd = {**_DELIVERY, "log_delivery_status": {**_STATUS, "last_successful_attempt_time": "soon"}}
    yield unclear("it last succeeded at no time", given(log_deliveries=[odd], **here))
    yield unclear("deliveries may not be read", given(log_deliveries=refused(), **here))
    yield unclear(
        "the bucket may not be read",
        given(
            log_deliveries=[_DELIVERY],
            storage_configurations=_STORAGE,
            bucket_public_access=refused(),
        ),
    )

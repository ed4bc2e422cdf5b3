"""The files of a trail list every role, key and address of the account: a map for an intruder who
can read the bucket. Encrypted with a key of yours, they are opened by those alone whom you let use
the key, whatever the bucket's policy says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect
from lakewarden.controls.kit.control import (
    HIGH,
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
from lakewarden.controls.kit.trail_mending import nearest, recording, trail_wish
from lakewarden.controls.kit.trails import runs, some_trail, trail
from lakewarden.estate.aws import TRAIL_STATUS, TRAILS, Trail
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="cloudtrail-encrypted",
    title="A CloudTrail trail of every region encrypts its files with a key of your own",
    paper=("P29",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(TRAILS.need(), TRAIL_STATUS.need()),
    fix=Fix(
        "Give the trail a symmetric KMS key of the bucket's region, whose policy lets CloudTrail "
        "generate data keys and your investigators decrypt.",
        console="CloudTrail, Trails, the trail, General details, Log file SSE-KMS encryption.",
        api="cloudtrail UpdateTrail with Name and KmsKeyId.",
        terraform="aws_cloudtrail with kms_key_id.",
        breaks="Readers of the trail need kms:Decrypt for the key; a wrong key policy stops the "
        "delivery.",
    ),
    maps=(
        *also(
            "opens the files of the trail to those alone whom a key of your own admits",
            Relation.SUBSET,
            nist="AU-9 AU-9(3) SC-28(1) SC-12",
            soc2="CC6.1",
            pci="10.3.1",
            hipaa="164.312(a)(2)(iv)",
            iso="A.8.15 A.8.24",
            ccm="CEK-03 LOG-02 LOG-09",
            attack="T1530",
        ),
        *also(
            "asks for a key of your own too, of one trail of every region",
            Relation.SUBSET,
            cis_aws="3.5",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Some trail that runs and covers all regions names a key."""
    return some_trail(
        at,
        lambda found: all_of(_encrypts(found), lambda: runs(found, at)),
        "a trail with a key",
    )


def _encrypts(found: Trail) -> Condition:
    return all_of(
        expect(
            found.multi_region,
            lambda value: value is True,
            expected="true",
            otherwise=f"trail {found.arn} covers one region only",
        ),
        expect(
            found.key_arn,
            bool,
            expected="a key",
            otherwise=f"trail {found.arn} has no key of its own",
        ),
    )


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """Give the trail that lacks the least the key that the policy file names.

    CloudTrail refuses a key whose policy does not let it in, so that no delivery stops by it.
    """
    best = nearest(at, lambda trail: bool(trail.key_arn.get()))
    if not best.key_arn.get():
        if ":key/" not in at.policy.trail_key:
            reason = "nobody said which key is meant: write its ARN into lakewarden.toml under"
            raise CannotPlanError(f"{reason} aws.trail_key")
        yield trail_wish(best, {"/KmsKeyId": None}, {"/KmsKeyId": at.policy.trail_key})
    if not best.multi_region.get():
        place = "/IsMultiRegionTrail"
        yield trail_wish(best, {place: False}, {place: True})
    yield from recording(best, at)


def _estate(*trails: dict[str, Any], status: Items | None = None) -> MemorySnapshot:
    running = [{"arn": t["TrailARN"], "IsLogging": True} for t in trails]
    return given(trails=list(trails), trail_status=running if status is None else status)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    whole, bare = trail("whole", KmsKeyId=key), trail("bare")
    local = trail("local", KmsKeyId=key, IsMultiRegionTrail=False)
    yield passes("a key", _estate(whole))
    yield passes("one of two", _estate(bare, whole))
    off = {"arn": whole["TrailARN"], "IsLogging": False}
    still = {"arn": bare["TrailARN"], "IsLogging": True}
    yield fails("the one with a key is stopped", _estate(whole, bare, status=[off, still]))
    yield unclear("whether it runs may not be read", _estate(whole, status=refused()))
    yield fails("no key", _estate(bare), Policy(trail_key=key))
    yield fails("a key for one region alone", _estate(local))
    yield fails("two halves make no whole", _estate(bare, local))
    yield fails("no trail", _estate())
    odd = trail("odd", KmsKeyId=key, IsMultiRegionTrail=None)
    yield unclear("how far it reaches is missing", _estate(odd))
    yield unclear("trails may not be read", given(trails=refused(), trail_status=[]))

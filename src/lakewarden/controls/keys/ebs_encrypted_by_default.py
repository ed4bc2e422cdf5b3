"""Disks that nobody thought of, of a copied snapshot or of a machine started by hand, are encrypted
only if the region encrypts everything. The switch makes a forgotten argument harmless.
"""

from __future__ import annotations

from collections.abc import Iterable

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
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.rights import DISK_DEFAULTS, DiskDefault
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="ebs-encrypted-by-default",
    title="Every region of the deployment encrypts new disks without being asked",
    paper=("P27",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(DISK_DEFAULTS.need(),),
    fix=Fix(
        "Switch on encryption by default for EBS in every region that has a workspace.",
        console="EC2, Settings, Data protection and security, EBS encryption, in each region.",
        api="ec2 EnableEbsEncryptionByDefault, in each region.",
        terraform="aws_ebs_encryption_by_default with enabled = true, in each region.",
        breaks="Machine types of before 2010 that cannot encrypt disks do not start; images shared "
        "with other accounts need a key that they may use.",
    ),
    maps=(
        *also(
            "has every new disk of the account encrypted, whoever creates it",
            Relation.SUBSET,
            nist="SC-13 SC-28 SC-28(1) CM-6",
            soc2="CC6.1",
            pci="3.5.1",
            hipaa="164.312(a)(2)(iv)",
            iso="A.8.9 A.8.24",
            ccm="CEK-03 UEM-08",
            dasf="DASF-8",
        ),
        *also(
            "asks for the same default, in the regions of the deployment alone",
            Relation.SUBSET,
            cis_aws="5.1.1",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The switch is on in each region."""
    defaults = at.estate.of(DISK_DEFAULTS)
    seen = list(defaults.seen())
    found = all_of(*(_encrypts(region) for region in seen))
    if found.met is not False and (defaults.gap is not None or not seen):
        nothing = DISK_DEFAULTS.gap(Cause.NOT_READ, "no region of a workspace is known")
        raise UnreadError(defaults.gap or nothing)
    return found


def _encrypts(region: DiskDefault) -> Condition:
    return expect(
        region.enabled,
        lambda enabled: enabled,
        expected="true",
        otherwise=f"new disks in {region.region} are not encrypted",
    )


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """Switch it on in every region where it is off."""
    place = "/EbsEncryptionByDefault"
    for found in at.estate.of(DISK_DEFAULTS).seen():
        if not found.enabled.get():
            target = Target("ebs_encryption_default", AWS, found.region)
            yield Wish(target, found.region, {place: False}, {place: True})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    on = {"region": "us-east-1", "EbsEncryptionByDefault": True}
    off = {"region": "eu-west-1", "EbsEncryptionByDefault": False}
    yield passes("on", given(disk_defaults=[on]))
    yield fails("off", given(disk_defaults=[off]))
    yield fails("one region of two", given(disk_defaults=[on, off]))
    yield unclear("not answered", given(disk_defaults=[{"region": "us-east-1"}]))
    yield unclear("no region", given(disk_defaults=[]))
    yield unclear("it may not be read", given(disk_defaults=refused()))

"""Whoever once obtained the material of a key can read everything that was ever encrypted with it.
AWS can replace the material every year without anybody noticing, so that what is lost is a year's
data and not all of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement, expect
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
from lakewarden.controls.kit.keys import ARN, KEY, RegisteredKey, registered
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.estate.account import ENCRYPTION_KEYS
from lakewarden.estate.aws import KMS_ROTATION
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="cmk-rotation",
    title="AWS replaces the material of the key regularly",
    paper=("P26", "P27"),
    severity=Severity.LOW,
    postures=HIGH,
    subject=KEY,
    needs=(ENCRYPTION_KEYS.need(), KMS_ROTATION.need()),
    fix=Fix(
        "Switch on automatic rotation for the key. Its ARN stays, and what is encrypted already "
        "stays readable.",
        console="KMS, Customer managed keys, the key, Key rotation.",
        api="kms EnableKeyRotation with KeyId.",
        terraform="aws_kms_key with enable_key_rotation = true.",
        breaks="Nothing stops working; AWS keeps the older material for what it encrypted.",
    ),
    maps=(
        *also(
            "bounds how much data a lost piece of key material opens",
            Relation.SUBSET,
            nist="SC-12 SC-28(1)",
            soc2="CC6.1",
            pci="3.7.4",
            hipaa="164.312(a)(2)(iv)",
            iso="A.8.24",
            ccm="CEK-08 CEK-12",
            dasf="DASF-8",
        ),
        *also(
            "asks for rotation as well, of the keys that Databricks uses alone",
            Relation.SUBSET,
            cis_aws="3.6",
        ),
    ),
)


@CONTROL.check
def check(key: RegisteredKey, at: Context) -> Judgement:
    """Automatic rotation is on."""
    return expect(
        at.estate.need(KMS_ROTATION, key.arn).enabled,
        lambda enabled: enabled,
        expected="true",
        otherwise=f"AWS does not rotate the key {key.arn}",
    )


@CONTROL.mends
def mend(key: RegisteredKey, at: Context) -> Iterable[Wish]:
    """Switch it on."""
    place = "/KeyRotationEnabled"
    now = at.estate.need(KMS_ROTATION, key.arn).enabled.get()
    name = key.arn.rpartition("/")[2]
    yield Wish(Target("kms_key_rotation", AWS, key.arn), name, {place: now}, {place: True})


def _rotation(rotation: Items) -> MemorySnapshot:
    return given(encryption_keys=[registered()], kms_rotation=rotation)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("rotates", _rotation([{"arn": ARN, "KeyRotationEnabled": True}]))
    yield fails("never rotates", _rotation([{"arn": ARN, "KeyRotationEnabled": False}]))
    yield unclear("not answered", _rotation([{"arn": ARN}]))
    yield unclear("rotation may not be read", _rotation(refused()))
    yield unclear("keys may not be listed", given(encryption_keys=refused(), kms_rotation=[]))
    yield exempt("no keys are registered", given(encryption_keys=[], kms_rotation=[]))

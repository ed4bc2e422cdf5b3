"""A key whose policy nobody can change is lost with the next mistake, and with it all that it
encrypts. Who deletes or disables it, or takes over its policy, holds every workspace to ransom
unless somebody out of their reach can take it back: enable it, end its deletion, put the policy
right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement
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
from lakewarden.controls.kit.key_mending import keepers, key_policy, recovers
from lakewarden.controls.kit.keys import ARN, KEY, RegisteredKey, registered
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import document, put, statements_in
from lakewarden.controls.kit.proved import account_in, asked, document_of, partition_in
from lakewarden.estate.account import ENCRYPTION_KEYS
from lakewarden.estate.given import given, refused
from lakewarden.estate.rights import KEY_POLICIES
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.policies.build import allow, callers

CONTROL = Control(
    id="key-recoverable",
    title="Your guardians can change a key's policy, enable it and keep it from deletion",
    paper=("P26", "P27"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=KEY,
    needs=(ENCRYPTION_KEYS.need(), KEY_POLICIES.need()),
    fix=Fix(
        "Allow kms:PutKeyPolicy, kms:EnableKey and kms:CancelKeyDeletion in the key's policy to "
        "the guardians that lakewarden.toml names under aws.guardians, or to the account's root "
        "where it names none, and spare them in every Deny.",
        console="KMS, Customer managed keys, the key, Key policy, Edit.",
        api="kms PutKeyPolicy, as long as somebody can; where nobody can, only AWS Support.",
        terraform="policy of aws_kms_key, or aws_kms_key_policy.",
        breaks="Nothing; it gives back a way in that was missing.",
    ),
    maps=also(
        "shows by proof that a key can be won back after a mistake or an attack",
        Relation.SUBSET,
        nist="CP-9 CP-10 SC-12 SC-12(1)",
        soc2="A1.2 CC6.1",
        pci="3.6.1 3.7.1",
        hipaa="164.308(a)(7)(ii)(C)",
        iso="A.5.29 A.8.24",
        ccm="BCR-08 CEK-08 CEK-12",
        attack="T1485 T1486",
    ),
)


@CONTROL.check
def check(key: RegisteredKey, at: Context) -> Judgement:
    """Each guardian, or else the root of the key's account, is admitted by the key's policy."""
    document = at.estate.need(KEY_POLICIES, key.arn).document.get()
    account = account_in(key.arn)
    root = f"arn:{partition_in(key.arn)}:iam::{account}:root"
    return asked(
        "kms.recoverable_by",
        KEY_POLICIES,
        {"policy": (document_of(document, KEY_POLICIES),)},
        {"principals": at.policy.guardians or (root,), "account": (account,)},
    )


@CONTROL.mends
def mend(key: RegisteredKey, at: Context) -> Iterable[Wish | Step]:
    """Let the guardians take the key back; a Deny that keeps them from it is for people."""
    who = keepers(key.arn, at)
    grant = allow("GuardiansTakeBack", _RECOVERS, to=callers(*who))
    text = at.estate.need(KEY_POLICIES, key.arn).document.get()
    if recovers(document(put(statements_in(text, KEY_POLICIES), grant)), key.arn, at).holds:
        note = "it gives back to those who keep the key what takes it back"
        yield key_policy(key.arn, at, lambda found: put(found, grant), note)
        return
    shown = ", ".join(who)
    do = f"Take {shown} out of every Deny of the key's policy that keeps them from changing it."
    yield Step(do, "`lakewarden assess --control key-recoverable` passes")


_RECOVERS: Final = (
    "kms:CancelKeyDeletion",
    "kms:DescribeKey",
    "kms:EnableKey",
    "kms:GetKeyPolicy",
    "kms:PutKeyPolicy",
)
_OWN: Final = "arn:aws:iam::111122223333"
_GUARDIAN: Final = f"{_OWN}:role/guardian"
_OURS: Final[dict[str, Any]] = {"Principal": {"AWS": f"{_OWN}:root"}, "Action": "kms:*"}


def _key(*statements: dict[str, Any], **kinds: Any) -> Any:
    whole = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    text = json.dumps({"Version": "2012-10-17", "Statement": whole})
    usual: dict[str, Any] = {
        "encryption_keys": [registered()],
        "key_policies": [{"arn": ARN, "Policy": text}],
    }
    return given(**{**usual, **kinds})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    guarded = Policy(guardians=(_GUARDIAN,))
    alone = {"Principal": {"AWS": _GUARDIAN}, "Action": "kms:*"}
    others = {
        **_OURS,
        "Effect": "Deny",
        "Principal": "*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": _GUARDIAN}},
    }
    yield passes("the account as a whole", _key(_OURS))
    yield passes("a guardian of the account", _key(_OURS), guarded)
    yield passes("the guardian alone", _key(alone), guarded)
    yield passes("a Deny that spares the guardian", _key(_OURS, others), guarded)
    yield fails("a Deny that spares a guardian nobody named", _key(_OURS, others))
    yield fails("nobody", _key())
    yield fails("a guardian whom nobody named", _key(alone))
    using = ["kms:Encrypt", "kms:Decrypt", "kms:EnableKey"]
    yield fails("users alone", _key({**_OURS, "Action": using}))
    some = {**_OURS, "Action": ["kms:PutKeyPolicy", "kms:EnableKey"]}
    yield fails("who can change it cannot keep it from deletion", _key(some))
    factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    yield fails("with a condition that may not be met", _key({**_OURS, "Condition": factor}))
    yield fails("the other one of two", _key(alone), Policy(guardians=(_GUARDIAN, f"{_OWN}:root")))
    yield fails("another account's root", _key({**_OURS, "Principal": {"AWS": "999900001111"}}))
    yield unclear("a guardian that is no caller", _key(_OURS), Policy(guardians=("guardian",)))
    yield unclear("the policy may not be read", _key(key_policies=refused()))
    yield unclear("text that is no policy", _key(key_policies=[{"arn": ARN, "Policy": "{}"}]))
    yield unclear("keys may not be listed", _key(encryption_keys=refused()))
    yield exempt("no keys are registered", _key(encryption_keys=[]))

"""A key protects from those alone whom its policy leaves out. A policy that lets everybody in, or
Databricks on behalf of any of its customers, makes the key a formality: whoever can reach the data
can open it, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, all_of, observe
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
from lakewarden.controls.kit.key_mending import documented, key_policy, of_vendor, uses_alone
from lakewarden.controls.kit.keys import ARN, KEY, RegisteredKey, registered
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import Statements, document
from lakewarden.controls.kit.principals import narrowed_to, principals_of
from lakewarden.estate.account import ENCRYPTION_KEYS
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import ACCOUNT_ID, Items, given, refused
from lakewarden.estate.rights import KEY_POLICIES
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.proofs.policies.build import Policy
from lakewarden.semantics.bucket_policy import admits_vendor, is_for_tenant
from lakewarden.semantics.iam_documents import Statement, statements

CONTROL = Control(
    id="cmk-policy-plain",
    title="The key's policy lets in nobody unknown, and Databricks for this account alone",
    paper=("P26", "P27"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=KEY,
    needs=(ENCRYPTION_KEYS.need(), KEY_POLICIES.need()),
    fix=Fix(
        "Give the Databricks statements of the key's policy the condition StringEquals "
        "aws:PrincipalTag/DatabricksAccountId with your account id, and take out every Allow to "
        "everybody.",
        console="KMS, Customer managed keys, the key, Key policy, Edit.",
        api="kms PutKeyPolicy with KeyId, PolicyName default and the new policy.",
        terraform="policy of aws_kms_key, or aws_kms_key_policy, with the condition.",
        breaks="A wrong account id keeps Databricks from reading notebooks and the root bucket of "
        "every workspace that uses the key.",
    ),
    maps=also(
        "keeps the use and the management of the key from strangers and from other tenants",
        Relation.SUBSET,
        nist="AC-3 AC-6 SC-12 SC-28(1)",
        soc2="CC6.1 CC6.3",
        pci="3.6.1 7.2.5",
        hipaa="164.312(a)(2)(iv) 164.312(a)(1)",
        iso="A.5.15 A.8.24",
        ccm="CEK-08 IAM-05 IAM-16",
        attack="T1530",
    ),
)

_MANAGING: Final = tuple(
    f"kms:{action}"
    for action in ("putkeypolicy", "schedulekeydeletion", "disablekey", "deleteimportedkeymaterial")
)
"""What changes who may use the key, or ends it."""
_CALLER: Final = frozenset({"kms:calleraccount", "aws:principalaccount"})
"""Condition keys that leave nobody but the account that they name."""


@CONTROL.check
def check(key: RegisteredKey, at: Context) -> Judgement:
    """No Allow is for everybody without a condition, or for Databricks without the tag."""
    account_id = at.estate.meta.account_id
    if not account_id:
        gap = ENCRYPTION_KEYS.gap(Cause.NOT_READ, "the Databricks account is not known")
        raise UnreadError(gap)
    policy = at.estate.need(KEY_POLICIES, key.arn)
    whole = statements(policy.document.get(), KEY_POLICIES)
    grants = [s for s in whole if s.allows and not _for_own_account(s, key.arn)]
    strangers = [s for s in grants if _for_anybody(s)]
    vendor = [s for s in grants if not _for_anybody(s) and admits_vendor(s)]
    foreign = [s for s in vendor if not is_for_tenant(s, account_id)]
    total = [s for s in vendor if _manages(s)]
    source = KEY_POLICIES.source
    tag = f"aws:PrincipalTag/DatabricksAccountId = {account_id}"
    return all_of(
        observe(
            not strangers,
            Evidence(source, "Principal", f"{len(strangers)} for everybody", "none"),
            otherwise=f"{len(strangers)} statements let in everybody, without a condition",
        ),
        observe(
            not foreign,
            Evidence(source, "Condition", f"{len(foreign)} of {len(vendor)} without", tag),
            otherwise=f"{len(foreign)} statements let in Databricks for any of its customers",
        ),
        observe(
            not total,
            Evidence(source, "Action", f"{len(total)} that manage", "using, not managing the key"),
            otherwise=f"{len(total)} statements let Databricks manage the key",
        ),
    )


def _manages(statement: Statement) -> bool:
    patterns = statement.actions or ("*",)
    return any(fnmatchcase(action, pattern) for action in _MANAGING for pattern in patterns)


def _for_own_account(statement: Statement, arn: str) -> bool:
    """Return whether it is for everybody of the key's own account."""
    own = arn.split(":")[4:5]
    return statement.for_everybody and any(
        operator.lower() == "stringequals" and key in _CALLER and list(values) == own
        for operator, tests in statement.conditions.items()
        for key, values in tests.items()
    )


def _for_anybody(statement: Statement) -> bool:
    everybody = statement.for_everybody or not statement.principals
    return everybody and not statement.conditions


@CONTROL.mends
def mend(key: RegisteredKey, at: Context) -> Iterable[Wish]:
    """Take out what is for everybody, and tie Databricks to this account and to using the key."""

    def edit(found: Statements) -> Statements:
        return [new for entry in found for new in _plain(entry, key.arn, at)]

    yield key_policy(key.arn, at, edit)


def _plain(entry: Policy, arn: str, at: Context) -> Iterator[Policy]:
    """Yield what is left of a statement."""
    statement, tenant = document([entry]).statements[0], at.estate.meta.account_id
    wide = _for_anybody(statement)
    ours = not statement.allows or _for_own_account(statement, arn)
    if ours or not (wide or admits_vendor(statement)):
        yield entry
    elif not wide:
        theirs = of_vendor(entry, arn, tenant)
        if theirs and _manages(statement):
            yield from uses_alone(theirs, documented(arn, at))
        elif theirs:
            yield theirs
        apart = (who for who in principals_of(entry) if not _admits(entry, who))
        yield from (kept for kept in [narrowed_to(entry, apart)] if kept)


def _admits(entry: Policy, who: tuple[str, str]) -> bool:
    """Return whether a statement for one of its principals alone lets in Databricks."""
    alone = {**entry, "Principal": "*" if who[0] == "*" else {who[0]: who[1]}}
    return admits_vendor(document([alone]).statements[0])


def _policy(*more: dict[str, Any], **vendor: Any) -> MemorySnapshot:
    own = {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*"}
    tenant = {
        "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
        "Action": ["kms:Encrypt", "kms:Decrypt"],
        "Condition": {"StringEquals": {"aws:PrincipalTag/DatabricksAccountId": ACCOUNT_ID}},
        **vendor,
    }
    grants = [{"Effect": "Allow", "Resource": "*", **entry} for entry in (own, tenant, *more)]
    return _key([{"arn": ARN, "Policy": json.dumps({"Statement": grants})}])


def _key(policies: Items) -> MemorySnapshot:
    return given(encryption_keys=[registered()], key_policies=policies)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("Databricks for this account", _policy())
    yield fails("Databricks for anybody", _policy(Condition={}))
    other = {"StringEquals": {"aws:PrincipalTag/DatabricksAccountId": "another"}}
    yield fails("Databricks for another account", _policy(Condition=other))
    yield fails("Databricks may manage the key", _policy(Action="kms:*"))
    for action in ("kms:PutKeyPolicy", "kms:Put*", "kms:?isableKey"):
        yield fails(f"Databricks may {action}", _policy(Action=["kms:Decrypt", action]))
    caller = {"StringEquals": {"kms:CallerAccount": "111122223333"}}
    everyone = {"Principal": {"AWS": "*"}, "Action": "kms:Decrypt"}
    yield passes("everybody of the own account", _policy({**everyone, "Condition": caller}))
    theirs = {"StringEquals": {"kms:CallerAccount": "999988887777"}}
    yield fails("everybody of another account", _policy({**everyone, "Condition": theirs}))
    https = {"Bool": {"aws:SecureTransport": "true"}}
    yield fails("everybody who encrypts", _policy({**everyone, "Condition": https}))
    yield fails("everybody", _policy({"Principal": "*", "Action": "kms:Decrypt"}))
    yield fails(
        "everybody by another name", _policy({"Principal": {"AWS": "*"}, "Action": "kms:*"})
    )
    some = {"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:Decrypt"}
    yield fails("everybody but some", _policy(some))
    service = {"Principal": {"Service": "logs.amazonaws.com"}, "Action": "kms:Decrypt"}
    yield passes("a service of AWS", _policy(service))
    yield unclear("text that is no policy", _key([{"arn": ARN, "Policy": "{}"}]))
    yield unclear("the policy may not be read", _key(refused()))
    yield unclear("keys may not be listed", given(encryption_keys=refused(), key_policies=[]))
    yield exempt("no keys are registered", given(encryption_keys=[], key_policies=[]))

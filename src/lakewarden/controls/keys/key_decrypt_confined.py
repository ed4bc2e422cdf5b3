"""Encrypted data is as safe as the list of those who may decrypt it, and that list has two parts:
the key's policy, and grants, which the policy does not show. A stranger in either reads whatever
they get hold of; and Databricks, which serves all its customers from one account, reads for another
of them what is yours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of
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
from lakewarden.controls.kit.key_mending import key_policy, of_vendor
from lakewarden.controls.kit.keys import ARN, KEY, RegisteredKey, registered
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import AWS, Statements, document
from lakewarden.controls.kit.principals import narrowed_to, principals_of
from lakewarden.controls.kit.proved import (
    account_in,
    accounts_of,
    asked,
    document_of,
    partition_in,
    vendor_accounts,
)
from lakewarden.estate.account import CREDENTIALS, ENCRYPTION_KEYS
from lakewarden.estate.authority import KEY_GRANTS, KeyGrant
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import ACCOUNT_ID, given, refused
from lakewarden.estate.rights import KEY_POLICIES
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.iam_documents import Document

CONTROL = Control(
    id="key-decrypt-confined",
    title="Nobody decrypts with a key but your accounts, key users, and Databricks for you",
    paper=("P26", "P27"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=KEY,
    needs=(
        ENCRYPTION_KEYS.need(),
        KEY_POLICIES.need(),
        KEY_GRANTS.need(),
        CREDENTIALS.need(),
    ),
    fix=Fix(
        "Take whoever the finding shows out of the key's policy, or revoke the grant; give the "
        "Databricks statements the condition StringEquals aws:PrincipalTag/DatabricksAccountId "
        "with your account id; and name in lakewarden.toml, under aws.key_users, who else may "
        "decrypt.",
        console="KMS, Customer managed keys, the key, Key policy, Edit; the console shows no "
        "grants.",
        api="kms PutKeyPolicy with KeyId, PolicyName default and the new policy; kms RevokeGrant "
        "with KeyId and GrantId.",
        terraform="policy of aws_kms_key, or aws_kms_key_policy; aws_kms_grant.",
        breaks="Whoever decrypted by the statement or the grant can no longer read what the key "
        "encrypts.",
    ),
    maps=also(
        "shows by proof who can decrypt, by the policy and by grants",
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


@CONTROL.check
def check(key: RegisteredKey, at: Context) -> Judgement:
    """Nobody else decrypts, and Databricks uses the key for no other customer."""
    text = at.estate.need(KEY_POLICIES, key.arn).document.get()
    grants = tuple(map(_wire, at.estate.need(KEY_GRANTS, key.arn).grants.get()))
    return _confined(document_of(text, KEY_POLICIES), grants, key, at)


def _confined(
    policy: Document, grants: tuple[Mapping[str, Any], ...], key: RegisteredKey, at: Context
) -> Condition:
    tenant = at.estate.meta.account_id
    if not tenant:
        gap = ENCRYPTION_KEYS.gap(Cause.NOT_READ, "the Databricks account is not known")
        raise UnreadError(gap)
    policies = {"policy": (policy,)}
    own = account_in(key.arn)
    vendors = vendor_accounts(partition_in(key.arn))
    readers = (*vendors, own, *accounts_of(at), *at.policy.key_users)
    mine = {"databricks-account": (tenant,), "account": (own,)}
    return all_of(
        asked(
            "kms.decrypt_only_by",
            KEY_POLICIES,
            policies,
            {"principals": dict.fromkeys(readers), "account": (own,)},
            grants,
        ),
        *(
            asked(
                "kms.no_other_tenant", KEY_POLICIES, policies, {"databricks": (v,), **mine}, grants
            )
            for v in vendors
        ),
    )


@CONTROL.mends
def mend(key: RegisteredKey, at: Context) -> Iterable[Wish]:
    """Take strangers out of the policy, tie Databricks to this account, and revoke grants."""
    text = at.estate.need(KEY_POLICIES, key.arn).document.get()
    if _confined(document_of(text, KEY_POLICIES), (), key, at).met is False:

        def edit(found: Statements) -> Statements:
            return [new for entry in found for new in _known(entry, found, key, at)]

        yield key_policy(key.arn, at, edit)
    nothing = document([])
    for grant in at.estate.need(KEY_GRANTS, key.arn).grants.get():
        if _confined(nothing, (_wire(grant),), key, at).met is False:
            target = Target("kms_grant", AWS, f"{key.arn}|{grant.id}")
            before = {"/GrantId": grant.id, "/Operations": list(grant.operations)}
            yield Wish(target, grant.grantee, before, None, irreversible=_GONE)


_GONE: Final = "KMS makes no grant again as it was; whoever made it has to make another"


def _known(
    entry: dict[str, Any], found: Statements, key: RegisteredKey, at: Context
) -> Iterator[dict[str, Any]]:
    """Yield what is left of a statement: all of it unless somebody else gets through by it."""
    denies = [other for other in found if other.get("Effect") == "Deny"]
    if entry in denies or _confined(document([entry, *denies]), (), key, at).met:
        yield entry
        return
    theirs = of_vendor(entry, key.arn, at.estate.meta.account_id)
    readers = {account_in(key.arn), *accounts_of(at), *at.policy.key_users}
    kept = [w for w in principals_of(entry) if w[1] in readers or account_in(w[1]) in readers]
    ours = narrowed_to(entry, kept)
    yield from (left for left in (theirs, ours) if left)


def _wire(grant: KeyGrant) -> Mapping[str, Any]:
    """Return a grant as the question takes it, an AWS service for its grantee where one is."""
    return {
        "GrantId": grant.id,
        "GranteePrincipal": grant.grantee or grant.grantee_service,
        "Operations": list(grant.operations),
    }


_OWN: Final = "arn:aws:iam::111122223333"
_OURS: Final[dict[str, Any]] = {"Principal": {"AWS": f"{_OWN}:root"}, "Action": "kms:*"}
_TENANT: Final = {"StringEquals": {"aws:PrincipalTag/DatabricksAccountId": ACCOUNT_ID}}
_FOR_US: Final[dict[str, Any]] = {
    "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:CreateGrant"],
    "Condition": _TENANT,
}
_STRANGER: Final = "arn:aws:iam::999900001111:role/partner"


def _key(
    *more: dict[str, Any], vendor: dict[str, Any] | None = None, **kinds: Any
) -> MemorySnapshot:
    """Return an estate with a key: its policy has our statement, Databricks' and others."""
    entries = [_OURS, {**_FOR_US, **(vendor or {})}, *more]
    whole = [{"Effect": "Allow", "Resource": "*", **entry} for entry in entries]
    text = json.dumps({"Version": "2012-10-17", "Statement": whole})
    role = {"sts_role": {"role_arn": "arn:aws:iam::444455556666:role/databricks"}}
    usual: dict[str, Any] = {
        "encryption_keys": [registered()],
        "key_policies": [{"arn": ARN, "Policy": text}],
        "key_grants": [{"arn": ARN, "Grants": []}],
        "credentials": [{"credentials_id": "c1", "aws_credentials": role}],
    }
    return given(**{**usual, **kinds})


def _granted(grantee: str, *operations: str, **fields: Any) -> MemorySnapshot:
    grant = {"GrantId": "g1", "Operations": list(operations or ("Decrypt",)), **fields}
    return _key(key_grants=[{"arn": ARN, "Grants": [{"GranteePrincipal": grantee, **grant}]}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    stranger = {"Principal": {"AWS": _STRANGER}, "Action": "kms:Decrypt"}
    named = Policy(key_users=(_STRANGER,))
    yield passes("our account, and Databricks for us", _key())
    worker = {"Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "kms:Decrypt"}
    yield passes("the account of the workspaces", _key(worker))
    yield passes("a key user", _key(stranger), named)
    disk = "arn:aws:sts::444455556666:assumed-role/aws:ec2-infrastructure/i-0abc"
    yield passes("a grant for a disk of ours", _granted(disk))
    yield passes("a grant that reads nothing", _granted(_STRANGER, "Encrypt"))
    yield fails("somebody else", _key(stranger))
    yield fails("somebody else may make grants", _key({**stranger, "Action": "kms:CreateGrant"}))
    yield fails("somebody else by a pattern", _key({**stranger, "Action": "kms:ReEncrypt*"}))
    yield fails("everybody", _key({**stranger, "Principal": "*"}))
    spared = {"NotPrincipal": {"AWS": f"{_OWN}:root"}, "Action": "kms:Decrypt"}
    yield fails("everybody but us", _key(spared))
    logs = {"Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Action": "kms:Decrypt"}
    yield fails("a service that is no key user", _key(logs))
    yield fails("Databricks for anybody", _key(vendor={"Condition": {}}))
    loose = {"StringLike": {"aws:PrincipalTag/DatabricksAccountId": "0*"}}
    yield fails("Databricks for ids that begin alike", _key(vendor={"Condition": loose}))
    yield fails("a grant for somebody else", _granted(_STRANGER))
    yield fails("a grant to pass on", _granted(_STRANGER, "Encrypt", "CreateGrant"))
    abroad = "arn:aws:sts::999900001111:assumed-role/aws:ec2-infrastructure/i-0abc"
    yield fails("a grant for somebody else's disk", _granted(abroad))
    yield fails("a grant for Databricks", _granted("arn:aws:iam::414351767826:role/worker"))
    service = "dynamodb.us-east-1.amazonaws.com"
    yield fails("a grant for a service", _granted("", GranteeServicePrincipal=service))
    yield unclear("a grant for nobody", _granted(""))
    yield unclear("a grant for somebody deleted", _granted("AROAEXAMPLEEXAMPLE12"))
    yield unclear("a key user that is no caller", _key(stranger), Policy(key_users=("partner",)))
    yield unclear("grants may not be read", _key(key_grants=refused()))
    yield unclear("the policy may not be read", _key(key_policies=refused()))
    yield unclear("text that is no policy", _key(key_policies=[{"arn": ARN, "Policy": "{}"}]))
    yield unclear("whose workspaces they are was not read", _key(worker, credentials=refused()))
    yield unclear("keys may not be listed", _key(encryption_keys=refused()))
    yield exempt("no keys are registered", _key(encryption_keys=[]))

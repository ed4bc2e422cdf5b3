"""What mends the policies of KMS keys: edits of statements, with their proofs."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policy_wishes import (
    AWS,
    Edit,
    Statements,
    narrower,
    policy_wish,
    proof,
    works_on,
)
from lakewarden.controls.kit.principals import (
    EVERYBODY,
    for_tenant,
    listed,
    narrowed_to,
    principals_of,
    with_test,
)
from lakewarden.controls.kit.proved import account_in, partition_in, vendor_accounts
from lakewarden.estate.account import ENCRYPTION_KEYS
from lakewarden.estate.rights import KEY_POLICIES
from lakewarden.plan.change import Proof, Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.proofs.facts.accounts import platforms
from lakewarden.proofs.policies import keys
from lakewarden.proofs.policies.build import Policy, accounts
from lakewarden.semantics.iam_documents import Document

_USES: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What Databricks does with a key, beside grants for AWS services."""


def key_policy(arn: str, at: Context, edit: Edit, note: str = "") -> Wish:
    """Wish for a policy that comes of a key's by an edit.

    Args:
        arn: the key's.
        at: the context.
        edit: makes the new statements out of the old ones.
        note: what is meant to be allowed besides.

    Raises:
        UnreadError: the policy was not read.
    """
    text = at.estate.need(KEY_POLICIES, arn).document.get()

    def prove(new: Document, old: Document) -> Iterator[Proof]:
        yield narrower((new,), (old,), note)
        vendors = vendor_accounts(partition_in(arn))
        tenant = {"databricks-account": (at.estate.meta.account_id,)}
        yield works_on((new,), (old,), {"principals": vendors, "actions": _USES, **tenant})
        if note or recovers(old, arn, at).holds:
            yield recovers(new, arn, at)

    target, name = Target("kms_key_policy", AWS, arn), arn.rpartition("/")[2]
    return policy_wish(target, name, text, KEY_POLICIES, edit, prove)


def keepers(arn: str, at: Context) -> tuple[str, ...]:
    """Return who must be able to take a key back: guardians, or else the root of its account."""
    root = f"arn:{partition_in(arn)}:iam::{account_in(arn)}:root"
    return at.policy.guardians or (root,)


def recovers(policy: Document, arn: str, at: Context) -> Proof:
    """Return the proof that whoever keeps a key can take it back."""
    words = {"principals": keepers(arn, at), "account": (account_in(arn),)}
    return proof("kms.recoverable_by", {"policy": (policy,)}, words)


def of_vendor(entry: Policy, arn: str, tenant: str) -> Policy | None:
    """Return what a statement allows Databricks, for one of its customers alone; None for nothing.

    Args:
        entry: an Allow.
        arn: the key's.
        tenant: the id of the Databricks account.
    """
    vendors, partition = vendor_accounts(partition_in(arn)), partition_in(arn)
    named = principals_of(entry)
    if EVERYBODY in named:
        return for_tenant({**entry, "Principal": accounts(*vendors, partition=partition)}, tenant)
    kept = narrowed_to(entry, (who for who in named if account_in(who[1]) in vendors))
    bare = narrowed_to(entry, (who for who in named if who[1] in vendors))
    found = kept or bare
    return for_tenant(found, tenant) if found else None


def documented(arn: str, at: Context) -> Statements:
    """Return the statements that let Databricks use a key for what it is registered for.

    Raises:
        UnreadError: what it is registered for was not read.
        CannotPlanError: it is not known which of several platforms of Databricks uses it.
    """
    vendors = platforms(partition_in(arn))
    if len(vendors) != 1:
        reason = f"Databricks has {len(vendors)} platforms in {partition_in(arn)}: write its"
        raise CannotPlanError(f"{reason} statement into the policy of {arn} by hand")
    account, tenant = account_in(arn), at.estate.meta.account_id
    registered = [key for key in at.estate.of(ENCRYPTION_KEYS).each() if key.arn.get() == arn]
    uses = {use for key in registered for use in key.use_cases.get()}
    made: Statements = []
    if "STORAGE" in uses:
        made += keys.workspace_storage(vendors[0], account, "", tenant)["Statement"]
    elif "MANAGED_SERVICES" in uses:
        made += keys.managed_services(vendors[0], account, tenant)["Statement"]
    root = vendors[0].root
    return [entry for entry in made if ("AWS", root) in principals_of(entry)]


def uses_alone(entry: Policy, models: Statements) -> Iterator[Policy]:
    """Yield what is left of a statement when nothing may be done but what others let do.

    Args:
        entry: an Allow.
        models: those that are documented, of which each gives its actions and its tests.
    """
    patterns = [str(action).lower() for action in listed(entry.get("Action", ()))]
    for model in models:
        actions = [
            action
            for action in listed(model["Action"])
            if any(fnmatchcase(action.lower(), pattern) for pattern in patterns)
        ]
        made = entry
        for operator, tests in model.get("Condition", {}).items():
            for key, value in tests.items():
                made = with_test(made, operator, key, value)
        if actions:
            yield {**made, "Action": actions, **_name(entry, model)}


def _name(entry: Policy, model: Policy) -> dict[str, str]:
    return {"Sid": model["Sid"]} if "Sid" in entry else {}

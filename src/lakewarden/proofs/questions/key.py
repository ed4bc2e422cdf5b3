"""Questions about keys: who can decrypt, grants included, and who can mend the key's policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.proofs.facts.effects import DECRYPTS
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, Request, that
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.bucket import ACCOUNT, ORGANISATION
from lakewarden.proofs.questions.describe import by, not_by, organisation
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.semantics.iam_documents import Statement

_GRANTED: Final = frozenset({"Decrypt", "ReEncryptFrom", "CreateGrant"})
_RECOVERS: Final = ("kms:PutKeyPolicy", "kms:EnableKey", "kms:CancelKeyDeletion")
_POLICY: Final = Argument("policy", "the key's policy", required=True, policy=True)
_OWN: Final = (
    "callers of an account that the key policy names as a whole are taken to be allowed by "
    "policies of their own"
)
_RULES: Final = "nobody else replaces the key's policy; who may, can lift what it says"
_ASSUMED: Final = (_OWN, _RULES)


def layers_of(given: Given) -> tuple[Layer, ...]:
    """Return what decides on a request for a key: its policy has to allow it itself."""
    policy = Layer("key policy", given.documents(), names_callers=True)
    return (policy, *organisation(given, given.one("account")))


def _decrypt_only_by(given: Given) -> Answer:
    others = not_by(given.many("principals"))
    claim = Claim(DECRYPTS, others, layers_of(given), assumptions=_noted(given))
    answer = answered("kms.decrypt_only_by", _ONLY, [claim])
    return _granted(answer, given, others)


def _no_other_tenant(given: Given) -> Answer:
    tenant = given.one("databricks-account")
    other = that(("StringNotEquals", "aws:PrincipalTag/DatabricksAccountId", (tenant,)))
    where = (by(given.one("databricks")), other)
    claim = Claim(("kms:*",), where, layers_of(given), assumptions=_noted(given))
    return _granted(answered("kms.no_other_tenant", _TENANT, [claim]), given, where)


def _noted(given: Given) -> tuple[str, ...]:
    none = ("the key has no grants: none were given",)
    return (*_ASSUMED, *(none if given.grants is None else ()))


def _granted(answer: Answer, given: Given, where: tuple[Statement, ...]) -> Answer:
    """Return an answer about a policy as it is beside the grants: what refutes it comes first."""
    if answer.outcome is Outcome.REFUTED:
        return answer
    worst = answer
    for grant in given.grants or ():
        found = _through(grant, given, where)
        if found is not None:
            lines = (f"grant {grant.get('GrantId', 'without id')} allows it", *found[1])
            worst = replace(
                answer, outcome=found[0], statements=(), witness=found[2], explanation=lines
            )
        if worst.outcome is Outcome.REFUTED:
            return worst
    return worst


_Found = tuple[Outcome, tuple[str, ...], tuple[Request, ...]]


def _through(grant: Mapping[str, Any], given: Given, where: tuple[Statement, ...]) -> _Found | None:
    """Return how a grant refutes the claim, or why that is not known; None when it does not.

    Raises:
        ArgumentError: its grantee is nobody that a policy could name.
    """
    grantee, operations = grant.get("GranteePrincipal"), grant.get("Operations")
    if not isinstance(grantee, str) or not isinstance(operations, list):
        return Outcome.UNKNOWN, ("it does not say to whom, or what",), ()
    useful = sorted(_GRANTED & {str(operation) for operation in operations})
    if not useful:
        return None
    actions = tuple(f"kms:{operation}" for operation in useful)
    caller = by(_whose(grantee))
    policy = Layer("key policy", given.documents(), names_callers=True, refuses_only=True)
    layers = (policy, *organisation(given, given.one("account")))
    if prove(Claim(actions, (caller,), (replace(policy, documents=()),))).outcome is Outcome.PROVED:
        return Outcome.UNKNOWN, (f"nobody can say who {grantee} is",), ()
    proof = prove(Claim(actions, (caller, *where), layers))
    if proof.outcome is Outcome.PROVED:
        return None
    return proof.outcome, proof.reasons, proof.witness


def _whose(grantee: str) -> str:
    """Return whom a grantee counts as: a session, whose role has no certain ARN, as its account."""
    fields = grantee.split(":")
    return fields[4] if fields[:1] == ["arn"] and fields[2:3] == ["sts"] else grantee


def _recoverable_by(given: Given) -> Answer:
    claims = (
        Claim(
            _RECOVERS,
            (_exactly(caller), that(("Bool", "aws:ViaAWSService", ("false",)))),
            layers_of(given),
            every=True,
            assumptions=_ASSUMED,
        )
        for caller in given.many("principals")
    )
    return answered("kms.recoverable_by", _RECOVER, claims)


def _exactly(caller: str) -> Statement:
    """Return the description of requests by a caller; of a root ARN by the root user alone."""
    if caller.endswith(":root"):
        return that(("ArnEquals", "aws:PrincipalArn", (caller,)))
    return by(caller)


_ONLY: Final = "Nobody but the principals decrypts with the key, by its policy or by grants"
_TENANT: Final = "No request of Databricks for another customer uses the key"
_RECOVER: Final = "The principals can replace the key's policy, enable it and keep it from deletion"

QUESTIONS: Final = (
    Question(
        "kms.decrypt_only_by",
        _ONLY,
        (
            _POLICY,
            Argument("principals", "who may: accounts, ARNs, services", required=True),
            Argument("grants", "the grants of the key, as kms:ListGrants answers"),
            ACCOUNT,
            *ORGANISATION,
        ),
        _decrypt_only_by,
        ("P26", "P27"),
    ),
    Question(
        "kms.no_other_tenant",
        _TENANT,
        (
            _POLICY,
            Argument("databricks", "the AWS account of Databricks", required=True),
            Argument("databricks-account", "the id of your Databricks account", required=True),
            Argument("grants", "the grants of the key, as kms:ListGrants answers"),
            ACCOUNT,
            *ORGANISATION,
        ),
        _no_other_tenant,
        ("P26", "P27"),
    ),
    Question(
        "kms.recoverable_by",
        _RECOVER,
        (
            _POLICY,
            Argument("principals", "who must be able to: ARNs", required=True),
            ACCOUNT,
            *ORGANISATION,
        ),
        _recoverable_by,
        ("P26", "P27"),
    ),
)

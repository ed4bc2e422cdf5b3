"""Questions about keys: who can decrypt, grants included, and who can mend the key's policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, Request, that
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.bucket import ACCOUNT, ORGANISATION
from lakewarden.proofs.questions.describe import by, not_by, organisation
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered

DECRYPTS: Final = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant")
"""What reads what the key encrypts, or lets somebody else do it."""
_GRANTED: Final = frozenset({"Decrypt", "ReEncryptFrom", "CreateGrant"})
_RECOVERS: Final = ("kms:PutKeyPolicy", "kms:EnableKey", "kms:CancelKeyDeletion")
_POLICY: Final = Argument("policy", "the key's policy", required=True, policy=True)
_OWN: Final = (
    "callers of an account that the key policy names as a whole are taken to be allowed by "
    "policies of their own"
)
_ASSUMED: Final = (_OWN,)


def layers_of(given: Given) -> tuple[Layer, ...]:
    """Return what decides on a request for a key: its policy has to allow it itself."""
    policy = Layer("key policy", given.documents(), names_callers=True)
    return (policy, *organisation(given, given.one("account")))


def _decrypt_only_by(given: Given) -> Answer:
    name, allowed = "kms.decrypt_only_by", given.many("principals")
    notes: tuple[str, ...] = _ASSUMED
    if given.grants is None:
        notes = (*notes, "the key has no grants: none were given")
    claim = Claim(DECRYPTS, not_by(allowed), layers_of(given), assumptions=notes)
    answer = answered(name, _ONLY, [claim])
    if answer.outcome is Outcome.REFUTED:
        return answer
    for grant in given.grants or ():
        found = _through(grant, given)
        if found is not None:
            lines = (f"grant {grant.get('GrantId', 'without id')} allows it", *found[1])
            return Answer(name, found[0], _ONLY, (), found[2], lines, notes)
    return answer


_Found = tuple[Outcome, tuple[str, ...], tuple[Request, ...]]


def _through(grant: Mapping[str, Any], given: Given) -> _Found | None:
    """Return how a grant refutes the claim, or why that is not known; None when it does not."""
    grantee, operations = grant.get("GranteePrincipal"), grant.get("Operations")
    if not isinstance(grantee, str) or not isinstance(operations, list):
        return Outcome.UNKNOWN, ("it does not say to whom, or what",), ()
    useful = sorted(_GRANTED & {str(operation) for operation in operations})
    if not useful:
        return None
    actions = tuple(f"kms:{operation}" for operation in useful)
    where = (by(grantee), *not_by(given.many("principals")))
    policy = Layer("key policy", given.documents(), names_callers=True, refuses_only=True)
    proof = prove(Claim(actions, where, (policy, *organisation(given, given.one("account")))))
    if proof.outcome is Outcome.PROVED:
        return None
    return proof.outcome, proof.reasons, proof.witness


def _recoverable_by(given: Given) -> Answer:
    claims = (
        Claim(
            _RECOVERS,
            (by(caller), that(("Bool", "aws:ViaAWSService", ("false",)))),
            layers_of(given),
            every=True,
            assumptions=_ASSUMED,
        )
        for caller in given.many("principals")
    )
    return answered("kms.recoverable_by", _RECOVER, claims)


_ONLY: Final = "Nobody but the principals decrypts with the key, by its policy or by grants"
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

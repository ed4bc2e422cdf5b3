"""The question about trust policies: who can become a role, and with which external id?"""

from __future__ import annotations

from typing import Final

from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.describe import by, not_by
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered

_BY_PROVIDER: Final = ("sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
_OWN: Final = (
    "callers of an account that the trust policy names as a whole are taken to be allowed by "
    "policies of their own"
)
_ASSUMED: Final = (_OWN,)


def _only(given: Given) -> Answer:
    layer = Layer("trust policy", given.documents(), names_callers=True)
    callers, external = given.many("principals"), given.many("external-id")
    own = given.many("without-external-id")
    claims = [
        Claim(("sts:AssumeRole",), not_by((*callers, *own)), (layer,), assumptions=_ASSUMED),
        Claim(_BY_PROVIDER, (), (layer,), assumptions=_ASSUMED),
    ]
    if external:
        other = that(("StringNotEquals", "sts:ExternalId", external))
        claims += [
            Claim(("sts:AssumeRole",), (by(caller), other), (layer,), assumptions=_ASSUMED)
            for caller in callers
        ]
    return answered("trust.only", _ONLY, claims)


_ONLY: Final = "Nobody but the principals becomes the role, and they only with the external id"

QUESTIONS: Final = (
    Question(
        "trust.only",
        _ONLY,
        (
            Argument("policy", "the role's trust policy", required=True, policy=True),
            Argument("principals", "who may: accounts, ARNs, services", required=True),
            Argument(
                "external-id",
                "the external ids that they have to show; none are asked for where it is left out",
            ),
            Argument("without-external-id", "who may without one: services, or the role itself"),
        ),
        _only,
        ("P28",),
    ),
)

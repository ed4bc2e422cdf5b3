"""The question about log buckets: can anybody but a guardian take back what was written?"""

from __future__ import annotations

from typing import Final

from lakewarden.proofs.facts.effects import UNDOES
from lakewarden.proofs.policy.scene import Claim
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.bucket import (
    ACCOUNT,
    BUCKET,
    ORGANISATION,
    POLICY,
    assumed,
    inside,
    layers_of,
)
from lakewarden.proofs.questions.describe import not_by
from lakewarden.proofs.questions.given import Argument, ArgumentError, Given
from lakewarden.proofs.questions.question import Question, answered

_UNLOCKS: Final = (
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketObjectLockConfiguration",
)
"""What makes it possible that the versions of tomorrow are not locked."""
_ROOT: Final = "the root user of the bucket's account can always replace the bucket's policy"
_KEPT: Final = "versions are kept: the bucket's versioning is enabled"
_LOCKED: Final = "Object Lock keeps every version in compliance mode for as long as it is needed"


def _immutable(given: Given) -> Answer:
    where = (inside(given), *not_by(given.many("principals")))
    lock = given.one("lock")
    if lock not in {"", "compliance"}:
        raise ArgumentError(f"lock: {lock!r} is not compliance, the mode that nobody overrides")
    notes = (*assumed(given), _LOCKED if lock else _KEPT, _ROOT)
    claim = Claim(_UNLOCKS if lock else UNDOES, where, layers_of(given), assumptions=notes)
    return answered("log.immutable", _IMMUTABLE, [claim])


_IMMUTABLE: Final = "Nobody but the principals removes versions of logs or opens a way to do so"

QUESTIONS: Final = (
    Question(
        "log.immutable",
        _IMMUTABLE,
        (
            POLICY,
            BUCKET,
            Argument("principals", "the guardians: accounts or ARNs"),
            Argument("lock", "compliance, where Object Lock keeps every version in that mode"),
            ACCOUNT,
            *ORGANISATION,
        ),
        _immutable,
        ("P08",),
    ),
)

"""The question about log buckets: can anybody but a guardian take back what was written?"""

from __future__ import annotations

from typing import Final

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
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered

UNDOES: Final = (
    "s3:DeleteObjectVersion",
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketObjectLockConfiguration",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
)
"""What removes a version, or makes it possible that one is removed."""


def _immutable(given: Given) -> Answer:
    where = (inside(given), *not_by(given.many("principals")))
    notes = (*assumed(given), "versions are kept: the bucket's versioning is enabled")
    claim = Claim(UNDOES, where, layers_of(given), assumptions=notes)
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
            ACCOUNT,
            *ORGANISATION,
        ),
        _immutable,
        ("P08",),
    ),
)

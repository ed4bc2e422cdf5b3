"""All questions by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.proofs.questions import (
    bucket,
    bucket_liveness,
    compare,
    continuity,
    endpoint,
    key,
    log,
    role,
    role_class,
    trust,
)
from lakewarden.proofs.questions.question import Question

QUESTIONS: Final[Mapping[str, Question]] = {
    question.name: question
    for family in (
        bucket,
        bucket_liveness,
        endpoint,
        key,
        role,
        role_class,
        trust,
        log,
        compare,
        continuity,
    )
    for question in family.QUESTIONS
}

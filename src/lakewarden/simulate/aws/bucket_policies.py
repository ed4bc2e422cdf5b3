"""Keeps bucket policies whole where moto would enforce a Deny without looking at its conditions.

To moto, a statement that denies plain HTTP, or callers from outside a network, denies everybody.
So it is given each policy without its conditional denials, and the whole text stays here.
"""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakewarden.simulate.aws.operations import Operation
    from lakewarden.simulate.aws.wire import Answer, Call


class BucketPolicies:
    """The policies of an account's buckets as they were put."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}

    def reduced(self, call: Call, operation: Operation) -> bytes:
        """Return a call's body with only such policy statements as moto understands."""
        if str(operation) != "s3:PutBucketPolicy":
            return call.body
        try:
            policy = json.loads(call.body)
        except ValueError:
            return call.body
        kept = [one for one in _statements(policy) if not _conditional_denial(one)]
        return json.dumps(policy | {"Statement": kept}).encode()

    def restored(self, call: Call, operation: Operation, answer: Answer) -> Answer:
        """Remember what a call put, and give back what was put before."""
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return answer
        if str(operation) == "s3:PutBucketPolicy":
            self._texts[call.path.strip("/")] = call.body
        if str(operation) == "s3:GetBucketPolicy":
            return replace(answer, body=self._texts[call.path.strip("/")])
        return answer


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    statements = policy.get("Statement", [])
    return [statements] if isinstance(statements, dict) else statements


def _conditional_denial(statement: dict[str, Any]) -> bool:
    return statement.get("Effect") == "Deny" and bool(statement.get("Condition"))

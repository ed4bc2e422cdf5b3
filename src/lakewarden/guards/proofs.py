"""A policy is changed only when it was proved to be narrower and to let Databricks work.

A change carries the proofs that its control made. Where one of them does not hold, or is missing,
somebody has to say why the policy is wanted all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.guards.guard import Given, Guard, Refusal
from lakewarden.plan.change import Change

NAME: Final = "proofs"
POLICIES: Final = frozenset(
    {"bucket_policy", "kms_key_policy", "role_policy", "role_trust", "vpc_endpoint_policy"}
)
"""The resource kinds that are policies of AWS."""
_NARROWER: Final = ("policy.not_more_permissive",)
_WORKS: Final = ("still_works", "vpce.covers_required_databricks_buckets")
"""How the names of the questions end that ask whether somebody can still do their work."""


def _refuse(given: Given) -> Iterator[Refusal]:
    if given.plan.overridden:
        return
    for change in given.changes(*POLICIES):
        for why in _doubts(change):
            step = "Correct what the proof names, or plan anew with --override-proofs REASON"
            yield Refusal(change.address, NAME, why, step)


def _doubts(change: Change) -> Iterator[str]:
    for proof in change.proofs:
        if not proof.holds:
            detail = f" ({proof.detail})" if proof.detail else ""
            yield f"it is {proof.outcome} that: {proof.claim}{detail}"
    if not any(proof.question.endswith(_NARROWER) for proof in change.proofs):
        yield "nothing shows that the new policy allows no more than the old one"
    if not any(proof.question.endswith(_WORKS) for proof in change.proofs):
        yield "nothing shows that Databricks still works with the new policy"


GUARD: Final = Guard(NAME, _refuse, lambda change: change.target.kind in POLICIES)

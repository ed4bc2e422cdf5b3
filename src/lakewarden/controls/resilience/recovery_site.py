"""A region, an AWS account or a key can be lost to an accident, an attacker or a mistake. If the
pipelines of the company stop with it, the loss is a ransom. A recovery site that was never tried
fails on the day when it is needed, and only a person can tell whether it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from lakewarden.controls.kit.control import (
    HIGH,
    Basis,
    Control,
    Example,
    attested,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.subjects import ACCOUNT
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="recovery-site",
    title="Another region can take over, and a switch to it was tried",
    paper=("P21",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(),
    fix=Fix(
        "Keep a workspace, its data and its identities ready in another region, switch "
        "over once for practice, then attest it in lakewarden.toml.",
    ),
    basis=Basis.ATTESTATION,
)


def _word(expires: date) -> Policy:
    word = Attestation(CONTROL.id, "Ann Admin", "drill of 2025-10-02, ticket OPS-9", expires)
    return Policy(attestations=(word,))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, lapsed and silent."""
    yield attested("on its last day", given(), _word(date(2026, 1, 1)))
    yield unclear("expired yesterday", given(), _word(date(2025, 12, 31)))
    yield unclear("nobody attests it", given())

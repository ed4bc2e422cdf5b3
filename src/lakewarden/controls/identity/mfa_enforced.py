"""A phished password is worth nothing without the second factor, and a hardware key cannot be
phished at all. Without one, every reused or leaked password of any user is a way into the data.
The identity provider asks for the second factor, and no Databricks API can tell whether it does,
so a person has to vouch for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from lakewarden.controls.kit.condition import Judgement, holds
from lakewarden.controls.kit.control import (
    BOTH,
    Basis,
    Context,
    Control,
    Example,
    attested,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="mfa-enforced",
    title="The identity provider asks everybody for a second factor",
    paper=("P02",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(),
    fix=Fix(
        "Require a second factor for Databricks in the identity provider, hardware keys "
        "for administrators and emergency accounts, then attest it in lakewarden.toml.",
    ),
    basis=Basis.ATTESTATION,
)


@CONTROL.check
def check(_: Account, __: Context) -> Judgement:
    """No fact can contradict it, so the attestation alone decides."""
    return holds()


def _attested_until(expires: date) -> Policy:
    word = Attestation("mfa-enforced", "Ann Admin", "sign-on policy 7", expires)
    return Policy(attestations=(word,))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested and not to be."""
    yield attested("attested", given(), _attested_until(date(2026, 6, 30)))
    yield attested("attested until today", given(), _attested_until(date(2026, 1, 1)))
    yield unclear("the attestation ended yesterday", given(), _attested_until(date(2025, 12, 31)))
    yield unclear("nobody attests it", given())

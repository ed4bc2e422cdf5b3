"""Where local passwords still work, a short or reused one is guessed within hours of a leak
elsewhere. The platform no longer shows which rules it asks of them, so a person must vouch for
it; where nobody may use a local password there is nothing to vouch for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, disabled, holds
from lakewarden.controls.kit.control import (
    HIGH,
    Basis,
    Context,
    Control,
    Example,
    attested,
    exempt,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import AUTHORIZATION
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Attestation, Policy
from lakewarden.semantics.grants import holders

CONTROL = Control(
    id="local-password-rules",
    title="Local passwords are long, and known from nowhere else",
    paper=("P04",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(AUTHORIZATION.need("passwords"),),
    fix=Fix(
        "Let nobody but the emergency accounts use local passwords. Until then, keep long random "
        "ones in a vault, and attest it in lakewarden.toml.",
        console="Workspace, Settings, Security: take the right to use passwords from everybody "
        "but the emergency group.",
        api="PUT /api/2.0/permissions/authorization/passwords "
        '{"access_control_list": [{"group_name": "…", "permission_level": "CAN_USE"}]}',
        terraform='databricks_permissions with authorization = "passwords" and an access_control '
        "for the emergency group alone.",
        breaks="Whoever signs in with a local password must sign in through the identity "
        "provider; programs with passwords in them stop working.",
        no_api="No API shows or sets rules for passwords; local-passwords-disabled takes the "
        "right to use them away.",
        no_terraform="No resource sets rules for passwords.",
    ),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "has a person vouch for passwords that are long and used nowhere else",
            Relation.SUBSET,
            nist="IA-5 IA-5(1)",
            soc2="CC6.1",
            pci="8.3 8.3.6",
            hipaa="164.308(a)(5)(ii)(D) 164.312(d)",
            iso="A.5.17 A.8.5",
            ccm="IAM-02 IAM-15",
        ),
        *also(
            "leaves nothing to gain from guessed or reused passwords",
            cis_aws="1.7 1.8",
            attack="T1110.001 T1110.003 T1110.004",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The question does not arise where the emergency accounts alone may use passwords."""
    try:
        permissions = at.estate.need(AUTHORIZATION, "passwords", workspace)
        allowed = holders(permissions, "CAN_USE")
    except UnreadError as error:
        if disabled(error.gap):
            return NotApplicable("local passwords do not exist here")
        raise
    evidence = Evidence(permissions.acl.source, permissions.acl.field, allowed, "an attestation")
    if all(name in at.policy.break_glass for name in allowed):
        return NotApplicable("local passwords are off, emergency accounts aside", (evidence,))
    return holds(evidence)


_WORD: Final = Policy(
    attestations=(Attestation("local-password-rules", "Ann Admin", "vault", date(2026, 6, 30)),),
    break_glass=("break-glass",),
)


def _allowed(*groups: str) -> MemorySnapshot:
    use = [{"permission_level": "CAN_USE", "inherited": False}]
    acl = [{"group_name": name, "all_permissions": use} for name in groups]
    return given(authorization={"passwords": {"access_control_list": acl}})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show where the question arises, where it does not, and what is not known."""
    yield attested("everybody may, and the rules are attested", _allowed("users"), _WORD)
    yield exempt("nobody at all", _allowed(), _WORD)
    yield exempt("the emergency group alone", _allowed("break-glass"), _WORD)
    gone = refused(Cause.DISABLED, "passwords reached the end of their life")
    unattested = Policy()
    yield exempt("the feature is gone", given(authorization=gone), _WORD)
    yield unclear("nobody attests it", _allowed("users"), unattested)
    yield unclear("the list may not be read", given(authorization=refused()), _WORD)

"""Notebooks, jobs, policies and permissions live in the workspace alone. An insider, or malware
with an admin's token, can delete them all in a minute, and a backup that nobody ever restored from
is a hope. No API shows either, so a person must vouch for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from lakewarden.controls.kit.control import (
    BOTH,
    Basis,
    Control,
    Example,
    attested,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="backup-practised",
    title="Workspace objects are backed up, and a restore was tried",
    paper=("P18",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(),
    fix=Fix(
        "Export workspace objects on a schedule to storage that their admins cannot "
        "delete from, restore them into an empty workspace, then attest both in "
        "lakewarden.toml.",
        console="No page of the console has it; exports are made by API.",
        api="GET /api/2.0/workspace/export?path=...&format=SOURCE for each object, and the list "
        "calls of jobs, policies and permissions, from a scheduled job.",
        terraform="No resource does it; the exporter of the provider writes what exists as code.",
        breaks="Nothing stops; exports of large workspaces take long and count against rate "
        "limits.",
        no_api="No API shows that a restore was tried; a person must try it and say so.",
        no_terraform="No resource makes or tries a backup.",
    ),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "has somebody vouch for a backup out of the admins' reach and for a restore",
            Relation.SUBSET,
            nist="CP-9 CP-9(1) CP-9(3) CP-10",
            soc2="CC7.5",
            hipaa="164.308(a)(7)(ii)(A) 164.308(a)(7)(ii)(B)",
            iso="A.5.30 A.8.13",
            ccm="BCR-08",
        ),
        *also("lets people bring back what an intruder deletes", attack="T1485 T1490"),
    ),
)


def _word(expires: date) -> Policy:
    word = Attestation(CONTROL.id, "Ann Admin", "restore of 2025-11-20, ticket OPS-7", expires)
    return Policy(attestations=(word,))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, lapsed and silent."""
    yield attested("on its last day", given(), _word(date(2026, 1, 1)))
    yield unclear("expired yesterday", given(), _word(date(2025, 12, 31)))
    yield unclear("nobody attests it", given())

"""A token that opens a share is a file on somebody else's laptop: it passes from hand to hand, and
nobody notices its use. The metastore decides how long new ones live, and zero seconds means for
ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, expect
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.unity_subjects import METASTORE
from lakewarden.controls.kit.unity_wishes import metastore_wish
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.unity import METASTORES, Metastore
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

_DAY: Final = 86_400
"""Seconds."""

CONTROL = Control(
    id="sharing-token-lifetime",
    title="Tokens that open shares end soon enough",
    paper=("P11",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=METASTORE,
    needs=(METASTORES.need(),),
    fix=Fix(
        "Give new tokens of recipients a lifetime of days, not zero, which means for ever; then "
        "rotate the tokens that there are.",
        console="Account console, Catalog, the metastore, Delta Sharing recipient token lifetime.",
        api='PUT /api/2.0/accounts/{account_id}/metastores/{id} {"metastore_info": '
        '{"delta_sharing_recipient_token_lifetime_in_seconds": 7776000}}',
        terraform="databricks_metastore with delta_sharing_recipient_token_lifetime_in_seconds.",
        breaks="Recipients must fetch a new token each time theirs ends; those of today live on.",
    ),
    maps=(
        *also(
            "limits how long new tokens that open shares will work",
            Relation.SUBSET,
            nist="AC-20 IA-5",
            soc2="CC6.1 CC6.3",
            pci="8.2.7",
            hipaa="164.312(d)",
            iso="A.5.14 A.5.17",
            ccm="IAM-07 IAM-15",
        ),
        *also(
            "bounds the use of a token file that was passed on or copied",
            cis_databricks="2.1.6",
            dasf="DASF-33 DASF-51",
            attack="T1199 T1550.001",
        ),
        *also(
            "reads the same number, and takes zero for no end at all",
            Relation.SUPERSET,
            sat="GOV-17",
        ),
    ),
    limits=("recipient_token_days",),
)


@CONTROL.check
def check(metastore: Metastore, at: Context) -> Judgement:
    """The lifetime is not endless, and within the limit; without external sharing nobody cares."""
    sharing = metastore.sharing
    if sharing.get() == "INTERNAL":
        evidence = Evidence(sharing.source, sharing.field, sharing.get(), "INTERNAL_AND_EXTERNAL")
        return NotApplicable("the metastore shares nothing by token", (evidence,))
    most = at.policy.limits.recipient_token_days
    return expect(
        metastore.token_seconds,
        lambda value: 0 < value <= most * _DAY,
        expected=f"1 to {most * _DAY} seconds",
        otherwise=f"new tokens of recipients live {{value}} seconds, where 0 is for ever and "
        f"{most} days are the most",
    )


@CONTROL.mends
def mend(metastore: Metastore, at: Context) -> Iterable[Wish]:
    """Give new tokens the longest lifetime that is allowed."""
    most = at.policy.limits.recipient_token_days * _DAY
    yield metastore_wish(metastore, metastore.token_seconds, most)


def _estate(seconds: int | None, sharing: str | None = "INTERNAL_AND_EXTERNAL") -> MemorySnapshot:
    store: dict[str, Any] = {"metastore_id": "m1", "name": "main", "delta_sharing_scope": sharing}
    store["delta_sharing_recipient_token_lifetime_in_seconds"] = seconds
    return given(metastores=[store])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("90 days", _estate(90 * _DAY))
    yield passes("a second", _estate(1))
    yield fails("a second more than 90 days", _estate(90 * _DAY + 1))
    yield fails("for ever", _estate(0))
    month = Policy(thresholds={"recipient_token_days": 30})
    yield fails("90 days, where 30 are wanted", _estate(90 * _DAY), month)
    yield exempt("nothing is shared outside", _estate(0, "INTERNAL"))
    yield unclear("the lifetime is missing", _estate(None))
    yield unclear("the scope is missing", _estate(1, None))
    yield unclear("metastores may not be read", given(metastores=refused()))

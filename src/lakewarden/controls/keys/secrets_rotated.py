"""A secret that is never replaced works for everybody who ever saw it: people who left, copies in
old notebooks, yesterday's intruder. Replacing it once a year ends all of that at one stroke, and
shows that replacing it works before the day on which it must.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
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
from lakewarden.controls.kit.withheld import SECRETS
from lakewarden.estate.given import given, refused
from lakewarden.estate.secrets import SCOPE_SECRETS, ScopeSecrets
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="secrets-rotated",
    title="Every secret of the scope was replaced within the allowed time",
    paper=("P36",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=SECRETS,
    needs=(SCOPE_SECRETS.need(),),
    fix=Fix(
        "Make a new credential where it belongs, write it to the same key of the scope, and revoke "
        "the old one once everything reads the new one.",
        console="No page writes secrets; use the API or the command line.",
        api='POST /api/2.0/secrets/put {"scope": "...", "key": "...", "string_value": "..."}',
        terraform="databricks_secret with the new string_value, from a source that rotates.",
        breaks="Clusters and jobs that read the secret when they started keep the old value until "
        "they restart.",
        no_api="A new credential is made where it is used, and no secret ever passes through a "
        "plan.",
    ),
    limits=("secret_days",),
    maps=also(
        "ends the use of a credential that leaked without anybody noticing",
        Relation.SUBSET,
        nist="IA-5 SC-12",
        soc2="CC6.1",
        pci="8.6.3",
        hipaa="164.308(a)(5)(ii)(D)",
        iso="A.5.17",
        ccm="IAM-14 IAM-15",
        dasf="DASF-33",
        attack="T1552 T1078.004",
    ),
)

_DAY: Final = 86_400_000


@CONTROL.check
def check(scope: ScopeSecrets, at: Context) -> Judgement:
    """No secret was last written longer ago than allowed."""
    days = at.policy.limits.secret_days
    oldest = int(at.now.timestamp() * 1000) - days * _DAY
    ages = {secret.key: secret.last_updated_timestamp for secret in scope.secrets.get()}
    old = sorted(key for key, written in ages.items() if written < oldest)
    evidence = Evidence(
        scope.secrets.source, "last_updated_timestamp", old, f"within {days} days for every key"
    )
    shown = ", ".join(f"{key} ({(oldest - ages[key]) // _DAY + days} days)" for key in old)
    return observe(not old, evidence, otherwise=f"secrets not replaced within {days} days: {shown}")


_NOW: Final = 1_767_225_600_000
"""When the examples are judged, in Unix ms."""


def _scope(**ages: int) -> MemorySnapshot:
    secrets = [{"key": k, "last_updated_timestamp": _NOW - age} for k, age in ages.items()]
    return given(scope_secrets=[{"name": "warehouse", "secrets": secrets}])


def _malformed(**secret: Any) -> MemorySnapshot:
    return given(scope_secrets=[{"name": "warehouse", "secrets": [secret]}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show both sides of the limit, and what is not known."""
    yield passes("a year to the day", _scope(password=365 * _DAY))
    yield fails("a millisecond more than a year", _scope(password=365 * _DAY + 1))
    yield fails("one old among new ones", _scope(fresh=0, old=400 * _DAY))
    yield passes("nothing in it", _scope())
    yield fails("a shorter limit", _scope(x=91 * _DAY), Policy(thresholds={"secret_days": 90}))
    yield passes("a longer limit", _scope(x=500 * _DAY), Policy(thresholds={"secret_days": 730}))
    yield unclear("a secret without an age", _malformed(key="password"))
    yield unclear("secrets may not be listed", given(scope_secrets=refused()))
    yield exempt("there are no scopes", given(scope_secrets=[]))

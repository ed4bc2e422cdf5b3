"""An OAuth secret signs a machine in from anywhere, with no second factor and nobody who would
notice. Every copy in a pipeline's settings, a laptop or a backup works until the secret is deleted.
Changing it at least once a year ends the copies that nobody remembers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, observe, unknown
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
from lakewarden.controls.kit.machines import SECRET, HeldSecret
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.oauth_secrets import example_secret, secrets_of, while_signing_in
from lakewarden.controls.kit.token_wishes import DELETES_WITH, delete
from lakewarden.controls.kit.tokens import days_between
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import refused
from lakewarden.estate.machines import PRINCIPAL_SECRETS
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.tokens import birth_of, shown

CONTROL = Control(
    id="service-principal-secrets-rotated",
    title="The service principal's secret is young",
    paper=("P09",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=SECRET,
    needs=(PRINCIPAL_SECRETS.need(), ACCOUNT_SERVICE_PRINCIPALS.need()),
    plans_with=DELETES_WITH,
    fix=Fix(
        "Make a second secret, hand it to whatever signs in, and delete the old one; better still, "
        "federate the workload, so that there is no secret at all.",
        console="Account console, User management, Service principals, Credentials & secrets.",
        api="POST /api/2.0/accounts/{account_id}/servicePrincipals/{id}/credentials/secrets "
        '{"lifetime": "7776000s"}, then DELETE the old one there by its id.',
        terraform="Replace databricks_service_principal_secret, or use "
        "databricks_service_principal_federation_policy instead of it.",
        breaks="Whatever still signs in with the old secret is refused once it is deleted.",
        no_terraform="Terraform cannot delete a secret that it did not make.",
    ),
    limits=("secret_days",),
    maps=(
        *also(
            "has secrets of machines replaced before they grow old",
            Relation.SUBSET,
            nist="IA-5",
            soc2="CC6.1",
            pci="8.3 8.6.3",
            hipaa="164.308(a)(5)(ii)(D) 164.312(d)",
            iso="A.5.17 A.8.5",
            ccm="IAM-14 IAM-15",
            dasf="DASF-33",
        ),
        *also(
            "ends the copies of a secret that leaked, or that nobody remembers",
            cis_aws="1.13",
            attack="T1078.004 T1552.001",
        ),
        *also("asks the same of the age of secrets that work", Relation.EQUAL, sat="IA-9"),
    ),
)


@CONTROL.check
def check(held: HeldSecret, at: Context) -> Judgement:
    """It was made no longer ago than the limit."""
    return while_signing_in(held, at, lambda: _young(held, at))


@CONTROL.mends
def mend(held: HeldSecret, at: Context) -> Iterable[Wish | Step]:
    """Delete it, once its service principal has another way to sign in."""
    yield delete(held, at)


def _young(held: HeldSecret, at: Context) -> Judgement:
    most = at.policy.limits.secret_days
    born = birth_of(held.secret)
    age = days_between(born, at.now)
    source = PRINCIPAL_SECRETS.source
    expected = f"at most {most} days ago"
    evidence = Evidence(source, "secrets.create_time", shown(born), expected)
    if age < -1:  # clocks may differ by hours, not by more
        gap = PRINCIPAL_SECRETS.gap(Cause.MALFORMED, f"the secret was made on {born:%Y-%m-%d}")
        return unknown(gap, field="secrets.create_time", expected=expected)
    return observe(age <= most, evidence, otherwise=f"it is {age:.0f} days old")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, secrets that no longer sign in, and what is not known."""

    def old(**fields: Any) -> Any:
        return secrets_of(example_secret(400, life=730, **fields))

    yield passes("exactly the limit", secrets_of(example_secret(365, life=730)))
    yield fails("a day too old", secrets_of(example_secret(366, life=730)))
    yield fails("old, and without an end", secrets_of(example_secret(400, life=None)))
    spare = secrets_of(example_secret(400, life=730), federated=True)
    yield fails("old, and with another way in", spare)
    strict = Policy(thresholds={"secret_days": 90})
    yield fails("a stricter limit of our own", secrets_of(example_secret(91, life=100)), strict)
    yield unclear("a status that nobody knows", old(status="active"))
    yield unclear("an end before the beginning", old(expire_time="0001-01-01T00:00:00Z"))
    yield unclear("made in days to come", secrets_of(example_secret(-9, life=90)))
    yield unclear("a time that is none", old(create_time="last year"))
    yield unclear("no status in the answer", old(status=None))
    yield unclear("secrets may not be listed", secrets_of(found=refused()))
    yield unclear(
        "nobody says whether it may sign in",
        secrets_of(*[example_secret(400, life=730)], active=None),
    )
    yield unclear("service principals may not be listed", secrets_of(principals=refused()))
    yield exempt("it has ended", secrets_of(example_secret(400, life=400)))
    yield exempt("it is not active", old(status="INACTIVE"))
    yield exempt(
        "its service principal is switched off",
        secrets_of(example_secret(400, life=730), active=False),
    )
    yield exempt("there are none", secrets_of())

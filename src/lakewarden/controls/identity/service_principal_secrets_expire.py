"""A secret that was given two years, or no end at all, outlives the pipeline it was made for and
the people who know where its copies are. When it leaks, nothing but somebody's attention ends it;
an end that was set in advance needs nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement, observe, unknown, violated
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
from lakewarden.controls.kit.tokens import days_between, said
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import refused
from lakewarden.estate.machines import PRINCIPAL_SECRETS
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.tokens import birth_of, expiry_of

CONTROL = Control(
    id="service-principal-secrets-expire",
    title="The service principal's secret ends within the allowed life",
    paper=("P09",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=SECRET,
    needs=(PRINCIPAL_SECRETS.need(), ACCOUNT_SERVICE_PRINCIPALS.need()),
    plans_with=DELETES_WITH,
    fix=Fix(
        "Replace it by a secret with a shorter life, and delete it; better still, federate the "
        "workload, so that there is no secret at all.",
        console="Account console, User management, Service principals, Credentials & secrets, "
        "Generate secret: set its lifetime in days.",
        api="POST /api/2.0/accounts/{account_id}/servicePrincipals/{id}/credentials/secrets "
        '{"lifetime": "7776000s"}, then DELETE the old one there by its id.',
        terraform='databricks_service_principal_secret with lifetime = "7776000s", or '
        "databricks_service_principal_federation_policy instead of it.",
        breaks="Whatever signs in with the old secret is refused once it is deleted, and with the "
        "new one once that ends.",
        no_terraform="Terraform cannot delete a secret that it did not make.",
    ),
    limits=("secret_life_days",),
    maps=(
        *also(
            "gives each secret of a machine an end that needs nobody's attention",
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
    ),
)


@CONTROL.check
def check(held: HeldSecret, at: Context) -> Judgement:
    """It has an end, no further from its beginning than the limit."""
    return while_signing_in(held, at, lambda: _bounded(held, at))


@CONTROL.mends
def mend(held: HeldSecret, at: Context) -> Iterable[Wish | Step]:
    """Delete it, once its service principal has another way to sign in."""
    yield delete(held, at)


def _bounded(held: HeldSecret, at: Context) -> Judgement:
    most = at.policy.limits.secret_life_days
    source, field = PRINCIPAL_SECRETS.source, "secrets.expire_time"
    expected = f"at most {most} days after creation"
    end = expiry_of(held.secret)
    evidence = Evidence(source, field, said(end), expected)
    if end is None:
        return violated("it never ends", evidence)
    life = days_between(birth_of(held.secret), end)
    if life < 0:
        gap = PRINCIPAL_SECRETS.gap(Cause.MALFORMED, "the secret ends before it began")
        return unknown(gap, field=field, expected=expected)
    otherwise = f"it lives {life:.0f} days; {most} are allowed"
    return observe(life <= most, evidence, otherwise=otherwise)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, secrets without an end, and what is not known."""
    year, two = secrets_of(example_secret(10, life=365)), secrets_of(example_secret(10, life=730))
    yield passes("two years", two)
    yield passes("a year, in the high posture", year, Policy(Posture.HIGH))
    yield fails("two years, in the high posture", two, Policy(Posture.HIGH))
    yield fails("no end", secrets_of(example_secret(10, life=None)))
    yield fails("no end, and another way in", secrets_of(example_secret(9, None), federated=True))
    strict = Policy(thresholds={"secret_life_days": 364})
    yield fails("a stricter limit of our own", year, strict)
    yield unclear("an end that is no time", secrets_of(example_secret(1, life=9, expire_time="x")))
    yield unclear("it ends before it began", secrets_of(example_secret(-9, life=-1)))
    yield unclear("no beginning in the answer", secrets_of(example_secret(1, 9, create_time=None)))
    yield unclear("secrets may not be listed", secrets_of(found=refused()))
    yield unclear("service principals may not be listed", secrets_of(principals=refused()))
    yield exempt("it has ended", secrets_of(example_secret(900, life=800)))
    yield exempt("it is not active", secrets_of(example_secret(10, life=None, status="INACTIVE")))
    yield exempt("there are none", secrets_of())

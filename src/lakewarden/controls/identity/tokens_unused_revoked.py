"""Nobody misses a token that nobody uses, so nobody notices when it turns up in other hands. It
lies in an old script or a laptop's backup and opens the workspace as on its first day. Databricks
revokes tokens after 90 days without use; a shorter wait leaves a thief less to find.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.clock import from_millis
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    holds,
    observe,
    unknown,
    violated,
)
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
from lakewarden.controls.kit.subjects import TOKEN
from lakewarden.controls.kit.token_wishes import REVOKES_WITH, revoke
from lakewarden.controls.kit.tokens import (
    SWITCH,
    SWITCH_NEED,
    days_between,
    example_estate,
    example_token,
    said,
    while_usable,
)
from lakewarden.estate.access import TOKENS, Token
from lakewarden.estate.given import refused
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="tokens-unused-revoked",
    title="The token is in use",
    paper=("P09",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=TOKEN,
    needs=(TOKENS.need(), SWITCH_NEED),
    plans_with=REVOKES_WITH,
    fix=Fix(
        "Revoke the token; whoever still needs one makes a new one that lives no longer than its "
        "work takes.",
        console="Workspace settings, Advanced, Personal access tokens, Manage; or the account "
        "console's token report, where tokens are sorted by their last use.",
        api="DELETE /api/2.0/token-management/tokens/{token_id}",
        terraform="Remove the databricks_token or databricks_obo_token that made it; a token made "
        "by hand has no resource.",
        breaks="A job that runs once a quarter may be its only user: ask the owner first.",
        no_terraform="Terraform cannot revoke a token that it did not make.",
    ),
    limits=("token_idle_days",),
    maps=(
        *also(
            "finds keys that nobody needs any more",
            Relation.SUBSET,
            nist="AC-2(3) IA-5",
            cis_databricks="2.1.6",
            soc2="CC6.1 CC6.3",
            pci="8.2.6",
            hipaa="164.308(a)(3)(i) 164.308(a)(5)(ii)(D)",
            iso="A.5.17 A.5.18",
            ccm="IAM-07 IAM-08",
            dasf="DASF-33",
        ),
        *also(
            "takes away idle credentials before a thief finds them",
            cis_aws="1.11",
            attack="T1078.004 T1550.001",
        ),
    ),
)


@CONTROL.check
def check(token: Token, at: Context) -> Judgement:
    """It was used, or made, no longer ago than the limit."""
    return while_usable(token, at, lambda: _in_use(token, at))


@CONTROL.mends
def mend(token: Token, at: Context) -> Iterable[Wish | Step]:
    """Revoke it; what a new one is for, its owner knows."""
    yield revoke(token, at)


def _in_use(token: Token, at: Context) -> Condition:
    most = at.policy.limits.token_idle_days
    expected = f"at most {most} days ago"
    if token.last_used.gap is None and token.last_used.get() > 0:
        used = token.last_used.parsed(from_millis)
        evidence = Evidence(token.last_used.source, token.last_used.field, said(used), expected)
        idle = days_between(used, at.now)
        return observe(idle <= most, evidence, otherwise=f"it was last used {idle:.0f} days ago")
    born = token.created.parsed(from_millis)
    evidence = Evidence(token.created.source, token.created.field, said(born), expected)
    age = days_between(born, at.now)
    if age <= most:  # too young to have been idle for longer
        return holds(evidence)
    if token.last_used.gap is not None:
        return unknown(token.last_used.gap, field=token.last_used.field, expected=expected)
    return violated(f"it is {age:.0f} days old and was never used", evidence)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, tokens that were never used, and what is not known."""
    yield passes("last used at the limit", example_estate([example_token(200, used=90)]))
    yield passes("too young to be idle", example_estate([example_token(90, used=None)]))
    yield fails("a day too long", example_estate([example_token(200, used=91)]))
    old = example_token(91, used=None, last_used_day=0)
    yield fails("never used", example_estate([old]))
    strict = Policy(thresholds={"token_idle_days": 30})
    yield fails(
        "a stricter limit of our own", example_estate([example_token(200, used=31)]), strict
    )
    yield unclear("nothing says when", example_estate([example_token(91, used=None)]))
    idle = [example_token(200, used=120)]
    yield unclear("it may be that tokens are off", example_estate(idle, refused()))
    yield unclear("tokens may not be listed", example_estate(refused()))
    zero = example_estate([example_token(200, used=120, expiry_time=0)])
    yield unclear("an end before the beginning", zero)
    yield exempt("it has ended", example_estate([example_token(200, left=0, used=120)]))
    yield exempt("tokens are off", example_estate(idle, {SWITCH: "false"}))
    yield exempt("there are no tokens", example_estate([]))

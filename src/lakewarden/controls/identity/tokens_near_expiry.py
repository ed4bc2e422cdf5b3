"""A token that ends unnoticed stops what signs in with it, and the repair is made in haste: a new
token without an end, handed on in a chat. Seeing the end come is what makes short lives bearable.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.clock import from_millis
from lakewarden.controls.kit.condition import Judgement, holds, observe
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
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import TOKEN
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
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.tokens import end_of

CONTROL = Control(
    id="tokens-near-expiry",
    title="The token does not end within days",
    paper=("P09",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=TOKEN,
    needs=(TOKENS.need(), SWITCH_NEED),
    fix=Fix(
        "Have its owner put a new token, or better OAuth, in its place before it ends; then revoke "
        "the old one.",
        console="Its owner: Settings, Developer, Access tokens, Generate new token.",
        api='POST /api/2.0/token/create {"lifetime_seconds": 2592000, "scopes": ["sql"]} as its '
        "owner.",
        terraform="databricks_token with a rotation trigger, or no token: "
        "databricks_service_principal_federation_policy.",
        breaks="Replacing it breaks nothing; letting it end stops whatever signs in with it.",
        no_api="Only its owner can make the token that takes its place, and put it where it is "
        "used.",
    ),
    limits=("token_notice_days",),
    maps=also(
        "warns of tokens that end within days, so that successors are made with care",
        nist="IA-5",
        cis_databricks="2.1.6",
        soc2="CC6.1",
        pci="8.6.3",
        hipaa="164.308(a)(5)(ii)(D)",
        iso="A.5.17",
        ccm="IAM-15",
        dasf="DASF-33",
        sat="GOV-2",
    ),
)


@CONTROL.check
def check(token: Token, at: Context) -> Judgement:
    """It has longer to live than the notice, or was meant for no longer than that."""
    return while_usable(token, at, lambda: _lasts(token, at))


def _lasts(token: Token, at: Context) -> Judgement:
    notice = at.policy.limits.token_notice_days
    end = end_of(token)
    expected = f"at least {notice} days from now"
    evidence = Evidence(token.expiry.source, token.expiry.field, said(end), expected)
    if end is None:
        return holds(evidence)
    left = days_between(at.now, end)
    if left >= notice:
        return holds(evidence)
    life = days_between(token.created.parsed(from_millis), end)
    return observe(life <= notice, evidence, otherwise=f"it ends in {left:.1f} days")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, tokens that were meant to be short, and what is not known."""
    yield passes("a week to go", example_estate([example_token(30, left=7)]))
    yield passes("no end", example_estate([example_token(30, left=None)]))
    yield passes("made for a week", example_estate([example_token(5, left=2)]))
    yield fails("less than a week", example_estate([example_token(30, left=6.99)]))
    early = Policy(thresholds={"token_notice_days": 14})
    yield fails("a longer notice of our own", example_estate([example_token(30, left=13)]), early)
    late = [example_token(30, left=1)]
    gone = {k: v for k, v in late[0].items() if k != "expiry_time"}
    yield unclear("its end is missing from the answer", example_estate([gone]))
    yield unclear("it may be that tokens are off", example_estate(late, refused()))
    yield unclear("tokens may not be listed", example_estate(refused()))
    yield exempt("it has ended", example_estate([example_token(30, left=0)]))
    yield exempt("tokens are off", example_estate(late, {SWITCH: "false"}))
    yield exempt("there are no tokens", example_estate([]))

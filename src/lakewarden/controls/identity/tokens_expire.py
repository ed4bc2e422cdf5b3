"""A personal access token is its owner, without a second factor. One that never expires is a
standing key that outlives the laptop it was copied from, the project it was made for, and often
the employment of its owner. One such token is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lakewarden.clock import from_millis
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import TOKEN
from lakewarden.controls.kit.token_wishes import REVOKES_WITH, revoke
from lakewarden.estate.access import TOKENS, Token
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.tokens import NEVER

CONTROL = Control(
    id="tokens-expire",
    title="The token expires within the allowed lifetime",
    paper=("P09",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=TOKEN,
    needs=(TOKENS.need(),),
    plans_with=REVOKES_WITH,
    fix=Fix(
        "Have its owner replace it by a shorter-lived one or by OAuth, then revoke it "
        "with DELETE /api/2.0/token-management/tokens/{token_id}.",
        console="Workspace settings, Advanced, Personal access tokens, Manage: revoke it there; "
        "its owner makes a new one under Settings, Developer.",
        api='POST /api/2.0/token/create {"lifetime_seconds": 2592000, "scopes": ["sql"]} as its '
        "owner, then DELETE /api/2.0/token-management/tokens/{token_id}.",
        terraform="databricks_token or databricks_obo_token with lifetime_seconds; better "
        "databricks_service_principal_federation_policy, and no token at all.",
        breaks="Whatever signs in with the old token stops until it has the new one.",
        no_terraform="Terraform cannot revoke a token that it did not make.",
    ),
    limits=("token_days",),
    maps=(
        *also(
            "wants every token to end, no later than the limit after it was made",
            Relation.SUBSET,
            nist="IA-5",
            cis_databricks="2.1.6",
            soc2="CC6.1",
            pci="8.3.9 8.6.3",
            hipaa="164.312(d)",
            iso="A.5.17 A.8.5",
            ccm="IAM-14 IAM-15",
            dasf="DASF-33",
        ),
        *also(
            "ends the copies of a token that leaked, or that nobody remembers",
            cis_aws="1.13",
            attack="T1078.004 T1550.001",
        ),
        *also(
            "finds tokens without an end or with a late one, everybody's and even a single one",
            Relation.SUPERSET,
            sat="IA-4",
        ),
    ),
)


@CONTROL.check
def check(token: Token, at: Context) -> Judgement:
    """Its whole life, from creation to expiry, is no longer than the limit."""
    most = at.policy.limits.token_days
    created, expiry = token.created.get(), token.expiry.get()
    maker = "somebody unknown" if token.creator.gap else token.creator.get()
    expected = f"at most {most} days after creation"
    if expiry == NEVER:
        evidence = Evidence(token.expiry.source, token.expiry.field, "never", expected)
        return violated(f"the token that {maker} made never expires", evidence)
    ends, born = token.expiry.parsed(from_millis), token.created.parsed(from_millis)
    if ends < born:
        detail = f"the token expires at {expiry}, before it was made at {created}"
        return unknown(TOKENS.gap(Cause.MALFORMED, detail), expected=expected)
    days = (ends - born).total_seconds() / 86_400
    shown = ends.isoformat(timespec="seconds")
    evidence = Evidence(token.expiry.source, token.expiry.field, shown, expected)
    otherwise = f"the token that {maker} made lives {days:.0f} days; {most} are allowed"
    return observe(days <= most, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(token: Token, at: Context) -> Iterable[Wish | Step]:
    """Revoke it; what a new one is for, its owner knows."""
    yield revoke(token, at)


def _tokens(*lives: float | None) -> list[dict[str, object]]:
    born = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    return [
        {
            "token_id": f"t{n}",
            "creation_time": born,
            "expiry_time": NEVER if days is None else born + int(days * 86_400_000),
            "created_by_username": "ann@example.com",
            "owner_id": 7,
        }
        for n, days in enumerate(lives)
    ]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("exactly the limit", given(tokens=_tokens(90)))
    yield fails("one that never expires", given(tokens=_tokens(None)))
    yield fails("a second too long", given(tokens=_tokens(90 + 1 / 86_400)))
    strict = Policy(thresholds={"token_days": 30})
    yield fails("a stricter limit of our own", given(tokens=_tokens(31)), strict)
    unread = [{k: v for k, v in _tokens(1)[0].items() if k != "expiry_time"}]
    yield unclear("the expiry is missing from the answer", given(tokens=unread))
    yield unclear("it expires before it was made", given(tokens=_tokens(-1)))
    odd = [{**_tokens(1)[0], "expiry_time": 10**30}]
    yield unclear("an expiry that is no time", given(tokens=odd))
    yield unclear("tokens may not be listed", given(tokens=refused()))
    yield exempt("there are no tokens", given(tokens=[]))

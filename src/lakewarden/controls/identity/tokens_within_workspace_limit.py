"""A workspace's limit on the life of tokens binds new ones alone. Those made before it, or while it
was lifted for an afternoon, keep the life they were given: the setting looks right, and the keys
that it was meant to do away with still turn.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.clock import from_millis
from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe, unknown, violated
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
from lakewarden.estate.access import TOKENS, WORKSPACE_CONF, Token
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import Items, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.semantics.tokens import end_of

_LIMIT = "maxTokenLifetimeDays"

CONTROL = Control(
    id="tokens-within-workspace-limit",
    title="The token lives no longer than its workspace allows to new ones",
    paper=("P09",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=TOKEN,
    needs=(TOKENS.need(), SWITCH_NEED, WORKSPACE_CONF.need(_LIMIT)),
    plans_with=REVOKES_WITH,
    fix=Fix(
        "Revoke tokens that are older than the limit, after their owners have made new ones, which "
        "the limit then binds.",
        console="Workspace settings, Advanced, Personal access tokens, Manage: sort by expiration "
        "and revoke.",
        api="DELETE /api/2.0/token-management/tokens/{token_id}",
        terraform="Replace the databricks_token or databricks_obo_token, so that it is made anew.",
        breaks="Whatever signs in with the old token stops until it has the new one.",
        no_terraform="Terraform cannot revoke a token that it did not make.",
    ),
    maps=(
        *also(
            "finds tokens that are not bound by the workspace's limit on their life",
            Relation.SUBSET,
            nist="CM-6 IA-5",
            cis_databricks="2.1.6",
            soc2="CC6.1",
            pci="8.3.9 8.6.3",
            hipaa="164.312(d)",
            iso="A.5.17 A.8.9",
            ccm="CCC-07 IAM-15",
            dasf="DASF-33",
        ),
        *also(
            "ends keys that are older than the rule meant to end them",
            cis_aws="1.13",
            attack="T1078.004 T1550.001",
        ),
        *also(
            "compares the same two, for everybody's tokens and even for a single one",
            Relation.SUPERSET,
            sat="IA-6",
        ),
    ),
)


@CONTROL.check
def check(token: Token, at: Context) -> Judgement:
    """Its whole life fits the limit that the workspace has now."""
    return while_usable(token, at, lambda: _fits(token, at))


@CONTROL.mends
def mend(token: Token, at: Context) -> Iterable[Wish | Step]:
    """Revoke it; what a new one is for, its owner knows."""
    yield revoke(token, at)


def _fits(token: Token, at: Context) -> Judgement:
    limit = at.estate.conf(at.here, _LIMIT)
    most = limit.parsed(_days)
    if not most:
        evidence = Evidence(limit.source, limit.field, limit.get(), "a number of days")
        return NotApplicable("the workspace limits no token; another control asks why", (evidence,))
    expected = f"at most {most} days after creation"
    end, born = end_of(token), token.created.parsed(from_millis)
    evidence = Evidence(token.expiry.source, token.expiry.field, said(end), expected)
    if end is None:
        return violated(f"it never ends; new tokens live at most {most} days", evidence)
    life = days_between(born, end)
    if life < 0:
        gap = TOKENS.gap(Cause.MALFORMED, "the token ends before it began")
        return unknown(gap, field=token.expiry.field, expected=expected)
    otherwise = f"it lives {life:.0f} days; new tokens live at most {most}"
    return observe(life <= most, evidence, otherwise=otherwise)


def _days(text: str | None) -> int:
    """Return the limit, 0 for none.

    Raises:
        ValueError: the text is no number of days.
    """
    if text and not text.isdecimal():
        raise ValueError(f"{text!r} is no number of days")
    return int(text or 0)


def _estate(token: Items, limit: str | None = "90") -> MemorySnapshot:
    return example_estate(token, {SWITCH: "true", _LIMIT: limit})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, workspaces without a limit, and what is not known."""
    yield passes("exactly the limit", _estate([example_token(10, left=80)]))
    yield fails("a day too long", _estate([example_token(10, left=81)]))
    yield fails("it has no end", _estate([example_token(left=None)]))
    yield unclear("the limit is no number", _estate([example_token()], "ninety"))
    yield unclear("the limit is below nothing", _estate([example_token()], "-1"))
    yield unclear("it ends before it began", _estate([example_token(-9, left=5)]))
    yield unclear("the limit may not be read", example_estate([example_token()]))
    no_end = [example_token(left=None)]
    yield unclear("no setting may be read", example_estate(no_end, refused()))
    yield unclear("tokens may not be listed", example_estate(refused()))
    yield exempt("there is no limit", _estate(no_end, None))
    yield exempt("zero is no limit", _estate(no_end, "0"))
    yield exempt("tokens are off", example_estate(no_end, {SWITCH: "false", _LIMIT: "90"}))
    yield exempt("there are no tokens", _estate([]))

"""A personal access token stands for its owner without a second factor, and copies of it lie in
scripts, notebooks and laptops. How long a copy that leaked stays useful is decided when the token
is made. Without a limit of its own a workspace grants two years, or no end at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement, any_of, expect
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import conf_wish
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="token-lifetime-limited",
    title="New personal access tokens live no longer than allowed",
    paper=("P09",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_CONF.need("maxTokenLifetimeDays"), WORKSPACE_CONF.need("enableTokensConfig")),
    fix=Fix(
        'Set maxTokenLifetimeDays to the longest life you allow, as a text such as "90"; '
        "older tokens keep their life until they are revoked.",
        console="No switch for it is documented; use the API or Terraform.",
        api='PATCH /api/2.0/workspace-conf {"maxTokenLifetimeDays": "90"}',
        terraform='databricks_workspace_conf with custom_config = { maxTokenLifetimeDays = "90" }.',
        breaks="Requests for tokens that would live longer fail; scripts that make tokens "
        "without lifetime_seconds, or with a long one, must ask for less.",
    ),
    limits=("token_days",),
    maps=(
        *also(
            "limits how long tokens work that are made from now on",
            Relation.SUBSET,
            nist="CM-6 IA-5",
            cis_databricks="2.1.6",
            soc2="CC6.1",
            pci="8.3.9 8.6.3",
            hipaa="164.312(d)",
            iso="A.5.17 A.8.5",
            ccm="IAM-14 IAM-15",
            dasf="DASF-33",
        ),
        *also(
            "cuts the time for which a copy that leaked is of use",
            cis_aws="1.13",
            attack="T1078.004 T1550.001",
        ),
        *also(
            "reads the same setting, and asks for a limit that is short enough",
            Relation.SUPERSET,
            sat="IA-5",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """New tokens have a limit within ours, or there are no tokens at all."""
    most = at.policy.limits.token_days

    def limited(value: str | None) -> bool:
        # isdecimal also takes the digits of other scripts, and int reads those too.
        return value is not None and value.isdecimal() and 1 <= int(value) <= most

    return any_of(
        expect(
            at.estate.conf(workspace, "enableTokensConfig"),
            lambda value: value == "false",
            expected='"false" when no limit is set',
            otherwise="personal access tokens are on",
        ),
        expect(
            at.estate.conf(workspace, "maxTokenLifetimeDays"),
            limited,
            expected=f"1 to {most} days",
            otherwise=f"maxTokenLifetimeDays is {{value}}; at most {most} are allowed",
        ),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """The longest life that the policy file allows; tokens that are there keep theirs."""
    days = str(at.policy.limits.token_days)
    yield conf_wish(workspace, at, "maxTokenLifetimeDays", days)


def _conf(days: str | None, switch: str | None = "true") -> MemorySnapshot:
    return given(workspace_conf={"maxTokenLifetimeDays": days, "enableTokensConfig": switch})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, the ways to be wrong and unread."""
    yield passes("exactly the limit", _conf("90"))
    yield passes("one day", _conf("1", switch=None))
    yield passes("tokens are switched off", _conf(None, switch="false"))
    yield fails("a day too long", _conf("91"))
    yield fails("zero, which means no limit", _conf("0"))
    yield fails("never set", _conf(None))
    yield fails("not a number", _conf("ninety"))
    yield fails("a stricter limit of our own", _conf("31"), Policy(thresholds={"token_days": 30}))
    yield unclear("the settings may not be read", given(workspace_conf=refused()))
    switch_alone = given(workspace_conf={"enableTokensConfig": "true"})
    yield unclear("the limit was not read", switch_alone)

"""By default a workspace admin can create a token in a service principal's name and make a job
run as anybody, which hands over all the data that those may read. Restricting admins takes both
away: running the workspace no longer means being everybody in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, expect
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
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

_RESTRICTED: Final = "RESTRICT_TOKENS_AND_JOB_RUN_AS"

CONTROL = Control(
    id="workspace-admins-restricted",
    title="Workspace admins cannot act as others through tokens and jobs",
    paper=("P05",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_SETTINGS.need("restrict_workspace_admins"),),
    fix=Fix(
        "Set restrict_workspace_admins to RESTRICT_TOKENS_AND_JOB_RUN_AS. It takes an "
        "account admin who is also a member of the workspace.",
        console="No switch in the console changes it; use the API or Terraform.",
        api="PATCH /api/2.0/settings/types/restrict_workspace_admins/names/default "
        '{"allow_missing": true, "setting": {"setting_name": "default", '
        '"restrict_workspace_admins": {"status": "RESTRICT_TOKENS_AND_JOB_RUN_AS"}}, '
        '"field_mask": "restrict_workspace_admins.status"}',
        terraform="databricks_restrict_workspace_admins_setting with restrict_workspace_admins { "
        'status = "RESTRICT_TOKENS_AND_JOB_RUN_AS" }.',
        breaks="Admins can no longer make tokens for service principals whose users they are not, "
        "nor let jobs run as others; deployments that rely on it need that role.",
    ),
    maps=(
        *also(
            "keeps admins from taking on the rights of other identities",
            Relation.SUBSET,
            nist="AC-3 AC-5 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.2.5",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.3 A.8.2",
            ccm="IAM-04 IAM-09",
        ),
        *also(
            "bars the step from an admin's session to a service principal's token",
            attack="T1078.004 T1098.001",
        ),
        *also("asks whether the same setting restricts admins", Relation.EQUAL, sat="GOV-35"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The setting restricts; never set means that everything is allowed."""
    return expect(
        at.estate.value(WORKSPACE_SETTINGS, "restrict_workspace_admins", workspace),
        lambda value: value == _RESTRICTED,
        expected=_RESTRICTED,
        otherwise="workspace admins can take on other identities",
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Set it to what restricts."""
    yield setting_wish(WORKSPACE_SETTINGS, "restrict_workspace_admins", _RESTRICTED, at, workspace)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    key = "restrict_workspace_admins"
    yield passes("restricted", given(workspace_settings={key: _RESTRICTED}))
    yield fails("everything allowed", given(workspace_settings={key: "ALLOW_ALL"}))
    yield fails("never set", given(workspace_settings={key: None}))
    yield unclear("the setting may not be read", given(workspace_settings=refused()))
    missing = refused(Cause.NOT_FOUND, "no such API here")
    yield unclear("the API does not know it", given(workspace_settings=missing))

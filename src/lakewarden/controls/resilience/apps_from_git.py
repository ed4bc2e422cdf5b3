"""An app serves people in the company with the rights of its service principal. Where it may be
deployed from any folder, one person's edit is live for everybody at once, reviewed by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import TypedSwitch
from lakewarden.estate.access import WORKSPACE_SETTINGS_V2
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SWITCH: Final = TypedSwitch(
    WORKSPACE_SETTINGS_V2,
    "enforceGitAppDeployments",
    wanted=True,
    otherwise="apps may be deployed from any folder",
)

CONTROL = Control(
    id="apps-from-git",
    title="Apps are deployed from Git alone",
    paper=("P20",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Move the code of apps into repositories, then require that deployments come from Git.",
        console="Admin settings, Development: require Git deployments for apps.",
        api='PATCH /api/2.1/settings/enforceGitAppDeployments {"boolean_val": {"value": true}}',
        terraform='databricks_workspace_setting_v2 { name = "enforceGitAppDeployments" } with '
        "boolean_val value true.",
        breaks="Deployments of apps from workspace folders are refused; running apps go on.",
    ),
    maps=(
        *also(
            "lets apps change by way of a repository, and not from anybody's folder",
            Relation.SUBSET,
            nist="CM-3 CM-5 SA-10",
            soc2="CC8.1",
            pci="6.5",
            hipaa="164.312(c)(1)",
            iso="A.8.19 A.8.25 A.8.32",
            ccm="CCC-04",
            dasf="DASF-52",
        ),
        *also(
            "keeps code that an intruder put into a folder from running as the app", attack="T1648"
        ),
    ),
)


@CONTROL.check
def check(_: Workspace, at: Context) -> Judgement:
    """The setting in effect is on."""
    return _SWITCH.stands_right(at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples(wrong=False)

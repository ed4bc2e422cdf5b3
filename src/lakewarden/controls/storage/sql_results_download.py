"""The SQL editor and dashboards have a download button of their own, which the switch for
notebooks does not cover. Whoever may query a table can carry its rows home with it, to where
neither the audit log nor a revoked grant reaches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.setting import TypedSetting
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SETTING: Final = TypedSetting(
    kind=WORKSPACE_SETTINGS,
    name="sql_results_download",
    safe=(False,),
    otherwise=(True,),
    danger="anybody who can run a query can download its result",
)

CONTROL = Control(
    id="sql-results-download",
    title="Query results of the SQL editor cannot be downloaded",
    paper=("P15",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(_SETTING.need,),
    fix=Fix(
        "Set sql_results_download to false, and give people governed ways to share data.",
        console="Workspace settings, Security, SQL results download: off.",
        api=(
            'PATCH /api/2.0/settings/types/sql_results_download/names/default {"allow_missing": '
            'true, "field_mask": "boolean_val.value", "setting": ...} with boolean_val.value = '
            "false and the etag that GET answers."
        ),
        terraform=(
            "No resource changes it; call the settings API from a terraform_data provisioner."
        ),
        breaks=(
            "Analysts can no longer save query results or dashboard data as CSV, TSV or Excel "
            "files."
        ),
        no_terraform="No resource of the provider has this setting.",
    ),
    maps=(
        *also(
            "switches off a function that saves results of the SQL editor on laptops",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 C1.1",
            iso="A.8.1 A.8.12",
            ccm="DSP-17 UEM-11",
        ),
        *also(
            "limits readers, and stolen sessions, to looking at the data they may query",
            pci="7.2.6",
            hipaa="164.312(a)(1)",
            dasf="DASF-5",
            attack="T1048 T1213",
        ),
        *also("reads the same setting, and judges it alike", Relation.EQUAL, sat="DP-11"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The setting is off; never set means on."""
    return _SETTING.is_safe(at, workspace)


CONTROL.mends(_SETTING.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()

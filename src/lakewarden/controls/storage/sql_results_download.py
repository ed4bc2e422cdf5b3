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
from lakewarden.controls.kit.mapping import also
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
    ),
    maps=also(
        "the same setting, judged alike",
        sat="DP-11",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The setting is off; never set means on."""
    return _SETTING.is_safe(at, workspace)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()

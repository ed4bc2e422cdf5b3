"""Everybody in a workspace can read the DBFS root, and the DBFS API hands its files to whoever
holds a token. Production data there is one stolen credential away from leaving, whatever Unity
Catalog grants say. Switching legacy DBFS off closes the root and the mounts for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.dbfs import TABLES, switch_off
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.setting import TypedSetting
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.dbfs import DBFS_FOLDERS
from lakewarden.ledger.finding import Severity

_SETTING: Final = TypedSetting(
    kind=WORKSPACE_SETTINGS,
    name="disable_legacy_dbfs",
    safe=(True,),
    otherwise=(False,),
    danger="everybody in the workspace can use the DBFS root and its mounts",
)

CONTROL = Control(
    id="legacy-dbfs-disabled",
    title="The DBFS root and its mounts are switched off",
    paper=("P13",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(_SETTING.need,),
    plans_with=(DBFS_FOLDERS.need(TABLES),),
    fix=Fix(
        "Move data to Unity Catalog volumes and tables, then set disable_legacy_dbfs to true. "
        "Clusters must restart, and runtimes before 13.3 LTS stop working.",
        console="Workspace settings, Security, Disable DBFS root and mounts.",
        api=(
            'PATCH /api/2.0/settings/types/disable_legacy_dbfs/names/default {"allow_missing": '
            'true, "field_mask": "disable_legacy_dbfs.value", "setting": ...} with '
            "disable_legacy_dbfs.value = true and the etag that GET answers."
        ),
        terraform=(
            "databricks_disable_legacy_dbfs_setting with disable_legacy_dbfs { value = true }."
        ),
        breaks=(
            "Jobs that read dbfs:/ paths or mounts fail, and so do clusters of runtimes before "
            "13.3 LTS; it takes up to 20 minutes and a restart."
        ),
    ),
    maps=(
        *also(
            "closes storage that every user may read, whatever the grants say",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-7",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.3.2",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IAM-05",
        ),
        *also(
            "sends readers of files to volumes, where a stolen token needs a grant",
            cis_databricks="2.1.5",
            dasf="DASF-5",
            attack="T1530",
        ),
        *also("reads the same setting, and judges it alike", Relation.EQUAL, sat="DP-10"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return _SETTING.is_safe(at, workspace)


CONTROL.mends(switch_off)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()

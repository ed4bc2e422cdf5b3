"""Tables of the old Hive metastore know no lineage, no row filters and grants that every cluster
without isolation ignores. As long as the old metastore can be used, whatever Unity Catalog forbids
can be done beside it, with a copy of the same data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example, fails
from lakewarden.controls.kit.dbfs import TABLES, insist_no_tables
from lakewarden.controls.kit.default_catalog import SETTING, USABLE, governed_default, is_legacy
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.setting import TypedSetting
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.dbfs import DBFS_FOLDERS
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

_SETTING: Final = TypedSetting(
    kind=WORKSPACE_SETTINGS,
    name="disable_legacy_access",
    safe=(True,),
    otherwise=(False,),
    danger="tables can be read and made outside Unity Catalog",
)

CONTROL = Control(
    id="legacy-access-disabled",
    title="The workspace cannot use the legacy Hive metastore",
    paper=("P13",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(_SETTING.need,),
    plans_with=(WORKSPACE_SETTINGS.need(SETTING), DBFS_FOLDERS.need(TABLES), *USABLE),
    fix=Fix(
        "Upgrade the tables of hive_metastore to Unity Catalog, make another catalog the default,"
        " then set disable_legacy_access to true.",
        console="Workspace settings, Security, Disable legacy access.",
        api=(
            'PATCH /api/2.0/settings/types/disable_legacy_access/names/default {"allow_missing": '
            'true, "field_mask": "disable_legacy_access.value", "setting": ...} with '
            "disable_legacy_access.value = true and the etag that GET answers."
        ),
        terraform=(
            "databricks_disable_legacy_access_setting with disable_legacy_access { value = true }."
        ),
        breaks=(
            "Queries of hive_metastore tables and external metastores fail, and so do clusters "
            "without an isolating access mode."
        ),
    ),
    maps=(
        *also(
            "leaves no way to read or write tables beside Unity Catalog",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-7",
            soc2="CC6.1 CC6.3",
            pci="7.3.1 7.3.2",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IAM-16",
        ),
        *also(
            "has all tables read where grants hold on every cluster",
            cis_databricks="2.1.5",
            dasf="DASF-5",
            attack="T1213",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return _SETTING.is_safe(at, workspace)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Switch it on, once the default catalog is another; the platform refuses it before."""
    insist_no_tables(workspace, at)
    first = []
    if is_legacy(at.estate.value(WORKSPACE_SETTINGS, SETTING, workspace).get()):
        first.append(governed_default(workspace, at))
    yield from first
    for wish in _SETTING.set_right(workspace, at):
        yield replace(wish, follows=tuple(other.target for other in first))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SETTING.examples()
    off = {_SETTING.name: False, SETTING: "hive_metastore"}
    yield fails("off, and the old metastore is the default", given(workspace_settings=off))
    yield fails("off, and another is", given(workspace_settings={**off, SETTING: "main"}))

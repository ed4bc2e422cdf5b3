"""Tables without a location of their own used to end up in the DBFS root, and many still lie
there. Every user of the workspace can read their files with the DBFS API, whatever grants the
tables have, and nobody can take that away from one user alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.dbfs import TABLES, EmptyFolder
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_FOLDER: Final = EmptyFolder(TABLES, "managed tables lie where every user can read their files")

CONTROL = Control(
    id="dbfs-root-tables",
    title="No tables lie in the DBFS root",
    paper=("P13",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_FOLDER.needs,
    fix=Fix(
        "Move the tables to catalogs of Unity Catalog with SYNC or CREATE TABLE AS SELECT, delete"
        " the originals, then switch legacy DBFS off.",
        console=(
            "Catalog Explorer, hive_metastore: upgrade each schema; then Workspace settings, "
            "Security, Disable DBFS root and mounts."
        ),
        api=(
            'POST /api/2.0/dbfs/delete {"path": "/user/hive/warehouse/...", "recursive": true}, '
            "once the data has moved."
        ),
        terraform=(
            "No resource changes it; tables are moved by SQL, and "
            "databricks_disable_legacy_dbfs_setting closes the door."
        ),
        breaks="Jobs that name the old tables must name the new ones.",
        no_api="Tables move by SQL on compute, and which catalog each belongs in is yours to say; "
        "a plan never deletes data.",
        no_terraform="No resource moves tables, or deletes files of DBFS.",
    ),
    maps=(
        *also(
            "leaves no tables where every user may read the files beneath them",
            Relation.SUBSET,
            nist="AC-3 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.2.6",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IAM-16",
        ),
        *also(
            "has tables moved to where grants hold for their files as well",
            cis_databricks="2.1.5",
            dasf="DASF-5",
            attack="T1213 T1530",
        ),
        *also(
            "looks into the same folder, and tells a failed call from an empty one",
            Relation.EQUAL,
            sat="GOV-10",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The folder is empty, or DBFS is switched off."""
    return _FOLDER.is_empty(workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _FOLDER.examples()

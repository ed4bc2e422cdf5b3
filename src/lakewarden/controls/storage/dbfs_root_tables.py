"""Tables without a location of their own used to end up in the DBFS root, and many still lie
there. Every user of the workspace can read their files with the DBFS API, whatever grants the
tables have, and nobody can take that away from one user alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.dbfs import EmptyFolder
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_FOLDER: Final = EmptyFolder(
    "/user/hive/warehouse", "managed tables lie where every user can read their files"
)

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
    ),
    maps=also(
        "the same folder; a failed call is unknown here and passes there",
        sat="GOV-10",
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

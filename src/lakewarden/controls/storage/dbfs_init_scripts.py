"""Clusters of old runtimes run whatever lies in this folder as root when they start. Any user of
the workspace could write there, so one file hands an attacker every cluster with the identities
and secrets that it uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.dbfs import EmptyFolder, switch_off
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE, name_of
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish

_FOLDER: Final = EmptyFolder(
    "/databricks/init", "scripts that run as root on every cluster lie where users can write"
)

CONTROL = Control(
    id="dbfs-init-scripts",
    title="No init scripts lie in the legacy folder of DBFS",
    paper=("P13",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_FOLDER.needs,
    fix=Fix(
        "Move the scripts to a Unity Catalog volume or to workspace files, refer to them from "
        "cluster policies, and delete the folder.",
        console=(
            "Notebook or web terminal: delete /databricks/init, once the clusters use the new "
            "place."
        ),
        api=('POST /api/2.0/dbfs/delete {"path": "/databricks/init", "recursive": true}'),
        terraform=(
            "No resource changes it; databricks_disable_legacy_dbfs_setting closes the door."
        ),
        breaks="Clusters that rely on a script of that folder start without it.",
    ),
    maps=(
        *also(
            "leaves no file that any user may change and that clusters run as root",
            Relation.SUBSET,
            nist="AC-6 CM-5 CM-7(2) SI-7",
            soc2="CC6.8 CC8.1",
            pci="7.2.2",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.19 A.8.32",
            ccm="CCC-04 TVM-02",
        ),
        *also(
            "closes a path from any user to the identities and secrets of clusters",
            attack="T1059 T1546 T1552",
        ),
        *also(
            "looks into the same folder, and tells a failed call from an empty one",
            Relation.EQUAL,
            sat="GOV-25",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The folder is empty, or DBFS is switched off."""
    return _FOLDER.is_empty(workspace, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Close the door to the folder, and have its scripts moved before that."""
    yield from switch_off(workspace, at)
    yield Step(
        f"Before the plan is applied, move the scripts that are needed from {_FOLDER.path} of "
        f"{name_of(workspace)} to a volume or to workspace files, and name them in cluster "
        "policies; clusters start without them afterwards.",
        f"`databricks fs ls dbfs:{_FOLDER.path}` lists nothing that clusters still need",
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _FOLDER.examples()

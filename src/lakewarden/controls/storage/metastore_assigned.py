"""A workspace without a metastore of Unity Catalog governs data with what came before: grants that
clusters may ignore, no lineage and no record of who read what. Whatever is asked of catalogs does
not reach its tables at all.
"""

from __future__ import annotations

from collections.abc import Iterable

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
from lakewarden.controls.kit.subjects import WORKSPACE, name_of
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import WORKSPACE_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.unity import METASTORE_ASSIGNMENTS, METASTORES
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="metastore-assigned",
    title="The workspace has a metastore of Unity Catalog",
    paper=("P22",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(METASTORE_ASSIGNMENTS.need(),),
    fix=Fix(
        "Assign the metastore of the region to the workspace, then upgrade its tables.",
        console="Account console, Catalog, the metastore, Workspaces: assign to workspace.",
        api="PUT /api/2.0/accounts/{account_id}/workspaces/{workspace_id}/metastores/{id}",
        terraform="databricks_metastore_assignment with metastore_id and workspace_id.",
        breaks="Nothing at once; clusters in modes that Unity Catalog does not support see the old "
        "metastore alone.",
    ),
    maps=(
        *also(
            "puts the workspace's tables under grants and keeps a record of who reads them",
            Relation.SUBSET,
            nist="AC-3 AU-12",
            soc2="CC6.1 CC6.3",
            pci="7.3.1 10.2.1.1",
            hipaa="164.312(a)(1) 164.312(b)",
            iso="A.5.15 A.8.15",
            ccm="IAM-16 LOG-11",
        ),
        *also(
            "takes a metastore that exists, and has Unity Catalog govern the tables",
            sat="GOV-20",
            cis_databricks="2.1.5",
            dasf="DASF-5",
        ),
        *also("asks for the same assignment", Relation.EQUAL, sat="GOV-16"),
    ),
    plans_with=(METASTORES.need(),),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The service names one."""
    return expect(
        at.estate.need(METASTORE_ASSIGNMENTS, workspace.id, workspace).metastore_id,
        bool,
        expected="the id of a metastore",
        otherwise="no metastore is assigned, so Unity Catalog governs nothing here",
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Assign the metastore of its region, if there is just one."""
    region = workspace.region.get()
    near = [m.id for m in at.estate.of(METASTORES).each() if m.region.get() == region]
    if len(near) != 1:
        found = f"{len(near)} metastores lie" if near else "no metastore lies"
        raise CannotPlanError(f"{found} in {region}: assign the one that is meant by hand")
    target = Target("metastore_assignment", "account", str(workspace.id))
    yield Wish(target, name_of(workspace), None, {"/metastore_id": near[0]})


def _without(**fields: str) -> MemorySnapshot:
    store = {"metastore_id": "m1", "name": "main", "region": "us-east-1"}
    none = {"workspace_id": WORKSPACE_ID, **fields}
    return given(metastore_assignments=[none], metastores=[store])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    one = {"workspace_id": WORKSPACE_ID, "metastore_id": "m1"}
    yield passes("one is assigned", given(metastore_assignments=[one]))
    yield fails("none is assigned", _without())
    yield fails("an empty id names none", _without(metastore_id=""))
    yield unclear("that may not be read", given(metastore_assignments=refused()))
    yield unclear("nobody asked", given(metastore_assignments=[]))

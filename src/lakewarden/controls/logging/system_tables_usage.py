"""Stolen credentials are often turned into machines that mine or train for somebody else. That
shows first in what is spent and run: billed usage, clusters and their load, jobs and queries. None
of it can be looked at afterwards for a time in which the system tables were not enabled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.system_tables import enable, enabled, enabling, schema_examples
from lakewarden.estate.account import Workspace
from lakewarden.estate.oversight import SYSTEM_SCHEMAS
from lakewarden.estate.unity import METASTORE_ASSIGNMENTS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish

_SCHEMAS: Final = ("billing", "compute", "lakeflow", "query")

CONTROL = Control(
    id="system-tables-usage",
    title="Usage, clusters, jobs and queries are recorded in the workspace's system tables",
    paper=("P17",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(SYSTEM_SCHEMAS.need(),),
    plans_with=(METASTORE_ASSIGNMENTS.need(),),
    fix=enabling(_SCHEMAS),
    maps=also(
        "keeps the record by which strange clusters, jobs and queries are found",
        Relation.SUBSET,
        nist="AU-2 AU-6 AU-12 CM-8",
        soc2="CC7.2",
        pci="10.2.1",
        hipaa="164.308(a)(1)(ii)(D)",
        iso="A.8.6 A.8.15 A.8.16",
        ccm="LOG-07 LOG-08 IVS-02",
        dasf="DASF-14",
        attack="T1496",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """All four schemas of the workspace's metastore are enabled."""
    return enabled(_SCHEMAS, workspace, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Enable what the metastore has and does not fill."""
    return enable(_SCHEMAS, workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from schema_examples(*_SCHEMAS)

"""The system table of audit events lets the people who watch ask questions of the log at once, and
join it with lineage and billing, without a pipeline of their own that can silently stop. It is a
second record beside the delivered files, kept where an intruder in your AWS account cannot reach.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.system_tables import enable, enabled, enabling, schema_examples
from lakewarden.estate.account import Workspace
from lakewarden.estate.oversight import SYSTEM_SCHEMAS
from lakewarden.estate.unity import METASTORE_ASSIGNMENTS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="system-tables-audit",
    title="Audit events can be queried in the workspace's system tables",
    paper=("P08",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(SYSTEM_SCHEMAS.need(),),
    plans_with=(METASTORE_ASSIGNMENTS.need(),),
    fix=enabling(["access"]),
    maps=(
        *also(
            "makes audit events something that people and alerts can query",
            Relation.SUBSET,
            nist="AU-6 AU-7 AU-12 SI-4",
            soc2="CC7.2 CC7.3",
            pci="10.2.1 10.4.1",
            hipaa="164.312(b) 164.308(a)(1)(ii)(D)",
            iso="A.8.15 A.8.16",
            ccm="LOG-05 LOG-08",
            dasf="DASF-14",
        ),
        *also("wants the same system schema enabled", Relation.EQUAL, sat="GOV-34"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The schema `access` of the workspace's metastore is enabled."""
    return enabled(["access"], workspace, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Enable what the metastore has and does not fill."""
    return enable(["access"], workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from schema_examples("access")

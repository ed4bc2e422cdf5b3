"""Stolen credentials are often turned into machines that mine or train for somebody else. That
shows first in what is spent and run: billed usage, clusters and their load, jobs and queries. None
of it can be looked at afterwards for a time in which the system tables were not enabled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.system_tables import enabled, enabling, schema_examples
from lakewarden.estate.account import Workspace
from lakewarden.estate.oversight import SYSTEM_SCHEMAS
from lakewarden.ledger.finding import Severity

_SCHEMAS: Final = ("billing", "compute", "lakeflow", "query")

CONTROL = Control(
    id="system-tables-usage",
    title="Usage, clusters, jobs and queries are recorded in the workspace's system tables",
    paper=("P17",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(SYSTEM_SCHEMAS.need(),),
    fix=enabling(_SCHEMAS),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """All four schemas of the workspace's metastore are enabled."""
    return enabled(_SCHEMAS, workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from schema_examples(*_SCHEMAS)

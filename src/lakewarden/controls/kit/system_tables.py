"""System tables: what several controls ask of the schemas of the catalog `system`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, observe
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.oversight import SYSTEM_SCHEMAS
from lakewarden.estate.unity import METASTORE_ASSIGNMENTS
from lakewarden.ledger.finding import Evidence
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Step, Wish

_ON: Final = frozenset({"ENABLE_COMPLETED", "MANAGED"})
_CAN: Final = frozenset({"AVAILABLE", "ENABLE_INITIALIZED", "DISABLE_INITIALIZED"})
"""States of schemas that can be enabled, or are about to be."""


def enabled(names: Sequence[str], workspace: Workspace, at: Context) -> Condition:
    """Require that the workspace's metastore fills some system schemas."""
    schemas = [at.estate.find(SYSTEM_SCHEMAS, name, workspace) for name in names]
    states = {s.name: s.state.get() for s in schemas if s is not None}
    off = [name for name in names if states.get(name) not in _ON]
    evidence = Evidence(
        SYSTEM_SCHEMAS.source,
        "state",
        [f"{name}: {states.get(name, 'there is none')}" for name in names],
        " or ".join(sorted(_ON)),
    )
    return observe(not off, evidence, otherwise=f"not enabled: {', '.join(off)}")


def enable(names: Sequence[str], workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Wish that the workspace's metastore fills some system schemas.

    Workspaces that share a metastore wish it of the same one, by way of the first of them.

    Raises:
        UnreadError: the schemas, or which metastore the workspace has, were not read.
    """
    metastore = at.estate.need(METASTORE_ASSIGNMENTS, workspace.id, workspace).metastore_id.get()
    sharing = [w.id for w in at.estate.workspaces() if _metastore(w, at) == metastore]
    through = min([workspace.id, *sharing])
    for name in names:
        schema = at.estate.find(SYSTEM_SCHEMAS, name, workspace)
        state = None if schema is None else schema.state.get()
        if state in _ON:
            continue
        if metastore is None or state not in _CAN:
            yield Step(
                f"Give the workspace a metastore that has the system schema {name}, and enable it",
                f"the metastore lists {name} as ENABLE_COMPLETED",
            )
            continue
        target = Target("system_schema", f"workspace/{through}", f"{metastore}/{name}")
        yield Wish(target, name, {"/state": state}, {"/state": "ENABLE_COMPLETED"})


def _metastore(workspace: Workspace, at: Context) -> str | None:
    """Return the metastore of a workspace, None when it has none or nobody may know."""
    try:
        return at.estate.need(METASTORE_ASSIGNMENTS, workspace.id, workspace).metastore_id.get()
    except UnreadError:
        return None


def enabling(names: Sequence[str]) -> Fix:
    """Return the fix: enable the schemas in the metastore."""
    listed = ", ".join(names)
    return Fix(
        f"As a metastore admin or account admin, enable the system schemas {listed} in the "
        "metastore, and grant reading them to those who watch.",
        console="No page enables system schemas; use the API or Terraform.",
        api="PUT /api/2.1/unity-catalog/metastores/{metastore_id}/systemschemas/{schema} {}",
        terraform="databricks_system_schema with schema = each of them.",
        breaks="Nothing stops working; the tables begin to fill when they are enabled.",
    )


def schema_examples(*names: str) -> Iterable[Example]:
    """Yield the ways to be right, wrong and unread."""

    def estate(*, last: str = "ENABLE_COMPLETED", **changes: Any) -> Any:
        states = [{"schema": name, "state": "ENABLE_COMPLETED"} for name in names[:-1]]
        kinds = {
            "system_schemas": [*states, {"schema": names[-1], "state": last}],
            "metastore_assignments": [{"workspace_id": 1, "metastore_id": "m"}],
        }
        return given(**{**kinds, **changes})

    yield passes("enabled", estate())
    yield passes("managed by Databricks", estate(last="MANAGED"))
    yield fails("available and not enabled", estate(last="AVAILABLE"))
    yield fails("being enabled", estate(last="ENABLE_INITIALIZED"))
    yield fails("no metastore", given(system_schemas=[]))
    yield unclear("a schema without a state", given(system_schemas=[{"schema": n} for n in names]))
    yield unclear("schemas may not be listed", given(system_schemas=refused()))
    yield unclear("no call", given(system_schemas=refused(Cause.NOT_FOUND)))

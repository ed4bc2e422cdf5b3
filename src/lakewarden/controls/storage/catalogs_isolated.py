"""An open catalog can be used from every workspace of its metastore, so its data is as safe as the
weakest of them. Bound to the workspaces that were made for it, sensitive data stays out of reach
of a sandbox, whatever grants its users collected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    expect,
    holds,
    observe,
)
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.isolating import by_workspace, isolation, meant_for
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.sensitive import holds_sensitive, is_sensitive
from lakewarden.controls.kit.unity_examples import governed
from lakewarden.controls.kit.unity_subjects import CATALOG, Shown
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.given import WORKSPACE_ID, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.unity import CATALOG_BINDINGS, CATALOGS, METASTORE_ASSIGNMENTS, Catalog
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="catalogs-isolated",
    title="Catalogs with sensitive data are bound to the workspaces made for it",
    paper=("P22",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=CATALOG,
    needs=(METASTORE_ASSIGNMENTS.need(), CATALOGS.need(), CATALOG_BINDINGS.need()),
    fix=Fix(
        "Isolate the catalog and bind it to the workspaces that need it; name sensitive catalogs "
        "in data.sensitive_catalogs if not all are.",
        console="Catalog Explorer, the catalog, Workspaces: assign to workspaces.",
        api='PATCH /api/2.1/unity-catalog/catalogs/{name} {"isolation_mode": "ISOLATED"}, then '
        "PATCH /api/2.1/unity-catalog/bindings/catalog/{name}.",
        terraform='databricks_catalog with isolation_mode = "ISOLATED", and '
        "databricks_workspace_binding.",
        breaks="Queries of the catalog from workspaces that are not bound to it fail.",
    ),
    maps=(
        *also(
            "keeps sensitive data out of reach of workspaces that were not made for it",
            Relation.SUBSET,
            nist="AC-3 AC-4 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.3.2",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IVS-06",
        ),
        *also(
            "makes a grant on such a catalog worthless where the catalog is not bound",
            cis_databricks="2.1.5",
            iso="A.8.31",
            dasf="DASF-5",
            attack="T1078.004 T1213",
        ),
    ),
)

_PLATFORM: Final = frozenset({"SYSTEM_CATALOG", "INTERNAL_CATALOG"})


@CONTROL.check
def check(shown: Shown[Catalog], at: Context) -> Judgement:
    """It is isolated, and bound to sensitive workspaces alone where those are labelled."""
    catalog = shown.record
    if catalog.type.get() in _PLATFORM:
        evidence = Evidence(catalog.type.source, catalog.type.field, catalog.type.get(), "data")
        return NotApplicable("the platform's own catalog", (evidence,))
    if not holds_sensitive(catalog.name, at):
        return NotApplicable("the policy file names other catalogs as sensitive")
    isolated = expect(
        catalog.isolation,
        lambda value: value == "ISOLATED",
        expected="ISOLATED",
        otherwise="every workspace of the metastore can use it",
    )
    return all_of(isolated, lambda: _bound(shown, at))


def _bound(shown: Shown[Catalog], at: Context) -> Condition:
    """Require that every workspace it is bound to is sensitive."""
    fact = at.estate.need(CATALOG_BINDINGS, shown.record.name, shown.workspace).bindings
    bound = {binding.workspace_id for binding in fact.get()}
    if not at.policy.sensitive_tags:
        return holds(Evidence(fact.source, fact.field, sorted(bound), "any, none is labelled"))
    plain = [
        identity
        for identity in sorted(bound)
        if not is_sensitive(at.estate.need(WORKSPACES, identity), at)
    ]
    evidence = Evidence(fact.source, fact.field, sorted(bound), "workspaces for sensitive data")
    named = ", ".join(map(str, plain))
    return observe(not plain, evidence, otherwise=f"other workspaces can use it: {named}")


@CONTROL.mends
def mend(shown: Shown[Catalog], at: Context) -> Iterable[Wish]:
    """Bind it to sensitive workspaces, where those are labelled, and isolate it."""
    catalog, here = shown.record, shown.workspace
    bound = by_workspace(at.estate.need(CATALOG_BINDINGS, catalog.name, here).bindings.get())
    mode = catalog.isolation.get()
    wanted = meant_for(bound, here, at, everywhere=mode != "ISOLATED")
    yield from isolation(("catalog", catalog.name), (mode, "ISOLATED"), bound, wanted, here)


_LABELLED: Final = {"custom_tags": {"Sensitivity": "high"}}


def _estate(mode: str | None, workspace: Any = None, **more: Any) -> MemorySnapshot:
    catalog = {"name": "payroll", "catalog_type": "MANAGED_CATALOG", "isolation_mode": mode}
    bound = {"name": "payroll", "bindings": [{"workspace_id": WORKSPACE_ID}]}
    answers = {"catalogs": [catalog], "catalog_bindings": [bound], **more}
    return governed(workspace, **answers)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    label = Policy(sensitive_tags={"Sensitivity": "high"})
    yield passes("isolated", _estate("ISOLATED"))
    yield passes("bound to a sensitive workspace", _estate("ISOLATED", _LABELLED), label)
    yield fails("bound to another", _estate("ISOLATED"), label)
    yield fails("open", _estate("OPEN"))
    yield fails("open, and named", _estate("OPEN"), Policy(sensitive_catalogs=("pay*",)))
    yield fails("named in capitals", _estate("OPEN"), Policy(sensitive_catalogs=("Payroll",)))
    yield exempt("others are named", _estate("OPEN"), Policy(sensitive_catalogs=("hr",)))
    system = [{"name": "system", "catalog_type": "SYSTEM_CATALOG", "isolation_mode": "OPEN"}]
    yield exempt("the platform's own", _estate("OPEN", catalogs=system))
    yield exempt("there are none", _estate("OPEN", catalogs=[]))
    yield unclear("the mode is missing", _estate(None))
    yield unclear("catalogs may not be read", _estate("OPEN", catalogs=refused()))
    yield unclear("bindings may not be read", _estate("ISOLATED", catalog_bindings=refused()))
    yield fails("open, whatever it is bound to", _estate("OPEN", catalog_bindings=refused()))
    away = refused()
    yield unclear("the metastore is not known", _estate("OPEN", metastore_assignments=away))

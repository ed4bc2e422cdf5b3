"""Code that names a table without a catalog goes to the default one. As long as that is the old
Hive metastore, every careless CREATE TABLE puts data where Unity Catalog neither governs nor sees
it, and where a cluster without isolation ignores whatever grants there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, expect, unknown
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
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import WORKSPACE_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.unity import CATALOG_BINDINGS, CATALOGS, Catalog
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

_NAME: Final = "default_namespace_ws"
_LEGACY: Final = frozenset({"hive_metastore", "spark_catalog"})

CONTROL = Control(
    id="default-catalog-governed",
    title="The default catalog of the workspace is one of Unity Catalog",
    paper=("P13",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_SETTINGS.need(_NAME),),
    fix=Fix(
        "Make a catalog of Unity Catalog, named in data.default_catalogs, the default of the "
        "workspace; clusters and warehouses must restart.",
        console="Workspace settings, Advanced, Default catalog for the workspace.",
        api="PATCH /api/2.0/settings/types/default_namespace_ws/names/default with field_mask "
        "namespace.value and the catalog's name.",
        terraform="databricks_default_namespace_setting with namespace { value = ... }.",
        breaks="Code that relies on tables of hive_metastore without naming it looks for them in "
        "the new catalog.",
    ),
    maps=(
        *also(
            "makes tables land under Unity Catalog when nobody names a catalog",
            Relation.SUBSET,
            nist="AC-3 CM-6",
            soc2="CC6.1",
            pci="7.3.1",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.9",
            ccm="DSP-07 DSP-17",
        ),
        *also(
            "keeps new tables from places where clusters may ignore the grants",
            cis_databricks="2.1.5",
            dasf="DASF-5",
            attack="T1213",
        ),
    ),
    plans_with=(CATALOGS.need(), CATALOG_BINDINGS.need()),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """It is set, and not to the legacy metastore; until then, its history decides."""
    fact = at.estate.value(WORKSPACE_SETTINGS, _NAME, workspace)
    wanted = "a catalog other than hive_metastore"
    if fact.gap is None and fact.get() in (None, ""):
        detail = "how the workspace got its metastore decides until somebody sets it: set it"
        return unknown(WORKSPACE_SETTINGS.unset(_NAME, detail), field=_NAME, expected=wanted)
    return expect(
        fact,
        lambda value: str(value).strip().lower() not in _LEGACY,
        expected=wanted,
        otherwise="tables without a catalog's name are made in {value}",
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Make the catalog that the policy file names the default, if the workspace can use it."""
    name, named = name_of(workspace), at.policy.default_catalogs.items()
    wanted = next((catalog for pattern, catalog in named if fnmatchcase(name, pattern)), "")
    if not wanted or wanted.strip().lower() in _LEGACY:
        raise CannotPlanError(
            f"nobody says which catalog is to be the default of {name}: set data.default_catalogs "
            "in lakewarden.toml"
        )
    catalogs = at.estate.of(CATALOGS, workspace).each()
    if not any(_usable(catalog, workspace, at) for catalog in catalogs if catalog.name == wanted):
        raise CannotPlanError(
            f"{name} cannot use a catalog {wanted}, which data.default_catalogs in lakewarden.toml "
            "names: make it, or bind it to the workspace"
        )
    wish = setting_wish(WORKSPACE_SETTINGS, _NAME, wanted, at, workspace)
    yield replace(wish, restart="clusters and SQL warehouses of the workspace")


def _usable(catalog: Catalog, workspace: Workspace, at: Context) -> bool:
    if catalog.isolation.get() != "ISOLATED":
        return True
    bindings = at.estate.need(CATALOG_BINDINGS, catalog.name, workspace).bindings.get()
    return workspace.id in {binding.workspace_id for binding in bindings}


def _legacy(*bound: int) -> MemorySnapshot:
    catalog = {"name": "main", "isolation_mode": "ISOLATED"}
    bindings = {"name": "main", "bindings": [{"workspace_id": w} for w in bound]}
    kinds: dict[str, Any] = {"catalogs": [catalog], "catalog_bindings": [bindings]}
    return given(workspace_settings={_NAME: "hive_metastore"}, **kinds)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("a catalog of one's own", given(workspace_settings={_NAME: "main"}))
    for name in sorted(_LEGACY):
        yield fails(f"still {name}", given(workspace_settings={_NAME: name}))
    named = Policy(default_catalogs={"exa*": "main"})
    yield fails("another is named, and can be used", _legacy(WORKSPACE_ID), named)
    yield fails("another is named, and is out of reach", _legacy(), named)
    loud = given(workspace_settings={_NAME: "HIVE_METASTORE"})
    yield fails("names of catalogs have no case", loud)
    yield unclear("never set", given(workspace_settings={_NAME: None}))
    yield unclear("set to nothing", given(workspace_settings={_NAME: ""}))
    yield unclear("the settings may not be read", given(workspace_settings=refused()))

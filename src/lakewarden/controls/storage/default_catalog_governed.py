"""Code that names a table without a catalog goes to the default one. As long as that is the old
Hive metastore, every careless CREATE TABLE puts data where Unity Catalog neither governs nor sees
it, and where a cluster without isolation ignores whatever grants there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
from lakewarden.controls.kit.default_catalog import SETTING, USABLE, governed_default, is_legacy
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import WORKSPACE_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="default-catalog-governed",
    title="The default catalog of the workspace is one of Unity Catalog",
    paper=("P13",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_SETTINGS.need(SETTING),),
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
    plans_with=USABLE,
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """It is set, and not to the legacy metastore; until then, its history decides."""
    fact = at.estate.value(WORKSPACE_SETTINGS, SETTING, workspace)
    wanted = "a catalog other than hive_metastore"
    if fact.gap is None and fact.get() in (None, ""):
        detail = "how the workspace got its metastore decides until somebody sets it: set it"
        return unknown(WORKSPACE_SETTINGS.unset(SETTING, detail), field=SETTING, expected=wanted)
    return expect(
        fact,
        lambda value: not is_legacy(value),
        expected=wanted,
        otherwise="tables without a catalog's name are made in {value}",
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Make the catalog that the policy file names the default, if the workspace can use it."""
    yield governed_default(workspace, at)


def _legacy(*bound: int) -> MemorySnapshot:
    catalog = {"name": "main", "isolation_mode": "ISOLATED"}
    bindings = {"name": "main", "bindings": [{"workspace_id": w} for w in bound]}
    kinds: dict[str, Any] = {"catalogs": [catalog], "catalog_bindings": [bindings]}
    return given(workspace_settings={SETTING: "hive_metastore"}, **kinds)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("a catalog of one's own", given(workspace_settings={SETTING: "main"}))
    for name in ("hive_metastore", "spark_catalog"):
        yield fails(f"still {name}", given(workspace_settings={SETTING: name}))
    named = Policy(default_catalogs={"exa*": "main"})
    yield fails("another is named, and can be used", _legacy(WORKSPACE_ID), named)
    yield fails("another is named, and is out of reach", _legacy(), named)
    loud = given(workspace_settings={SETTING: "HIVE_METASTORE"})
    yield fails("names of catalogs have no case", loud)
    yield unclear("never set", given(workspace_settings={SETTING: None}))
    yield unclear("set to nothing", given(workspace_settings={SETTING: ""}))
    yield unclear("the settings may not be read", given(workspace_settings=refused()))

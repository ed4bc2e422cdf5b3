"""The data access configuration of SQL warehouses is one list of settings for all warehouses of a
workspace. Passwords of an external metastore and storage keys end up there, and then every query of
everybody runs with them, and every admin, present and future, can copy them.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.withheld import moved_to_scope, no_secret
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.secrets import WAREHOUSE_SETTINGS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.semantics.secret_shapes import withhold

CONTROL = Control(
    id="warehouse-settings-without-secrets",
    title="What SQL warehouses share holds no credential in the clear",
    paper=("P36",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WAREHOUSE_SETTINGS.need(),),
    fix=moved_to_scope(
        "the data access configuration",
        "PUT /api/2.0/sql/config/warehouses with the reference in data_access_config",
        "data_access_config of databricks_sql_global_config with the reference",
        "All running warehouses restart, which ends the queries on them.",
    ),
    maps=also(
        "finds credentials in the settings that all SQL warehouses share",
        Relation.SUBSET,
        nist="IA-5 IA-5(6) SC-28",
        soc2="CC6.1",
        pci="8.3.2 8.6",
        hipaa="164.308(a)(5)(ii)(D)",
        iso="A.5.17 A.8.9 A.8.12",
        ccm="IAM-14 DSP-17",
        dasf="DASF-33",
        attack="T1552 T1552.001 T1078.004",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Nothing in the common configuration looks like a credential."""
    return no_secret(at.estate.need(WAREHOUSE_SETTINGS, "warehouses", workspace).withheld)


def _shared(name: str = "", value: str = "") -> MemorySnapshot:
    kept = {f"data_access_config[0].{name}": withhold(name, value)} if name else {}
    return given(warehouse_settings=[{"id": "warehouses", "withheld": kept}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    password = "spark.hadoop.javax.jdo.option.ConnectionPassword"  # noqa: S105  # a setting's name
    yield passes("nothing is set", _shared())
    yield passes("a reference", _shared(password, "{{secrets/metastore/password}}"))
    yield fails("the metastore's password", _shared(password, "Winter-of-21"))
    yield unclear("the list is missing", given(warehouse_settings=[{"id": "warehouses"}]))
    yield unclear("the configuration may not be read", given(warehouse_settings=refused()))

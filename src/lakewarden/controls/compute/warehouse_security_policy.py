"""SQL warehouses check table permissions only under a security policy. With the policy NONE a query
on legacy tables runs with the rights of the warehouse's instance profile, so everybody who may use
the warehouse reads all that the profile can.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, expect
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import WAREHOUSE_CONFIG
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="warehouse-security-policy",
    title="SQL warehouses check who may read a table",
    paper=("P32",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WAREHOUSE_CONFIG.need(),),
    fix=Fix(
        "Set the security policy of the workspace's SQL warehouses to DATA_ACCESS_CONTROL, and "
        "grant what people need on legacy tables first.",
        console="Settings, Compute, SQL warehouses, Manage: choose table access control.",
        api="PUT /api/2.0/sql/config/warehouses with the whole configuration and "
        '"security_policy": "DATA_ACCESS_CONTROL".',
        terraform='databricks_sql_global_config: security_policy = "DATA_ACCESS_CONTROL".',
        breaks="All warehouses restart, and queries on legacy tables fail for people without a "
        "grant.",
    ),
    maps=(
        *also(
            "checks for each user which tables a query may read",
            Relation.SUBSET,
            nist="AC-3 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.6 7.3.1",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IAM-16",
            dasf="DASF-5",
        ),
        *also(
            "keeps the rights of a machine's role from whoever may use a warehouse",
            attack="T1213 T1530",
        ),
    ),
)

_CHECKING: Final = frozenset({"DATA_ACCESS_CONTROL", "PASSTHROUGH"})


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The common configuration names a policy that checks each user's rights."""
    config = at.estate.need(WAREHOUSE_CONFIG, "warehouses", workspace)
    return expect(
        config.security_policy,
        lambda policy: policy in _CHECKING,
        expected="DATA_ACCESS_CONTROL",
        otherwise="the security policy is {value}: table permissions are not checked",
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Have the warehouses check tables."""
    config = at.estate.need(WAREHOUSE_CONFIG, "warehouses", workspace)
    yield Wish(
        Target("warehouse_config", scope_of(workspace), "warehouses"),
        "all SQL warehouses",
        {"/security_policy": config.security_policy.get()},
        {"/security_policy": "DATA_ACCESS_CONTROL"},
        restart="nothing more: all warehouses of the workspace restart as soon as it is changed",
    )


def _config(policy: str | None) -> MemorySnapshot:
    return given(warehouse_config=[{"id": "warehouses", "security_policy": policy}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("table access control", _config("DATA_ACCESS_CONTROL"))
    yield passes("each user's own credentials", _config("PASSTHROUGH"))
    yield fails("none", _config("NONE"))
    yield unclear("no policy in the answer", _config(None))
    yield unclear("the configuration may not be read", given(warehouse_config=refused()))

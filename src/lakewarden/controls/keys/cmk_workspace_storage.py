"""The root bucket holds job results, models and large notebook results. A key of yours turns a
copied object into noise, and disabling it stops every reader at once, whatever rights they have to
the bucket.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.managed_keys import (
    KEY_NEEDS,
    KeyExamples,
    attach,
    guarded_by_own_key,
)
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="cmk-workspace-storage",
    title="A living key of your own guards the workspace's storage",
    paper=("P27",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=KEY_NEEDS,
    fix=Fix(
        "Create a symmetric KMS key, register it with the use case STORAGE, attach it to the "
        "workspace as its storage key, and restart clusters.",
        console="Account console, Cloud resources, Encryption keys, Add; then the workspace, "
        "Update, Storage encryption key.",
        api='POST /api/2.0/accounts/{account_id}/customer-managed-keys {"use_cases": ["STORAGE"], '
        '"aws_key_info": {"key_arn": "..."}}, then PATCH /workspaces/{workspace_id} '
        '{"storage_customer_managed_key_id": "..."}',
        terraform="databricks_mws_customer_managed_keys, and storage_customer_managed_key_id of "
        "databricks_mws_workspaces.",
        breaks="Clusters and pools must stop before the key is attached; a storage key cannot be "
        "exchanged for another later.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "encrypts the workspace's bucket with a key that you can take away",
            Relation.SUBSET,
            nist="SC-12 SC-28 SC-28(1)",
            cis_databricks="2.1.8",
            soc2="CC6.1 C1.1",
            pci="3.5.1 3.6.1",
            hipaa="164.312(a)(2)(iv)",
            iso="A.5.23 A.8.24",
            ccm="CEK-03 CEK-08 UEM-08",
            dasf="DASF-8",
        ),
        *also(
            "wants a key of this kind attached, where the other kind counts there as well",
            Relation.SUPERSET,
            sat="DP-3",
        ),
    ),
)

_EXAMPLES: Final = KeyExamples("storage_customer_managed_key_id", "STORAGE")


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """A key is attached, meant for storage, enabled and yours."""
    if workspace.compute_mode.get() == "SERVERLESS":
        mode = workspace.compute_mode
        evidence = Evidence(mode.source, mode.field, mode.get(), "a workspace with a root bucket")
        return NotApplicable("a serverless workspace has no storage in your account", (evidence,))
    return guarded_by_own_key(workspace.storage_key_id, "STORAGE", at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Attach the key that is registered for it, where there is none."""
    return attach(workspace, workspace.storage_key_id, "STORAGE", at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield from _EXAMPLES()
    yield fails("a key for notebooks", _EXAMPLES.estate(_EXAMPLES.registered("MANAGED_SERVICES")))
    serverless = _EXAMPLES.estate(_EXAMPLES.registered(), workspace={"compute_mode": "SERVERLESS"})
    yield exempt("a serverless workspace", serverless)

"""Notebooks, queries, secrets and Git credentials lie in the vendor's own account. Encrypted with a
key of yours, they can be read only as long as you allow it: disabling the key shuts out the vendor
and everybody who broke into the vendor. With the vendor's key there is nothing that you can revoke.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, Tier, fails
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
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="cmk-managed-services",
    title="A living key of your own guards the workspace's managed services",
    paper=("P26",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=KEY_NEEDS,
    fix=Fix(
        "Create a symmetric KMS key, register it with the use case MANAGED_SERVICES, and attach it "
        "to the workspace as its managed services key.",
        console="Account console, Cloud resources, Encryption keys, Add; then the workspace, "
        "Update, Managed services encryption key.",
        api='POST /api/2.0/accounts/{account_id}/customer-managed-keys {"use_cases": '
        '["MANAGED_SERVICES"], "aws_key_info": {"key_arn": "..."}}, then PATCH '
        '/workspaces/{workspace_id} {"managed_services_customer_managed_key_id": "..."}',
        terraform="databricks_mws_customer_managed_keys, and "
        "managed_services_customer_managed_key_id of databricks_mws_workspaces.",
        breaks="While the key is disabled or deleted, notebooks, secrets and queries of the "
        "workspace cannot be read by anybody.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "encrypts notebooks, queries and secrets with a key that you can take away",
            Relation.SUBSET,
            nist="SC-12 SC-13 SC-28 SC-28(1)",
            cis_databricks="2.1.8",
            soc2="CC6.1 C1.1",
            pci="3.5.1 3.6.1",
            hipaa="164.312(a)(2)(iv)",
            iso="A.5.23 A.8.24",
            ccm="CEK-03 CEK-08",
            dasf="DASF-8",
        ),
        *also(
            "wants a key of this kind attached, where the other kind counts there as well",
            Relation.SUPERSET,
            sat="DP-3",
        ),
    ),
)

_EXAMPLES: Final = KeyExamples("managed_services_customer_managed_key_id", "MANAGED_SERVICES")


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """A key is attached, meant for managed services, enabled and yours."""
    return guarded_by_own_key(workspace.managed_services_key_id, "MANAGED_SERVICES", at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Attach the key that is registered for it, where there is none."""
    return attach(workspace, workspace.managed_services_key_id, "MANAGED_SERVICES", at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield from _EXAMPLES()
    yield fails("a storage key", _EXAMPLES.estate(_EXAMPLES.registered("STORAGE")))

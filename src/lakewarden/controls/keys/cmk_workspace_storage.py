"""The root bucket holds job results, models and large notebook results, and the disks of clusters
hold whatever a job spilled. A key of yours on both turns a stolen snapshot or copied object into
noise, and disabling it stops every reader at once, whatever their bucket rights say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Condition, Judgement, NotApplicable, all_of, expect
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.managed_keys import KEY_NEEDS, KeyExamples, guarded_by_own_key
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import ENCRYPTION_KEYS, Workspace
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="cmk-workspace-storage",
    title="A living, rotating key of your own guards the workspace's storage and disks",
    paper=("P27",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=KEY_NEEDS,
    fix=Fix(
        "Create a symmetric KMS key with rotation, register it with the use case STORAGE "
        "for cluster volumes too, attach it to the workspace as its storage key, and "
        "restart clusters.",
    ),
    tier=Tier.ENTERPRISE,
    maps=also("wants a key attached, of this or the other kind", sat="DP-3"),
)

_EXAMPLES: Final = KeyExamples("storage_customer_managed_key_id", "STORAGE")


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """A key is attached, meant for storage and volumes, enabled, yours and rotating."""
    if workspace.compute_mode.get() == "SERVERLESS":
        mode = workspace.compute_mode
        evidence = Evidence(mode.source, mode.field, mode.get(), "a workspace with a root bucket")
        return NotApplicable("a serverless workspace has no storage in your account", (evidence,))
    return all_of(
        lambda: guarded_by_own_key(workspace.storage_key_id, "STORAGE", at),
        lambda: _covers_volumes(workspace, at),
    )


def _covers_volumes(workspace: Workspace, at: Context) -> Condition:
    key_id = workspace.storage_key_id.get()
    if key_id is None:
        return all_of()
    return expect(
        at.estate.need(ENCRYPTION_KEYS, key_id).covers_volumes,
        lambda covers: covers,
        expected="true",
        otherwise="the key does not encrypt the disks of clusters",
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield from _EXAMPLES()
    yield fails("a key for notebooks", _EXAMPLES.estate(_EXAMPLES.registered("MANAGED_SERVICES")))
    root_only = _EXAMPLES.registered(reuse_key_for_cluster_volumes=False)
    yield fails("disks are left out", _EXAMPLES.estate(root_only))
    silent = _EXAMPLES.registered(reuse_key_for_cluster_volumes=None)
    yield unclear("the answer is silent about disks", _EXAMPLES.estate(silent))
    serverless = _EXAMPLES.estate(root_only, workspace={"compute_mode": "SERVERLESS"})
    yield exempt("a serverless workspace", serverless)

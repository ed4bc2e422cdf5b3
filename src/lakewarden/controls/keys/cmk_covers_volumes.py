"""The disks of clusters hold whatever a job spilled or cached. Left out of the storage key, they
are encrypted with a key that AWS chooses: a snapshot that is shared or copied stays readable when
you disable yours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    expect,
    observe,
    violated,
)
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.keys import ARN, registered
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import ENCRYPTION_KEYS, NETWORKS, EncryptionKey, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.rights import VOLUMES, Volume
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="cmk-covers-volumes",
    title="The workspace's storage key encrypts the disks of clusters as well",
    paper=("P27",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(ENCRYPTION_KEYS.need(), NETWORKS.need(), VOLUMES.need()),
    fix=Fix(
        "Register the storage key for cluster volumes too, let the cross-account role use it "
        "through EC2, attach it, and restart clusters and pools.",
        console="Account console, Cloud resources, Encryption keys, Add: use also for EBS volumes "
        "of clusters.",
        api="POST /api/2.0/accounts/{account_id}/customer-managed-keys with "
        '"reuse_key_for_cluster_volumes": true in aws_key_info.',
        terraform="databricks_mws_customer_managed_keys with use_cases = STORAGE and a policy of "
        "the "
        "key that lets the cross-account role create grants.",
        breaks="Clusters do not start while the key's policy does not let the cross-account role "
        "use it; running ones keep their disks until they restart.",
        no_api="A registered key cannot be changed, and a workspace's storage key cannot be "
        "exchanged for another.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "encrypts what clusters spill to disk with a key that you can take away",
            Relation.SUBSET,
            nist="SC-12 SC-13 SC-28 SC-28(1)",
            soc2="CC6.1",
            pci="3.5.1",
            hipaa="164.312(a)(2)(iv)",
            iso="A.8.24",
            ccm="CEK-03 CEK-08 UEM-08",
            dasf="DASF-8",
        ),
        *also(
            "asks for encrypted disks or keys of your own too, though not for this use of the key",
            cis_aws="5.1.1",
            cis_databricks="2.1.8",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The key is meant for disks, and every disk in the workspace's subnets carries it."""
    mode, key_id = workspace.compute_mode, workspace.storage_key_id
    if mode.get() == "SERVERLESS":
        evidence = Evidence(mode.source, mode.field, mode.get(), "a workspace with clusters")
        return NotApplicable("a serverless workspace has no disks in your account", (evidence,))
    identity = key_id.get()
    if identity is None:
        missing = Evidence(key_id.source, key_id.field, None, "a customer-managed key")
        return violated("no storage key of your own is attached", missing)
    key = at.estate.need(ENCRYPTION_KEYS, identity)
    silent = key.covers_volumes.gap is not None
    return all_of(
        lambda: _declared(key) if not silent or not _disks(workspace, at) else all_of(),
        lambda: _carried(key, _disks(workspace, at)),
    )


def _declared(key: EncryptionKey) -> Condition:
    return expect(
        key.covers_volumes,
        lambda covers: covers,
        expected="true",
        otherwise="the key is not meant for the disks of clusters",
    )


def _carried(key: EncryptionKey, disks: list[Volume]) -> Condition:
    arn = key.arn.get()
    wrong = [d.id for d in disks if not d.encrypted.get() or d.key_arn.get() != arn]
    evidence = Evidence(VOLUMES.source, "KmsKeyId", wrong, f"{arn} on all {len(disks)} disks")
    return observe(not wrong, evidence, otherwise=f"disks without the key: {', '.join(wrong)}")


def _disks(workspace: Workspace, at: Context) -> list[Volume]:
    """Return the disks of machines in the workspace's subnets.

    Raises:
        UnreadError: they are not known.
    """
    network = workspace.network_id.get()
    subnets = at.estate.need(NETWORKS, network).subnet_ids.get() if network else ()
    return [disk for disk in at.estate.of(VOLUMES).each() if disk.subnet.get() in subnets]


def _estate(
    *disks: dict[str, Any], key: dict[str, Any] | None = None, **more: Any
) -> MemorySnapshot:
    kinds: dict[str, Any] = {
        "workspace": {"storage_customer_managed_key_id": "k1", "network_id": "n1"},
        "encryption_keys": [key or registered(reuse_key_for_cluster_volumes=True)],
        "networks": [{"network_id": "n1", "subnet_ids": ["subnet-1"]}],
        "volumes": [{"VolumeId": f"vol-{n}", **disk} for n, disk in enumerate(disks)],
    }
    return given(**{**kinds, **more})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    right = {"Encrypted": True, "KmsKeyId": ARN, "SubnetId": "subnet-1"}
    yield passes("meant for disks, none runs", _estate())
    yield passes("meant for disks, and on them", _estate(right))
    yield fails("a disk with another key", _estate(right, {**right, "KmsKeyId": "other"}))
    yield fails("a disk in the clear", _estate({**right, "Encrypted": False, "KmsKeyId": None}))
    yield passes("elsewhere with another key", _estate({**right, "KmsKeyId": "o", "SubnetId": "x"}))
    root_only = registered(reuse_key_for_cluster_volumes=False)
    yield fails("disks are left out", _estate(key=root_only))
    yield passes("silent, and seen on a disk", _estate(right, key=registered()))
    yield unclear("silent, and no disk runs", _estate(key=registered()))
    bare = {"network_id": "n1"}
    yield fails("no key", _estate(workspace=bare))
    yield fails("left out, whatever runs", _estate(key=root_only, volumes=refused()))
    yield unclear("disks may not be read", _estate(volumes=refused()))
    yield unclear("a disk at an unknown place", _estate({**right, "SubnetId": None}))
    yield unclear("its network is gone", _estate(networks=[]))
    gone = refused(Cause.SERVER_ERROR)
    yield unclear("keys may not be read", _estate(encryption_keys=gone))
    yield exempt("Premium tier", _estate(workspace={"pricing_tier": "PREMIUM"}))
    yield exempt("a serverless workspace", _estate(workspace={"compute_mode": "SERVERLESS"}))

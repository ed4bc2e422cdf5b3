"""A region, an AWS account or a key can be lost to an accident, an attacker or a mistake. If the
pipelines of the company stop with it, the loss is a ransom. A recovery site that was never tried
fails on the day when it is needed, and only a person can tell whether it was; that there is none at
all shows by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, any_of, observe
from lakewarden.controls.kit.control import (
    HIGH,
    Basis,
    Context,
    Control,
    Example,
    attested,
    fails,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.given import given, refused
from lakewarden.estate.recovery import FAILOVER_GROUPS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="recovery-site",
    title="Another region can take over, and a switch to it was tried",
    paper=("P21",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(WORKSPACES.need(), FAILOVER_GROUPS.need()),
    fix=Fix(
        "Keep a workspace, its data and its identities ready in another region, switch "
        "over once for practice, then attest it in lakewarden.toml.",
        console="Account console, Disaster recovery: create a failover group with a second region; "
        "or create a standby workspace there.",
        api="POST /api/disaster-recovery/v1/accounts/{account_id}/failover-groups?"
        'failover_group_id=... {"regions": [...], "initial_primary_region": "...", '
        '"workspace_sets": [...]}',
        terraform="databricks_disaster_recovery_failover_group, or databricks_mws_workspaces with "
        "another aws_region.",
        breaks="Nothing stops; a second region costs, and data then lies in two jurisdictions.",
        no_api="Which region, which workspaces and which data can take over is a decision with a "
        "price, and a switch must be tried by people.",
    ),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "asks for a second region that can take over, and for a tried switch",
            Relation.SUBSET,
            nist="CP-2 CP-4(2) CP-6 CP-7 CP-7(1) CP-10",
            soc2="CC7.5",
            hipaa="164.308(a)(7)(ii)(B) 164.308(a)(7)(ii)(C)",
            iso="A.5.29 A.5.30 A.8.14",
            ccm="BCR-09 BCR-11",
        ),
        *also("leaves another place to work from when one is destroyed", attack="T1485 T1490"),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Workspaces lie in two regions, or a failover group spans two."""
    return any_of(lambda: _workspaces(at), lambda: _groups(at))


def _workspaces(at: Context) -> Condition:
    standing = [w for w in at.estate.workspaces() if w.status.get() not in _GONE]
    regions = sorted({workspace.region.get() for workspace in standing})
    shown = Evidence(WORKSPACES.source, "regions of workspaces", regions, "two or more")
    told = f"every workspace lies in {', '.join(regions)}"
    return observe(len(regions) > 1, shown, otherwise=told)


def _groups(at: Context) -> Condition:
    standing = [g for g in at.estate.of(FAILOVER_GROUPS).each() if g.state.get() not in _NEVER]
    groups = [len(set(group.regions.get())) for group in standing]
    shown = Evidence(FAILOVER_GROUPS.source, "failover groups", len(groups), "one of two regions")
    return observe(max(groups, default=0) > 1, shown, otherwise="there is no failover group")


_GONE: Final = frozenset({"FAILED", "BANNED", "CANCELLING"})
_NEVER: Final = frozenset({"CREATING", "CREATION_FAILED", "DELETING"})


def _word(expires: date) -> Policy:
    word = Attestation(CONTROL.id, "Ann Admin", "drill of 2025-10-02, ticket OPS-9", expires)
    return Policy(attestations=(word,))


_LASTING = _word(date(2026, 1, 1))


def _estate(*regions: str, second: str = "RUNNING", groups: Any = ()) -> MemorySnapshot:
    places = [
        {"workspace_id": n, "aws_region": region, "workspace_status": status}
        for n, (region, status) in enumerate(zip(regions, ["RUNNING", second], strict=False), 1)
    ]
    return given(workspaces=places, failover_groups=groups)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, contradicted, lapsed and silent."""
    two = _estate("us-east-1", "us-west-2")
    yield attested("on its last day", two, _LASTING)
    group = {"name": "g", "state": "ACTIVE", "regions": ["us-east-1", "us-west-2"]}
    yield attested("a failover group", _estate("us-east-1", groups=[group]), _LASTING)
    yield fails("one region alone", _estate("us-east-1", "us-east-1"), _LASTING)
    broken = _estate("us-east-1", "us-west-2", second="FAILED")
    yield fails("a second region that failed", broken, _LASTING)
    failed = [{**group, "state": "CREATION_FAILED"}]
    yield fails("a group that failed", _estate("us-east-1", groups=failed), _LASTING)
    narrow = [{"name": "g", "state": "ACTIVE", "regions": ["us-east-1"]}]
    yield fails("a group of one region", _estate("us-east-1", groups=narrow), _LASTING)
    yield fails("one region alone, and nobody attests it", _estate("us-east-1"))
    yield unclear("expired yesterday", two, _word(date(2025, 12, 31)))
    yield unclear("nobody attests it", two)
    blind = _estate("us-east-1", groups=refused())
    yield unclear("failover groups may not be listed", blind, _LASTING)
    denied = given(workspaces=refused(), failover_groups=[])
    yield unclear("workspaces may not be listed", denied, _LASTING)

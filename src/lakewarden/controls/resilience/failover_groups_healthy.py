"""A failover group that stopped replicating is found out on the day it is needed: the other region
takes over with the data of last month, or not at all. Nobody looks at it while all is well,
which is when an attacker has time to break it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from lakewarden.clock import parse_time
from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect, observe, unknown
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.recovery_subjects import FAILOVER_GROUP
from lakewarden.estate.given import given, refused
from lakewarden.estate.recovery import FAILOVER_GROUPS, FailoverGroup
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="failover-groups-healthy",
    title="The failover group replicates, and lags no more than may be lost",
    paper=("P21",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=FAILOVER_GROUP,
    needs=(FAILOVER_GROUPS.need(),),
    limits=("rpo_minutes",),
    fix=Fix(
        "Look up what blocks the replication, such as a catalog that is gone or a bucket that the "
        "other region cannot read, mend it, and watch the replication point move.",
        console="Account console, Disaster recovery, the group: its errors name what is blocked.",
        api="GET /api/disaster-recovery/v1/accounts/{account_id}/failover-groups/{id}; PATCH it "
        "with "
        "update_mask=unity_catalog_assets to leave out what no longer exists.",
        terraform="databricks_disaster_recovery_failover_group with unity_catalog_assets that "
        "exist.",
        breaks="What is taken out of the group is no longer replicated.",
        no_api="What blocks a replication only its errors tell, and leaving something out of the "
        "group gives it up.",
    ),
    maps=(
        *also(
            "sees whether the other region is recent enough to take over",
            Relation.SUBSET,
            nist="CP-6 CP-6(2) CP-7 CP-10",
            soc2="CC7.5",
            hipaa="164.308(a)(7)(ii)(B) 164.308(a)(7)(ii)(C)",
            iso="A.5.30 A.8.14",
            ccm="BCR-09 BCR-11",
        ),
        *also("shows that replication was broken before somebody depends on it", attack="T1490"),
    ),
)


@CONTROL.check
def check(group: FailoverGroup, at: Context) -> Judgement:
    """It is active, nothing blocks it, and the other region is recent enough."""
    return all_of(
        expect(
            group.state,
            lambda state: state == "ACTIVE",
            expected="ACTIVE",
            otherwise="its state is {value}",
        ),
        expect(
            group.blocked,
            lambda blocked: not blocked,
            expected="false",
            otherwise="errors block its replication",
        ),
        lambda: _recent(group, at),
    )


def _recent(group: FailoverGroup, at: Context) -> Condition:
    fact, most = group.replicated_to, at.policy.limits.rpo_minutes
    lag = at.now - fact.parsed(parse_time)
    if lag < -timedelta(days=1):  # clocks may differ by hours, not by more
        gap = fact.odd(ValueError(f"{fact.get()} is yet to come"))
        return unknown(gap, field=fact.field, expected=f"at most {most} minutes ago")
    return observe(
        lag <= timedelta(minutes=most),
        Evidence(fact.source, fact.field, fact.get(), f"at most {most} minutes ago"),
        otherwise=f"the other region lags by {lag // timedelta(minutes=1)} minutes",
    )


def _group(**fields: Any) -> MemorySnapshot:
    group = {
        "name": "accounts/a/failover-groups/main",
        "state": "ACTIVE",
        "regions": ["us-east-1", "us-west-2"],
        "has_replication_point_blocking_errors": False,
        "replication_point": "2025-12-31T23:00:00Z",
    }
    return given(failover_groups=[{**group, **fields}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("an hour behind", _group())
    late = "2025-12-31T22:59:59Z"
    yield fails("a second more than an hour behind", _group(replication_point=late))
    longer = Policy(thresholds={"rpo_minutes": 61})
    yield passes("a longer limit", _group(replication_point=late), longer)
    yield fails("errors block it", _group(has_replication_point_blocking_errors=True))
    yield fails("it failed to begin", _group(state="CREATION_FAILED", replication_point=None))
    yield unclear("no replication point in the answer", _group(replication_point=None))
    yield unclear("a time to come", _group(replication_point="2036-01-01T00:00:00Z"))
    yield unclear("a time that is none", _group(replication_point="yesterday"))
    silent = _group(has_replication_point_blocking_errors=None)
    yield unclear("nothing is said of errors", silent)
    yield unclear("groups may not be listed", given(failover_groups=refused()))
    yield exempt("there are none", given(failover_groups=[]))

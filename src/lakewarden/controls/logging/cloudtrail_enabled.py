"""What Databricks or an intruder does in the AWS account shows in no Databricks log: machines
started, ways out opened, roles changed. CloudTrail records it, and only a trail of every region
whose files are sealed against later changes, and which is running, tells the whole story.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from lakewarden.clock import parse_time
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    any_of,
    expect,
    violated,
)
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.aws import TRAIL_STATUS, TRAILS, Trail
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="cloudtrail-enabled",
    title="A CloudTrail trail of every region runs and seals its files",
    paper=("P29",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(TRAILS.need(), TRAIL_STATUS.need()),
    fix=Fix(
        "Create a multi-region trail with log file validation to a private bucket and "
        "start its logging; when its status names a delivery error, mend the bucket's "
        "policy or key.",
        console="CloudTrail, Trails, Create trail: all regions, log file validation.",
        api="cloudtrail CreateTrail with IsMultiRegionTrail and EnableLogFileValidation, then "
        "StartLogging.",
        terraform="aws_cloudtrail with is_multi_region_trail = true, enable_log_file_validation = "
        "true and enable_logging = true.",
        breaks="Nothing stops working; a second copy of management events is charged for.",
    ),
    limits=("delivery_hours",),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Some trail covers all regions, validates its files, runs, and delivered lately."""
    trails = at.estate.of(TRAILS)
    candidates = [_sound(trail, at) for trail in trails.seen()]
    best = any_of(*candidates)
    if best.met is False and trails.gap is not None:
        raise UnreadError(trails.gap)
    if not candidates:
        evidence = Evidence(TRAILS.source, "trailList", [], "a trail of every region")
        return violated("there is no trail in the regions of the deployment", evidence)
    return best


def _sound(trail: Trail, at: Context) -> Condition:
    return all_of(
        expect(
            trail.multi_region,
            lambda value: value is True,
            expected="true",
            otherwise=f"trail {trail.arn} covers one region only",
        ),
        expect(
            trail.validated,
            lambda value: value is True,
            expected="true",
            otherwise=f"the files of trail {trail.arn} can be changed unnoticed",
        ),
        lambda: _running(trail, at),
    )


def _running(trail: Trail, at: Context) -> Condition:
    status = at.estate.need(TRAIL_STATUS, trail.arn)
    hours = at.policy.limits.delivery_hours
    return all_of(
        expect(
            status.logging,
            lambda value: value is True,
            expected="true",
            otherwise=f"trail {trail.arn} is stopped",
        ),
        expect(
            status.delivered,
            lambda value: parse_time(value) >= at.now - timedelta(hours=hours),
            expected=f"within {hours} hours",
            otherwise=f"trail {trail.arn} last delivered on {{value}}",
        ),
        expect(
            status.delivery_error,
            lambda value: not value,
            expected="no error",
            otherwise=f"trail {trail.arn} cannot deliver: {{value}}",
        ),
    )


def _trail(name: str = "t", **changes: Any) -> dict[str, Any]:
    whole = {"Name": name, "IsMultiRegionTrail": True, "LogFileValidationEnabled": True}
    return {
        "TrailARN": f"arn:aws:cloudtrail:us-east-1:123456789012:trail/{name}",
        **whole,
        **changes,
    }


def _estate(*trails: dict[str, Any], status: Items | None = None, **state: Any) -> MemorySnapshot:
    whole = {"IsLogging": True, "LatestDeliveryTime": "2025-12-31T23:50:00+00:00", **state}
    running = [{"arn": t["TrailARN"], **whole} for t in trails]
    return given(trails=list(trails), trail_status=running if status is None else status)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    local = _trail("local", IsMultiRegionTrail=False)
    yield passes("a whole trail beside a local one", _estate(local, _trail()))
    yield fails("no trail", _estate())
    yield fails("one region only", _estate(local))
    unsealed = _trail("open", LogFileValidationEnabled=False)
    yield fails("two halves make no whole", _estate(local, unsealed))
    yield fails("stopped", _estate(_trail(), IsLogging=False))
    yield fails("AWS says why it cannot deliver", _estate(_trail(), LatestDeliveryError="Denied"))
    edge = "2025-12-31T00:00:00+00:00"
    yield passes("delivered just recently enough", _estate(_trail(), LatestDeliveryTime=edge))
    late = "2025-12-30T23:59:59+00:00"
    yield fails("delivered a second too long ago", _estate(_trail(), LatestDeliveryTime=late))
    odd = _estate(_trail(), LatestDeliveryTime="soon")
    yield unclear("a delivery at no time", odd)
    yield unclear("never delivered yet", _estate(_trail(), LatestDeliveryTime=None))
    yield unclear("trails may not be read", given(trails=refused(), trail_status=[]))
    yield unclear("the trail's status may not be read", _estate(_trail(), status=refused()))
    yield unclear(
        "whether files are sealed is missing", _estate(_trail(LogFileValidationEnabled=None))
    )

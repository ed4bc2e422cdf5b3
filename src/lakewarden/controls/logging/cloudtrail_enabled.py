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
    expect,
    observe,
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.controls.kit.trail_mending import (
    nearest,
    recording,
    trail_wish,
    with_management,
)
from lakewarden.controls.kit.trails import runs, some_trail, trail
from lakewarden.estate.aws import TRAIL_STATUS, TRAILS, Trail
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.oversight import TRAIL_SELECTORS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.semantics.trail_events import management_events

CONTROL = Control(
    id="cloudtrail-enabled",
    title="A CloudTrail trail of every region runs and seals its files",
    paper=("P29",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(TRAILS.need(), TRAIL_STATUS.need(), TRAIL_SELECTORS.need()),
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
    maps=(
        *also(
            "records what is done in the AWS account and seals it against later changes",
            Relation.SUBSET,
            nist="AU-2 AU-9 AU-12 SI-7(1)",
            soc2="CC7.2",
            pci="10.2.1 10.3.4",
            hipaa="164.312(b) 164.312(c)(1)",
            iso="A.8.15",
            ccm="LOG-07 LOG-08 LOG-09",
            attack="T1562.008",
        ),
        *also(
            "wants a trail of every region and sealed files too, and that the files arrive",
            cis_aws="3.1 3.2",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Some trail covers all regions, validates its files, runs, and delivered lately."""
    return some_trail(at, lambda found: _sound(found, at), "a trail of every region")


def _sound(found: Trail, at: Context) -> Condition:
    return all_of(
        expect(
            found.multi_region,
            lambda value: value is True,
            expected="true",
            otherwise=f"trail {found.arn} covers one region only",
        ),
        expect(
            found.validated,
            lambda value: value is True,
            expected="true",
            otherwise=f"the files of trail {found.arn} can be changed unnoticed",
        ),
        lambda: _running(found, at),
        lambda: _manages(found, at),
    )


def _manages(found: Trail, at: Context) -> Condition:
    selectors = at.estate.need(TRAIL_SELECTORS, found.arn)
    ways = sorted(management_events(selectors.basic.get(), selectors.advanced.get()))
    source = TRAIL_SELECTORS.source
    evidence = Evidence(source, "management events", ways, "reads and writes")
    shown = " and ".join(ways) or "nothing"
    otherwise = f"of calls that manage resources, trail {found.arn} records {shown}"
    return observe(len(ways) > 1, evidence, otherwise=otherwise)


def _running(found: Trail, at: Context) -> Condition:
    status = at.estate.need(TRAIL_STATUS, found.arn)
    hours = at.policy.limits.delivery_hours
    return all_of(
        runs(found, at),
        expect(
            status.delivered,
            lambda value: parse_time(value) >= at.now - timedelta(hours=hours),
            expected=f"within {hours} hours",
            otherwise=f"trail {found.arn} last delivered on {{value}}",
        ),
        expect(
            status.delivery_error,
            lambda value: not value,
            expected="no error",
            otherwise=f"trail {found.arn} cannot deliver: {{value}}",
        ),
    )


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish | Step]:
    """Widen the trail that lacks the least to every region, seal its files, and let it run."""
    best = nearest(at)
    now = {
        "/IsMultiRegionTrail": best.multi_region.get(),
        "/LogFileValidationEnabled": best.validated.get(),
    }
    if not all(now.values()):
        yield trail_wish(best, now, dict.fromkeys(now, True))
    if not _manages(best, at).met:
        yield with_management(best, at)
    start = recording(best, at)
    yield from start
    if not start and _running(best, at).met is False:
        name, bucket = best.name.get(), best.bucket.get()
        do = f"Find out why the trail {name} does not deliver to the bucket {bucket}: its policy"
        verify = f"`aws cloudtrail get-trail-status --name {name}` names a delivery and no error"
        yield Step(f"{do}, the key's policy, and whether both are there.", verify)


def _estate(
    *trails: dict[str, Any],
    status: Items | None = None,
    selectors: Items | None = None,
    **state: Any,
) -> MemorySnapshot:
    whole = {"IsLogging": True, "LatestDeliveryTime": "2025-12-31T23:50:00+00:00", **state}
    running = [{"arn": t["TrailARN"], **whole} for t in trails]
    every = [{"arn": t["TrailARN"], **_selects()} for t in trails]
    return given(
        trails=list(trails),
        trail_status=running if status is None else status,
        trail_selectors=every if selectors is None else selectors,
    )


def _selects(events: str = "All", **changes: Any) -> dict[str, Any]:
    basic = {"ReadWriteType": events, "IncludeManagementEvents": True, **changes}
    return {"EventSelectors": [basic], "AdvancedEventSelectors": []}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    local = trail("local", IsMultiRegionTrail=False)
    yield passes("a whole trail beside a local one", _estate(local, trail()))
    yield fails("no trail", _estate())
    yield fails("one region only", _estate(local))
    unsealed = trail("open", LogFileValidationEnabled=False)
    yield fails("two halves make no whole", _estate(local, unsealed))
    arn = {"arn": trail()["TrailARN"]}
    objects = [{**arn, **_selects(IncludeManagementEvents=False)}]
    yield fails("data events alone", _estate(trail(), selectors=objects))
    reads = [{**arn, **_selects("ReadOnly")}]
    yield fails("calls that change nothing alone", _estate(trail(), selectors=reads))
    tests = [{"Field": "eventCategory", "Equals": ["Management"]}]
    newer = [{**arn, "EventSelectors": [], "AdvancedEventSelectors": [{"FieldSelectors": tests}]}]
    yield passes("the newer language", _estate(trail(), selectors=newer))
    yield unclear("selectors may not be read", _estate(trail(), selectors=refused()))
    yield fails("stopped", _estate(trail(), IsLogging=False))
    yield fails("AWS says why it cannot deliver", _estate(trail(), LatestDeliveryError="Denied"))
    edge = "2025-12-31T00:00:00+00:00"
    yield passes("delivered just recently enough", _estate(trail(), LatestDeliveryTime=edge))
    late = "2025-12-30T23:59:59+00:00"
    yield fails("delivered a second too long ago", _estate(trail(), LatestDeliveryTime=late))
    odd = _estate(trail(), LatestDeliveryTime="soon")
    yield unclear("a delivery at no time", odd)
    yield unclear("never delivered yet", _estate(trail(), LatestDeliveryTime=None))
    yield unclear(
        "trails may not be read", given(trails=refused(), trail_status=[], trail_selectors=[])
    )
    yield unclear("the trail's status may not be read", _estate(trail(), status=refused()))
    yield unclear(
        "whether files are sealed is missing", _estate(trail(LogFileValidationEnabled=None))
    )

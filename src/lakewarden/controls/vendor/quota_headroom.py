"""When the quota of processors is used up, nothing new starts: no cluster, no recovery, no machine
to investigate with. Somebody can do that to you on purpose, and use that comes close to the quota
without a reason known to anybody may be somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, observe, unknown
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
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.quotas import every_quota
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.rights import QUOTA_PEAKS, QUOTAS, Quota
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="quota-headroom",
    title="No quota of processors was nearly used up in the last 30 days",
    paper=("P31",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(QUOTAS.need(), QUOTA_PEAKS.need()),
    fix=Fix(
        "Find out what ran at the peak. If it was yours, have the quota raised a little or bound "
        "clusters by policies; if it was not, treat it as an intrusion.",
        console="Service Quotas, Amazon EC2, the quota: utilisation and Request increase.",
        api="service-quotas RequestServiceQuotaIncrease with ServiceCode ec2, QuotaCode and "
        "DesiredValue.",
        terraform="aws_servicequotas_service_quota with service_code = ec2, quota_code and value.",
        breaks="Nothing stops working; a higher quota also lets an intruder run more.",
        no_api="Whether the peak was yours or an intruder's only people can tell, and a raised "
        "quota lets both run more.",
    ),
    limits=("quota_percent",),
    maps=also(
        "notices that machines are nearly used up, by growth or by an intruder",
        nist="CP-2(2) SC-5 SI-4",
        soc2="CC7.2",
        hipaa="164.308(a)(1)(ii)(D)",
        iso="A.8.6 A.8.16",
        ccm="IVS-02 LOG-03",
        attack="T1496",
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The highest use of every quota that is not zero stayed within the allowed share."""
    return all_of(*(_within(quota, at) for quota in every_quota(at) if quota.value.get() > 0))


def _within(quota: Quota, at: Context) -> Condition:
    share, most, name = at.policy.limits.quota_percent, quota.value.get(), quota.name.get()
    identity = quota.identity()
    peak = at.estate.need(QUOTA_PEAKS, identity).peak.get()
    expected = f"at most {share} % of {most:g}"
    if peak is None:
        gap = QUOTA_PEAKS.gap(Cause.UNSET, f"no use of {name} was recorded in {quota.region}")
        return unknown(gap, field="peak", expected=expected)
    evidence = Evidence(QUOTA_PEAKS.source, f"Maximum of {name}", peak, expected)
    shown = f"{name} in {quota.region}: {peak:g} of {most:g} processors ran at once"
    return observe(peak * 100 <= most * share, evidence, otherwise=shown)


_NAMES: Final = {
    "demand": "Running On-Demand Standard (A, C, D) instances",
    "spot": "All Standard (A, C, D) Spot Instance Requests",
    "graphics": "Running On-Demand G and VT instances",
}


def _peaks(*, peaks: Items | None = None, **values: Any) -> MemorySnapshot:
    place = {"region": "us-east-1"}
    quotas = [
        {**place, "QuotaCode": code, "QuotaName": _NAMES[code], "Value": value}
        for code, (value, _) in values.items()
    ]
    used = [{**place, "QuotaCode": code, "peak": peak} for code, (_, peak) in values.items()]
    return given(quotas=quotas, quota_peaks=used if peaks is None else peaks)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show both sides of the limit, and what is not known."""
    calm = (100, 10)
    yield passes("exactly the share", _peaks(demand=(100, 80), spot=calm))
    yield fails("a little more", _peaks(demand=(100, 80.5), spot=calm))
    yield fails("used up", _peaks(demand=calm, spot=(256, 256)))
    yield passes(
        "no graphics allowed, none used", _peaks(demand=calm, spot=calm, graphics=(0, None))
    )
    strict = Policy(thresholds={"quota_percent": 5})
    yield fails("a smaller share", _peaks(demand=calm, spot=calm), strict)
    yield unclear("no use recorded", _peaks(demand=calm, spot=(5, None)))
    yield unclear("use may not be read", _peaks(demand=calm, spot=calm, peaks=refused()))
    yield fails("too much, whatever else is unknown", _peaks(demand=(100, 99), spot=(5, None)))
    yield unclear("quotas may not be read", given(quotas=refused(), quota_peaks=[]))

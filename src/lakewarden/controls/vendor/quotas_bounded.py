"""The quota of processors is the most that a thief of your credentials can run on your bill. Quotas
raised for one busy week and never lowered, and quotas for graphics machines that nobody uses, are
what miners look for first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect
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
from lakewarden.controls.kit.quotas import every_quota, is_graphics
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.rights import QUOTAS, Quota
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="quotas-bounded",
    title="No quota lets more processors run than the deployment needs",
    paper=("P31",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(QUOTAS.need(),),
    fix=Fix(
        "Ask AWS support to lower the quota to what the deployment needs, and meanwhile deny other "
        "machine types by a service control policy. If you need more, say so in lakewarden.toml.",
        console="Support Center, Create case, Service limit decrease; what is needed is set under "
        "[limits] vcpus and gpu_vcpus in lakewarden.toml.",
        api="No API lowers a quota; organizations CreatePolicy with a Deny of ec2:RunInstances "
        "by ec2:InstanceType bounds it from above.",
        terraform="No resource lowers a quota; aws_organizations_policy with such a Deny bounds "
        "it.",
        breaks="Clusters that want more machines than the quota allows do not start or grow.",
        no_api="No API lowers a quota; only AWS support does.",
        no_terraform="No resource lowers a quota.",
    ),
    limits=("vcpus", "gpu_vcpus"),
    maps=also(
        "bounds how many machines an intruder could run on your bill",
        nist="CM-6 CM-7 SC-5",
        soc2="CC6.8",
        iso="A.8.6 A.8.9",
        ccm="IVS-02",
        attack="T1496 T1578.002",
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Every applied quota is within what the policy file allows for its kind of machine."""
    found: list[Condition] = []
    try:
        found += [_bounded(quota, at) for quota in every_quota(at)]
    except UnreadError as error:
        seen = [q for q in at.estate.of(QUOTAS).seen() if q.name.gap is None]
        wrong = [c for c in (_bounded(quota, at) for quota in seen) if c.met is False]
        if not wrong:
            raise UnreadError(error.gap) from None
        return all_of(*wrong)
    return all_of(*found)


def _bounded(quota: Quota, at: Context) -> Condition:
    limits = at.policy.limits
    most = limits.gpu_vcpus if is_graphics(quota) else limits.vcpus
    return expect(
        quota.value,
        lambda value: value <= most,
        expected=f"at most {most}",
        otherwise=f"{quota.name.get()} in {quota.region}: {{value}} processors, {most} are wanted",
    )


_NAMES: Final = {
    "demand": "Running On-Demand Standard (A, C, D) instances",
    "spot": "All Standard (A, C, D) Spot Instance Requests",
    "graphics": "Running On-Demand G and VT instances",
}


def _quotas(**values: Any) -> MemorySnapshot:
    entries = [
        {"region": "us-east-1", "QuotaCode": code, "QuotaName": _NAMES[code], "Value": value}
        for code, value in values.items()
    ]
    return given(quotas=entries)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show both sides of the limits, and what is not known."""
    yield passes("at the limit, no graphics", _quotas(demand=1024, spot=1024.0, graphics=0))
    yield fails("one processor more", _quotas(demand=1025, spot=5))
    yield fails("too many spot machines", _quotas(demand=5, spot=20000))
    yield fails("graphics machines that nobody declared", _quotas(demand=5, spot=5, graphics=4))
    declared = Policy(thresholds={"gpu_vcpus": 64})
    yield passes("graphics as declared", _quotas(demand=5, spot=5, graphics=64), declared)
    lower = Policy(thresholds={"vcpus": 128})
    yield fails("more than declared", _quotas(demand=256, spot=5), lower)
    yield unclear("the quota for spot is missing", _quotas(demand=5))
    yield fails("too high, whatever is missing", _quotas(demand=5000))
    yield unclear("no quotas", given(quotas=[]))
    yield unclear("a quota without a value", _quotas(demand=5, spot=None))
    yield unclear("quotas may not be read", given(quotas=refused()))

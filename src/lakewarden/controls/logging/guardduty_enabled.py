"""GuardDuty reads CloudTrail, DNS and network traffic for signs that nobody wrote a rule for:
machines that mine, credentials of a machine used from elsewhere, data moved to unknown accounts. It
watches a region only where somebody switched it on.
"""

from __future__ import annotations

from collections.abc import Iterable

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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.oversight import DETECTORS, Detector
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="guardduty-enabled",
    title="GuardDuty watches every region of the deployment",
    paper=("P29",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(DETECTORS.need(),),
    fix=Fix(
        "Enable GuardDuty in every region that has a workspace, and send its findings to those who "
        "look into them.",
        console="GuardDuty, Get started, Enable, in each region.",
        api='guardduty CreateDetector {"Enable": true}, in each region.',
        terraform="aws_guardduty_detector with enable = true, in each region.",
        breaks="Nothing stops working; events are charged for by their number.",
    ),
    maps=also(
        "has traffic and calls in the AWS account watched for signs of an intruder",
        Relation.SUBSET,
        nist="SI-4 SI-4(2) SI-4(4) SI-4(5) AU-6(1)",
        soc2="CC7.2 CC7.3",
        pci="10.4.1.1 11.5.1",
        hipaa="164.308(a)(1)(ii)(D) 164.308(a)(6)(ii)",
        iso="A.8.16",
        ccm="LOG-03 LOG-05",
        attack="T1496 T1078.004",
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """A detector is enabled in each region."""
    detectors = at.estate.of(DETECTORS)
    seen = list(detectors.seen())
    found = all_of(*(_watches(detector) for detector in seen))
    if found.met is not False and (detectors.gap is not None or not seen):
        nothing = DETECTORS.gap(Cause.NOT_READ, "no region of a workspace is known")
        raise UnreadError(detectors.gap or nothing)
    return found


def _watches(detector: Detector) -> Condition:
    return expect(
        detector.status,
        lambda status: status == "ENABLED",
        expected="ENABLED",
        otherwise=f"GuardDuty does not watch {detector.region}",
    )


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """Set it up where it never was, and enable it where it is suspended."""
    for detector in at.estate.of(DETECTORS).seen():
        now = detector.status.get()
        if now != "ENABLED":
            before = None if now is None else {"/Status": now}
            target = Target("guardduty_detector", AWS, detector.region)
            yield Wish(target, detector.region, before, {"/Status": "ENABLED"})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    on, off = {"region": "us-east-1", "Status": "ENABLED"}, {"region": "eu-west-1"}
    yield passes("enabled", given(detectors=[on]))
    yield fails("never set up", given(detectors=[off]))
    yield fails("suspended", given(detectors=[{**on, "Status": "DISABLED"}]))
    yield fails("one region of two", given(detectors=[on, off]))
    yield unclear("an odd answer", given(detectors=[{**on, "Status": 1}]))
    yield unclear("no region", given(detectors=[]))
    yield unclear("detectors may not be read", given(detectors=refused()))

"""CloudTrail: what several controls ask of the trails of the deployment's regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, any_of, expect, violated
from lakewarden.controls.kit.control import Context
from lakewarden.estate.aws import TRAIL_STATUS, TRAILS, Trail
from lakewarden.estate.fact import UnreadError
from lakewarden.ledger.finding import Evidence


def some_trail(at: Context, judge: Callable[[Trail], Condition], wanted: str) -> Condition:
    """Require that one trail is right.

    Args:
        at: where the trails are.
        judge: what is right for one of them.
        wanted: the same in a few words, for the evidence.

    Raises:
        UnreadError: none that was seen is right, and there may be others.
    """
    trails = at.estate.of(TRAILS)
    seen = list(trails.seen())
    best = any_of(*(lambda trail=trail: judge(trail) for trail in seen))
    if best.met is False and trails.gap is not None:
        raise UnreadError(trails.gap)
    if not seen:
        evidence = Evidence(TRAILS.source, "trailList", [], wanted)
        return violated("there is no trail in the regions of the deployment", evidence)
    return best


def runs(found: Trail, at: Context) -> Condition:
    """Require that a trail is not stopped.

    Raises:
        UnreadError: its status was not read.
    """
    return expect(
        at.estate.need(TRAIL_STATUS, found.arn).logging,
        lambda value: value is True,
        expected="true",
        otherwise=f"trail {found.arn} is stopped",
    )


def trail(name: str = "t", **changes: Any) -> dict[str, Any]:
    """Return a trail for examples, as AWS describes one."""
    whole = {
        "TrailARN": f"{_TRAIL}{name}",
        "Name": name,
        "IsMultiRegionTrail": True,
        "LogFileValidationEnabled": True,
        "S3BucketName": "trail-logs",
    }
    return {**whole, **changes}


_TRAIL: Final = "arn:aws:cloudtrail:us-east-1:123456789012:trail/"

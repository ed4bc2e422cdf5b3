"""CloudTrail; the key of each target is the trail's ARN."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.aws import asked
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.collect.aws_calls import region_of
from lakewarden.plan.change import Target

_WRITTEN: Final = {
    "IsMultiRegionTrail": "IsMultiRegionTrail",
    "LogFileValidationEnabled": "EnableLogFileValidation",
    "KmsKeyId": "KmsKeyId",
}
"""How UpdateTrail calls what DescribeTrails answers."""


def _cloudtrail(doors: Doors, target: Target, operation: str, **arguments: Any) -> Any:
    return asked(doors, "cloudtrail", operation, region_of(target.key), **arguments)


class Trail(Hand):
    """A trail as it is described: regions, validation, key."""

    kind = "trail"
    calls = ("cloudtrail:DescribeTrails", "cloudtrail:UpdateTrail")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the trail."""
        answer = _cloudtrail(doors, target, "describe_trails", trailNameList=[target.key])
        return next(iter(answer["trailList"]), None)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Write what is to be changed; a key that is to go is written empty."""
        changed = {
            written: "" if wanted.get(name) is None else wanted[name]
            for name, written in _WRITTEN.items()
            if wanted.get(name) != found.get(name)
        }
        _cloudtrail(doors, target, "update_trail", Name=target.key, **changed)


class TrailLogging(Hand):
    """Whether a trail records: `/IsLogging`."""

    kind = "trail_logging"
    calls = ("cloudtrail:GetTrailStatus", "cloudtrail:StartLogging", "cloudtrail:StopLogging")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return whether it records."""
        answer = _cloudtrail(doors, target, "get_trail_status", Name=target.key)
        return {"IsLogging": answer["IsLogging"]}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the value says it all
        """Start or stop it."""
        verb = "start" if wanted.get("IsLogging") else "stop"
        _cloudtrail(doors, target, f"{verb}_logging", Name=target.key)


class TrailSelectors(Hand):
    """Which events a trail records, in the language that it uses.

    The older one is a list, `/EventSelectors`; selectors of the newer one go by their names,
    `/AdvancedEventSelectors/[Name=...]`.
    """

    kind = "trail_selectors"
    calls = ("cloudtrail:GetEventSelectors", "cloudtrail:PutEventSelectors")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return both languages; one of them is empty."""
        answer = _cloudtrail(doors, target, "get_event_selectors", TrailName=target.key)
        return {
            name: answer.get(name) or [] for name in ("EventSelectors", "AdvancedEventSelectors")
        }

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # they are replaced as a whole
        """Put the selectors of the language in use."""
        name = "EventSelectors" if wanted.get("EventSelectors") else "AdvancedEventSelectors"
        arguments = {name: wanted.get(name) or []}
        _cloudtrail(doors, target, "put_event_selectors", TrailName=target.key, **arguments)


HANDS = (Trail(), TrailLogging(), TrailSelectors())

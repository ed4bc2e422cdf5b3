"""What mends CloudTrail: which of the trails is made right, and what it is to record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.estate.aws import TRAIL_STATUS, TRAILS, Trail
from lakewarden.estate.oversight import TRAIL_SELECTORS, EventSelector
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish

_OBJECTS: Final = "AWS::S3::Object"
_MOST: Final = 5
"""How many selectors CloudTrail takes."""
_BASIC: Final = "/EventSelectors"


def nearest(at: Context, wanted: Callable[[Trail], bool] = lambda _: True) -> Trail:
    """Return the trail that lacks the least.

    One of every region comes before others, and a running one before one that is stopped.

    Args:
        at: the context.
        wanted: what comes before all that.

    Raises:
        UnreadError: a trail was not read.
        CannotPlanError: there is none.
    """
    trails = list(at.estate.of(TRAILS).each())
    if not trails:
        reason = "there is no trail, and nobody said which bucket its files should go to"
        raise CannotPlanError(f"{reason}: create one for all regions by hand")
    return min(trails, key=lambda t: (not wanted(t), *_lacks(t, at), t.arn))


def _lacks(trail: Trail, at: Context) -> tuple[bool, bool, bool]:
    running = at.estate.need(TRAIL_STATUS, trail.arn).logging.get()
    return not trail.multi_region.get(), not running, not trail.validated.get()


def trail_wish(trail: Trail, before: dict[str, Any], wanted: dict[str, Any]) -> Wish:
    """Wish for values of a trail, by their paths."""
    return Wish(Target("trail", AWS, trail.arn), trail.name.get(), before, wanted)


def recording(trail: Trail, at: Context) -> tuple[Wish, ...]:
    """Wish that a trail records; none for one that does.

    Raises:
        UnreadError: its status was not read.
    """
    now = at.estate.need(TRAIL_STATUS, trail.arn).logging.get()
    target = Target("trail_logging", AWS, trail.arn)
    wish = Wish(target, trail.name.get(), {"/IsLogging": now}, {"/IsLogging": True})
    return () if now else (wish,)


def with_management(trail: Trail, at: Context) -> Wish:
    """Wish that a trail records all calls that manage resources.

    Raises:
        UnreadError: what it records was not read.
    """
    advanced = {"Name": "lakewarden management events", "FieldSelectors": [_test("Management")]}

    def edit(found: Any) -> Any:
        whole = _basic(EventSelector("All"))
        entries = list(found or ())
        return entries if whole in entries else _few([*entries, whole])

    return _selectors(trail, at, edit, advanced)


def with_objects(trail: Trail, at: Context, arn: str) -> Wish:
    """Wish that a trail records reads and writes of all objects of a bucket.

    Args:
        trail: the trail.
        at: the context.
        arn: of the bucket.

    Raises:
        UnreadError: what it records was not read.
    """
    place = {"Field": "resources.ARN", "StartsWith": [f"{arn}/"]}
    kind = {"Field": "resources.type", "Equals": [_OBJECTS]}
    advanced = {
        "Name": f"lakewarden objects of {arn.rpartition(':')[2]}",
        "FieldSelectors": [_test("Data"), kind, place],
    }
    return _selectors(trail, at, lambda found: _recording(list(found or ()), f"{arn}/"), advanced)


def _recording(entries: list[dict[str, Any]], arn: str) -> list[dict[str, Any]]:
    """Return selectors with one more bucket, in one that records reads and writes of buckets."""
    for number, entry in enumerate(entries):
        for place, resource in enumerate(entry["DataResources"]):
            if entry["ReadWriteType"] == "All" and resource["Type"] == _OBJECTS:
                values = [*resource["Values"], *([] if arn in resource["Values"] else [arn])]
                others = entry["DataResources"]
                named = [*others[:place], {**resource, "Values": values}, *others[place + 1 :]]
                whole = {**entry, "DataResources": named}
                return [*entries[:number], whole, *entries[number + 1 :]]
    new = {**_basic(EventSelector("All", management=False))}
    return _few([*entries, {**new, "DataResources": [{"Type": _OBJECTS, "Values": [arn]}]}])


def _few(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(entries) > _MOST:
        raise CannotPlanError(f"the trail has {_MOST} selectors, and CloudTrail takes no more")
    return entries


def _selectors(
    trail: Trail, at: Context, edit: Callable[[Any], Any], advanced: dict[str, Any]
) -> Wish:
    """Wish for selectors, in the language that the trail uses."""
    found = at.estate.need(TRAIL_SELECTORS, trail.arn)
    target, name = Target("trail_selectors", AWS, trail.arn), trail.name.get()
    if found.advanced.get():
        place = f"/AdvancedEventSelectors/[Name={advanced['Name']}]"
        return Wish(target, name, {place: None}, {place: advanced})
    basic = [_basic(entry) for entry in found.basic.get()]
    return Wish(target, name, {_BASIC: basic}, {_BASIC: edit})


def _basic(entry: EventSelector) -> dict[str, Any]:
    """Return a selector as CloudTrail writes it."""
    return {
        "ReadWriteType": entry.events,
        "IncludeManagementEvents": entry.management,
        "DataResources": [{"Type": r.kind, "Values": list(r.values)} for r in entry.resources],
        "ExcludeManagementEventSources": list(entry.excluded),
    }


def _test(category: str) -> dict[str, Any]:
    return {"Field": "eventCategory", "Equals": [category]}

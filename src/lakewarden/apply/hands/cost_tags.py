"""Tags by which AWS splits the bill: `ce:UpdateCostAllocationTagsStatus`."""

from __future__ import annotations

from lakewarden.apply.aws import asked
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target


class CostTag(Hand):
    """Whether one tag key splits the bill, at `/Status`; the key of the target is the tag's."""

    kind = "cost_allocation_tag"
    calls = ("ce:ListCostAllocationTags", "ce:UpdateCostAllocationTagsStatus")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the tag; None when AWS has not seen it."""
        answer = asked(doors, "ce", "list_cost_allocation_tags", TagKeys=[target.key])
        tags = answer.get("CostAllocationTags") or ()
        return next((tag for tag in tags if tag.get("TagKey") == target.key), None)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # there is one field
        """Set the status; AWS tells of a refusal within its answer."""
        status = [{"TagKey": target.key, "Status": wanted["Status"]}]
        name = "update_cost_allocation_tags_status"
        answer = asked(doors, "ce", name, CostAllocationTagsStatus=status)
        for error in answer.get("Errors") or ():
            raise CallFailedError(
                Cause.MALFORMED, str(error.get("Message", "")), code=str(error.get("Code", ""))
            )


HANDS = (CostTag(),)

"""How AWS tells whose costs are whose."""

from __future__ import annotations

from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class CostTag(Record):
    """A tag key that AWS has seen; it splits the bill only while its status is Active."""

    key: str = key("TagKey")
    status: Fact[str] = fact("Status")


COST_TAGS: Final = Kind(
    "cost_tags", CostTag, Scope.AWS, "ce:ListCostAllocationTags", "ce:ListCostAllocationTags"
)

"""Which workspaces are for production, where code must have come by review and deployment."""

from __future__ import annotations

from collections.abc import Callable

from lakewarden.controls.kit.condition import Judgement, NotApplicable
from lakewarden.controls.kit.control import Context
from lakewarden.ledger.finding import Evidence


def in_production(at: Context, judge: Callable[[], Judgement]) -> Judgement:
    """Judge something in a production workspace; elsewhere people may try things out.

    A workspace is left out by a tag that says something else. One that lacks the tag counts, so
    that nobody escapes by leaving the label off; where no tags are named, every one counts.

    Raises:
        UnreadError: the tags of the workspace were not read.
    """
    wanted, fact = at.policy.production_tags, at.here.tags
    if wanted:
        tags = fact.get()
        other = [key for key, value in wanted.items() if tags.get(key, value) != value]
        if other:
            shown = Evidence(fact.source, f"{fact.field}: {other[0]}", tags[other[0]], "production")
            return NotApplicable(f"{other[0]} of the workspace is {tags[other[0]]}", (shown,))
    return judge()

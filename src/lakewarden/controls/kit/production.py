"""Which workspaces are for production, or for regulated data, so that more is asked of them.

A workspace is left out by a tag that says something else. One that lacks the tag counts, so that
nobody escapes by leaving the label off, or empty; nor by writing it in other letters. Where no tags
are named, every one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lakewarden.controls.kit.condition import Judgement, NotApplicable
from lakewarden.controls.kit.control import Context
from lakewarden.ledger.finding import Evidence


def in_production(at: Context, judge: Callable[[], Judgement]) -> Judgement:
    """Judge something in a production workspace; elsewhere people may try things out.

    Raises:
        UnreadError: the tags of the workspace were not read.
    """
    return _where(at.policy.production_tags, "production", at, judge)


def in_regulated(at: Context, judge: Callable[[], Judgement]) -> Judgement:
    """Judge something in a workspace that processes regulated data.

    Raises:
        UnreadError: the tags of the workspace were not read.
    """
    return _where(at.policy.regulated_tags, "regulated data", at, judge)


def _where(
    wanted: Mapping[str, str], what: str, at: Context, judge: Callable[[], Judgement]
) -> Judgement:
    fact = at.here.tags
    if wanted:
        tags = fact.get()
        other = [key for key, value in wanted.items() if not _alike(tags.get(key, ""), value)]
        if other:
            shown = Evidence(fact.source, f"{fact.field}: {other[0]}", tags[other[0]], what)
            return NotApplicable(f"{other[0]} of the workspace is {tags[other[0]]}", (shown,))
    return judge()


def _alike(found: str, wanted: str) -> bool:
    return found.strip().casefold() in {"", wanted.strip().casefold()}

"""When what a rule looks at was last seen: a rule whose actions never come can never fire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakewarden.watch.asked import actions
from lakewarden.watch.rule import Rule
from lakewarden.watch.site import Site

SEEN = "SELECT source, service, action, MAX(ts) FROM all_events GROUP BY source, service, action"
"""The query of when each action was last seen."""


def last_seen(
    rule: Rule, site: Site, seen: Iterable[tuple[str, str, str, int]]
) -> Mapping[str, int | None]:
    """Return when each action of a rule was last seen, in ms; None for one that never was.

    A rule that names no action has its sources in their place.

    Args:
        rule: the rule.
        site: the values of the deployment.
        seen: the rows of `SEEN`.
    """
    mine = [row for row in seen if row[0] in rule.sources]
    named = sorted(actions(rule, site))
    if not named:
        return {
            source.value: _latest(ts for its, _, _, ts in mine if its == source)
            for source in rule.sources
        }
    return {
        name: _latest(ts for _, service, action, ts in mine if _is(name, service, action))
        for name in named
    }


def _is(name: str, service: str, action: str) -> bool:
    return name in {f"{service}.{action}", f"{service}.*"}


def _latest(times: Iterable[int]) -> int | None:
    return max(times, default=None)

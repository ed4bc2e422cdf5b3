"""The order of changes: each after those that it follows, and things before the rules about them.

A cluster is changed before the policy or the switch that would refuse it as it was. So it never
breaks a rule while it is changed, and undoing, which goes the other way round, lifts the rule
before it gives back what the rule forbids. A metastore gets another owner only when all that it
holds was changed, since whoever changes that may be the owner of today.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.plan.change import Change

_RULES: Final = {
    "cluster_policy": 1,
    "artifact_allowlist": 1,
    "metastore": 2,
    "workspace_conf": 2,
    "workspace_setting": 2,
    "workspace_setting_v2": 2,
    "account_setting": 2,
}
"""How late the kinds come that say what others may be; what is not here comes first."""


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes in an order in which they can be made.

    Raises:
        ValueError: some wait for each other.
    """
    waiting = {change.address: change for change in changes}
    made: list[Change] = []
    while waiting:
        ready = [c for c in waiting.values() if not any(a in waiting for a in c.follows)]
        if not ready:
            raise ValueError(f"these changes wait for each other: {', '.join(waiting)}")
        first = min(ready, key=lambda change: _RULES.get(change.target.kind, 0))
        made.append(waiting.pop(first.address))
    return tuple(made)

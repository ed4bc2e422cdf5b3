"""From a plan, a deployment and logs to an impact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS
from lakewarden.impact.admit import networks, service_principals
from lakewarden.impact.coverage import covers
from lakewarden.impact.known import Side, UnknownError
from lakewarden.impact.replay import Hit, Replay
from lakewarden.impact.report import Impact
from lakewarden.impact.rule import Family
from lakewarden.impact.state import State
from lakewarden.impact.tally import Tally
from lakewarden.plan.plan import Plan


def measure(
    plan: Plan,
    estate: Estate | None,
    lines: Iterable[tuple[str, str | None]],
    told: Callable[[Hit], None] = lambda _: None,
    rules: Iterable[Family] | None = None,
) -> Impact:
    """Replay logs against a plan.

    Args:
        plan: the plan.
        estate: the deployment before it; None where nothing but the plan is known.
        lines: the lines of the logs, each with its place; None for what cannot be read.
        told: told of every request that would be refused, or may be.
        rules: the families to ask; None for all.
    """
    replay, tally = Replay(plan, estate, rules), Tally()
    for hit in replay.hits(lines):
        tally.add(hit)
        told(hit)
    labels = _labels(estate)
    return Impact(
        plan.digest,
        tally,
        replay.read,
        covers(plan.changes),
        tuple(networks(tally, _blocked(plan, estate, tally))),
        tuple(service_principals(tally, labels)),
        labels,
    )


def _blocked(plan: Plan, estate: Estate | None, tally: Tally) -> dict[str, tuple[Any, ...]]:
    """Return the networks that block lists name after the plan, by scope."""
    state, found = State(Side.AFTER, plan.changes, estate), {}
    for scope in {scope for scope, _ in tally.origins}:
        try:
            found[scope] = state.addresses(scope).block
        except UnknownError:  # then nothing of it was refused for sure
            continue
    return found


def _labels(estate: Estate | None) -> dict[str, str]:
    """Return the display names of service principals by application id, as far as known."""
    if estate is None:
        return {}
    found = {}
    for machine in estate.of(ACCOUNT_SERVICE_PRINCIPALS).seen():
        try:
            found[machine.application_id.get()] = machine.name.get()
        except UnreadError:
            continue
    return found

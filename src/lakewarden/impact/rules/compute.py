"""Switches of a workspace that refuse clusters: isolation, containers, old runtimes, traffic."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Final

from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.compute import CLUSTER_POLICIES, JOBS, NODE_TYPES
from lakewarden.impact.event import Event
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.specs import EVENTS, Asked, asked_for
from lakewarden.impact.state import State
from lakewarden.plan.change import Change
from lakewarden.semantics.access_modes import Isolation, isolation
from lakewarden.semantics.cluster_requests import filled, served

ORDER: Final = 7
_OLDEST: Final = (13, 3)
"""The first runtime that goes without what is switched off as legacy."""
_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.")

Judge = Callable[[Asked, Event, State], Iterator[Reason]]


def _isolation(asked: Asked, event: Event, state: State) -> Iterator[Reason]:
    if not state.is_on(event.scope, "enforceUserIsolation"):
        return
    conf = asked.spec.get("spark_conf") or {}
    found = isolation(
        asked.spec.get("data_security_mode") or None, asked.spec.get("single_user_name"), conf
    )
    if found is Isolation.NONE:
        yield Reason("clusters must keep their users apart", asked.what, owner=asked.who)
    elif found is Isolation.UNKNOWN:
        yield Reason("an access mode that nobody has heard of", asked.what, sure=False)


def _containers(asked: Asked, event: Event, state: State) -> Iterator[Reason]:
    if asked.spec.get("docker_image") and state.is_off(event.scope, "enableDcs"):
        text = "clusters may not be made of container images"
        yield Reason(text, asked.what, owner=asked.who)


def _runtimes(asked: Asked, event: Event, state: State) -> Iterator[Reason]:
    if not any(
        state.setting(event.scope, name) is True
        for name in ("disable_legacy_access", "disable_legacy_dbfs")
    ):
        return
    found = _VERSION.match(str(asked.spec.get("spark_version") or ""))
    if found is None:
        yield Reason("a runtime without a version", asked.what, sure=False)
    elif (int(found[1]), int(found[2])) < _OLDEST:
        text = "runtimes before 13.3 LTS are switched off"
        yield Reason(text, asked.what, str(asked.spec["spark_version"]), asked.who)


def _traffic(asked: Asked, event: Event, state: State) -> Iterator[Reason]:
    if state.setting(event.scope, "shield_csp_enablement_ws_db") is not True:
        return
    for field in ("node_type_id", "driver_node_type_id"):
        node_type = asked.spec.get(field)
        if node_type and not state.encrypts_traffic(event.scope, str(node_type)):
            text = "the compliance profile wants machines that encrypt their traffic"
            yield Reason(text, asked.what, str(node_type), asked.who)
            return


def _judged_by(judge: Judge) -> Callable[[Event, State], Iterator[Reason]]:
    def rule(event: Event, state: State) -> Iterator[Reason]:
        for asked in _launched(event, state):
            yield from judge(asked, event, state)

    return rule


@functools.lru_cache(maxsize=8)  # each switch that is turned looks at the same event
def _launched(event: Event, state: State) -> tuple[Asked, ...]:
    return tuple(_finished(one, event, state) for one in asked_for(event, state) if one.spec)


def _finished(asked: Asked, event: Event, state: State) -> Asked:
    """Return what would be launched: with what its policy and the service fill in."""
    spec = dict(asked.spec)
    if asked.policy_id:
        policy = state.policy(event.scope, asked.policy_id)
        if policy is not None:
            defaults = str(spec.get("apply_policy_default_values")).lower() == "true"
            spec = filled(policy.rules, spec, with_defaults=defaults)
    return Asked(served(spec, asked.who), asked.kind, asked.what, asked.who, asked.existing)


def _about(*names: str) -> Callable[[Change], bool]:
    kinds = {"workspace_conf", "workspace_setting", "workspace_setting_v2"}
    return lambda change: change.target.kind in kinds and change.target.key in names


_NEEDS: Final = (
    CLUSTER_POLICIES.need(),
    JOBS.need(),
    NODE_TYPES.need(),
    *(WORKSPACE_SETTINGS.need(n) for n in ("disable_legacy_access", "disable_legacy_dbfs")),
)
_LATER: Final = "a cluster that exists meets the switch when it is edited or restarted"


def _family(judge: Judge, *names: str) -> Family:
    return Family("compute", _about(*names), _judged_by(judge), EVENTS, _NEEDS, lambda _: _LATER)


FAMILIES: Final = (
    _family(_isolation, "enforceUserIsolation"),
    _family(_containers, "enableDcs"),
    _family(_runtimes, "disable_legacy_access", "disable_legacy_dbfs"),
    _family(_traffic, "shield_csp_enablement_ws_db"),
)

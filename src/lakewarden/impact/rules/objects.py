"""Levels on objects and rights in a workspace that a plan takes from those who used them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.estate.compute import JOBS
from lakewarden.impact import people
from lakewarden.impact.event import Event
from lakewarden.impact.holders import LEVELS, holds, person_of
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.specs import EVENTS, asked_for
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 4
_CLUSTER_ID: Final = ("cluster_id", "clusterId")
_NEEDED: Final = {
    ("clusters", "edit"): ("clusters", "CAN_MANAGE", _CLUSTER_ID),
    ("clusters", "resize"): ("clusters", "CAN_MANAGE", _CLUSTER_ID),
    ("clusters", "permanentDelete"): ("clusters", "CAN_MANAGE", _CLUSTER_ID),
    ("clusters", "start"): ("clusters", "CAN_RESTART", _CLUSTER_ID),
    ("clusters", "restart"): ("clusters", "CAN_RESTART", _CLUSTER_ID),
    ("clusters", "delete"): ("clusters", "CAN_RESTART", _CLUSTER_ID),
    ("clusterLibraries", "installLibraries"): ("clusters", "CAN_MANAGE", _CLUSTER_ID),
    ("clusterLibraries", "uninstallLibraries"): ("clusters", "CAN_MANAGE", _CLUSTER_ID),
    ("webTerminal", "startSession"): ("clusters", "CAN_ATTACH_TO", _CLUSTER_ID),
    ("jobs", "runNow"): ("jobs", "CAN_MANAGE_RUN", ("job_id", "jobId")),
    ("jobs", "update"): ("jobs", "CAN_MANAGE", ("job_id", "jobId")),
    ("jobs", "reset"): ("jobs", "CAN_MANAGE", ("job_id", "jobId")),
    ("jobs", "delete"): ("jobs", "CAN_MANAGE", ("job_id", "jobId")),
    ("databrickssql", "startWarehouse"): ("warehouses", "CAN_MONITOR", ("id",)),
    ("databrickssql", "stopWarehouse"): ("warehouses", "CAN_MONITOR", ("id",)),
    ("databrickssql", "editWarehouse"): ("warehouses", "CAN_MANAGE", ("id",)),
    ("databrickssql", "deleteWarehouse"): ("warehouses", "CAN_MANAGE", ("id",)),
}
"""What an action needs: the type of object, the level, and the parameter that names the object."""
_NAMES: Final = {
    "clusters": "a cluster",
    "cluster-policies": "a cluster policy",
    "instance-pools": "a pool",
    "jobs": "a job",
    "warehouses": "a warehouse",
}
_RIGHTS: Final = {
    ("databrickssql", "createWarehouse"): "allow-cluster-create",
    ("instancePools", "create"): "allow-instance-pool-create",
}


def _judges_lists(change: Change) -> bool:
    kind = change.target.key.partition("/")[0]
    return change.target.kind == "permissions" and kind in LEVELS and kind != "authorization"


def _lists(event: Event, state: State) -> Iterator[Reason]:
    changed = state.changed("permissions", event.scope)
    for kind, key, level, who, what in _uses(event, state):
        if f"{kind}/{key}" in changed and not holds(who, (kind, key, level), event.scope, state):
            yield Reason(f"{level} on {_NAMES[kind]} is taken away", what, owner=who)


def _uses(event: Event, state: State) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield every level that an event's request needs: type, id, level, who, what it is for."""
    needed = _NEEDED.get((event.service, event.action))
    if needed is not None:
        kind, level, names = needed
        key = event.param(*names)
        yield kind, key, level, event.who, key
    if (event.service, event.action) not in EVENTS:
        return
    for asked in asked_for(event, state):
        if asked.existing and not asked.spec:
            yield "clusters", asked.existing, "CAN_RESTART", asked.who, asked.what
        if asked.policy_id:
            yield "cluster-policies", asked.policy_id, "CAN_USE", asked.who, asked.what
        for field in ("instance_pool_id", "driver_instance_pool_id"):
            if asked.spec.get(field):
                pool = str(asked.spec[field])
                yield "instance-pools", pool, "CAN_ATTACH_TO", asked.who, asked.what


def _judges_rights(change: Change) -> bool:
    return change.target.kind == "entitlements"


def _rights(event: Event, state: State) -> Iterator[Reason]:
    right = _RIGHTS.get((event.service, event.action))
    wanted = [(event.who, right, event.param("name"))] if right else []
    if (event.service, event.action) in EVENTS:
        wanted += [
            (asked.who, "allow-cluster-create", asked.what)
            for asked in asked_for(event, state)
            if asked.spec and not asked.policy_id
        ]
    for who, name, what in wanted:
        person = person_of(who, event.scope, state)
        if not name or person.admin:
            continue
        if person.rights is None:
            yield Reason("what its groups are entitled to was not read", sure=False, blind=True)
        elif name not in person.rights:
            yield Reason(f"the right {name} is taken away", what, owner=who)


_NEEDS: Final = (*people.NEEDS, JOBS.need())
FAMILIES: Final = (
    Family("permissions", _judges_lists, _lists, frozenset(_NEEDED) | EVENTS, _NEEDS),
    Family("rights", _judges_rights, _rights, frozenset(_RIGHTS) | EVENTS, _NEEDS),
)

"""Cluster policies: what their new rules have against the clusters that people asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lakewarden.estate.compute import CLUSTER_POLICIES, CLUSTERS, JOBS
from lakewarden.impact.event import Event
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.specs import EVENTS, Asked, asked_for
from lakewarden.impact.state import Policy, State
from lakewarden.plan.change import Change
from lakewarden.semantics.cluster_requests import filled, objections, served

ORDER: Final = 6


def _judges(change: Change) -> bool:
    return change.target.kind == "cluster_policy"


def _rule(event: Event, state: State) -> Iterator[Reason]:
    changed = state.changed("cluster_policy", event.scope)
    for asked in asked_for(event, state):
        if asked.policy_id in changed and asked.spec:
            policy = state.policy(event.scope, asked.policy_id)
            if policy is None:
                text = "its cluster policy is gone"
                yield Reason(text, asked.what, asked.policy_id, asked.who)
                continue
            yield from _against(policy, asked)
            yield from _too_many(policy, asked, event, state)


def _against(policy: Policy, asked: Asked) -> Iterator[Reason]:
    made = filled(policy.rules, asked.spec, with_defaults=_wants_defaults(asked))
    spec = served(made, asked.who)
    for said in objections(policy.rules, spec, {"cluster_type": asked.kind}):
        text = f"the cluster policy {policy.name} refuses it"
        yield Reason(text, asked.what, str(said), asked.who, said.sure)


def _too_many(policy: Policy, asked: Asked, event: Event, state: State) -> Iterator[Reason]:
    if policy.most is None or asked.kind != "all-purpose" or asked.existing:
        return
    running = state.clusters_of(event.scope, asked.policy_id).get(asked.who, 0)
    if running >= policy.most:
        text = f"the cluster policy {policy.name} lets each user have {policy.most}"
        has = f"has {running} running in the snapshot"
        yield Reason(text, asked.what, has, asked.who)


def _wants_defaults(asked: Asked) -> bool:
    value: Any = asked.spec.get("apply_policy_default_values")
    return str(value).lower() == "true"


def _hides(change: Change) -> str:  # noqa: ARG001  # it is so for every policy
    return (
        "a cluster that exists meets the new rules when it is edited next, a job when it runs "
        "next; those that the events do not cover are not among these"
    )


_NEEDS: Final = (CLUSTERS.need(), CLUSTER_POLICIES.need(), JOBS.need())
FAMILIES: Final = (Family("cluster policies", _judges, _rule, EVENTS, _NEEDS, _hides),)

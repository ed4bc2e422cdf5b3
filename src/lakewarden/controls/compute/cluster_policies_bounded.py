"""A cluster policy is the only thing between a user, or whoever took over their account, and any
number of any machines that never stop. A policy that leaves the idle time, the size or the machine
type open bounds nothing, whatever else it prescribes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, all_of, observe
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policies import effective, shown
from lakewarden.controls.kit.rule_wishes import Edit, label_of, rule_wish
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.estate.compute import CLUSTER_POLICIES, POLICY_FAMILIES, ClusterPolicy
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Step, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.cluster_policy import Definition, Rule

CONTROL = Control(
    id="cluster-policies-bounded",
    title="The cluster policy bounds idle time, size and machine types",
    paper=("P33",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=(CLUSTER_POLICIES.need(), POLICY_FAMILIES.need()),
    fix=Fix(
        "Add rules that are not optional: autotermination_minutes fixed or in a range from 1, a "
        "maxValue for autoscale.max_workers or dbus_per_hour, and allowlists for node_type_id and "
        "driver_node_type_id.",
        console="Compute, Policies, the policy, Edit: add the rules to its definition.",
        api='POST /api/2.0/policies/clusters/edit {"policy_id": "...", "name": "...", '
        '"definition": "{...}"} with the whole definition as a string.',
        terraform="databricks_cluster_policy: definition = jsonencode({...}) with those rules.",
        breaks="Clusters outside the new bounds cannot be edited or made again; running ones go on "
        "until somebody enforces compliance.",
    ),
    limits=("autotermination_minutes",),
    maps=(
        *also(
            "bounds the idle time, size and machines of what users make",
            Relation.SUBSET,
            nist="CM-2 CM-6",
            soc2="CC5.2",
            pci="2.2",
            iso="A.8.6 A.8.9",
            ccm="CCC-04 IVS-02",
        ),
        *also(
            "leaves a stolen login few and small machines to misuse",
            nist="SC-5",
            attack="T1496 T1578.002",
        ),
    ),
)


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """The effective definition leaves no way to a cluster without end."""
    rules = effective(policy, at)
    minutes = at.policy.limits.autotermination_minutes
    wanted = (
        (
            rules.idle_within(minutes),
            "autotermination_minutes",
            f"1 to {minutes}",
            f"clusters may stay idle for more than {minutes} minutes",
        ),
        (
            rules.caps_workers(),
            "autoscale.max_workers",
            "a maximum of workers or DBUs per hour",
            "clusters may grow without end",
        ),
        (
            rules.limits_workers_type(),
            "node_type_id",
            "a choice of machine types",
            "workers may be machines of any type",
        ),
        (
            rules.limits_driver_type(),
            "driver_node_type_id",
            "a choice of machine types",
            "the driver may be a machine of any type",
        ),
    )
    return all_of(
        *(
            observe(met, shown(rules, path, expected), otherwise=otherwise)
            for met, path, expected, otherwise in wanted
        )
    )


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish | Step]:
    """Bound the idle time, and insist on the bounds that are there; others a person must set."""
    rules, minutes = effective(policy, at), at.policy.limits.autotermination_minutes
    edits: dict[str, Edit] = {}
    if not rules.idle_within(minutes):
        if minutes < _LEAST:
            what = "limits.autotermination_minutes in lakewarden.toml"
            raise CannotPlanError(f"{what} is below {_LEAST} minutes, which no API takes")
        edits["autotermination_minutes"] = functools.partial(_idle, minutes)
    open_ends = []
    for paths, bounded, missing in _BOUNDS:
        if not bounded(rules):
            way = next((p for p in paths if bounded(_insisting(rules, p))), None)
            if way is None:
                open_ends.append(missing)
            else:
                edits[way] = _required
    if edits:
        yield rule_wish(policy, at, edits)
    if open_ends:
        yield Step(
            f"In the policy {label_of(policy)} add {', '.join(open_ends)}.",
            f"`lakewarden assess --control {CONTROL.id}` passes",
        )


def _idle(most: int, rule: Rule) -> Rule:
    """Return a range of idle times: the one that is there, cut to what is allowed."""
    least, highest = (rule.get(name) for name in ("minValue", "maxValue"))
    low = least if isinstance(least, int) and _LEAST <= least <= most else _LEAST
    high = min(highest, most) if isinstance(highest, int) and highest >= low else most
    usual = rule.get("defaultValue", rule.get("value"))
    default = {"defaultValue": max(low, min(usual or high, high))} if isinstance(usual, int) else {}
    shown = {"hidden": rule["hidden"]} if "hidden" in rule else {}
    return {"type": "range", "minValue": low, "maxValue": high, **default, **shown}


def _required(rule: Rule) -> Rule:
    return {name: part for name, part in rule.items() if name != "isOptional"}


def _insisting(rules: Definition, path: str) -> Definition:
    """Return rules of which one is no longer optional."""
    return Definition({**rules.rules, path: _required(rules.rules.get(path, {}))})


_LEAST: Final = 10
"""The shortest idle time that the platform takes, in minutes."""
_BOUNDS: Final[tuple[tuple[tuple[str, ...], Callable[[Definition], bool], str], ...]] = (
    (
        ("autoscale.max_workers", "num_workers"),
        Definition.caps_workers,
        "a maxValue for autoscale.max_workers or for dbus_per_hour",
    ),
    (
        ("node_type_id", "instance_pool_id"),
        Definition.limits_workers_type,
        "an allowlist for node_type_id",
    ),
    (
        ("driver_node_type_id", "driver_instance_pool_id"),
        Definition.limits_driver_type,
        "an allowlist for driver_node_type_id",
    ),
)
"""What is bounded by which rules, and what is to be added where there is none."""


_BOUNDED: dict[str, Any] = {
    "autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 120},
    "autoscale.max_workers": {"type": "range", "maxValue": 8},
    "node_type_id": {"type": "allowlist", "values": ["i4i.xlarge", "i4i.2xlarge"]},
    "driver_node_type_id": {"type": "fixed", "value": "i4i.xlarge"},
}


def _policy(**rules: Any) -> MemorySnapshot:
    return _text(json.dumps({**_BOUNDED, **rules}))


def _text(definition: str | None) -> MemorySnapshot:
    return given(cluster_policies=[{"policy_id": "p1", "name": "team", "definition": definition}])


def _family(base: Any, **overrides: Any) -> MemorySnapshot:
    policy = {
        "policy_id": "p1",
        "policy_family_id": "shared-compute",
        "policy_family_definition_overrides": json.dumps(overrides),
    }
    return given(cluster_policies=[policy], policy_families=base)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    idle = "autotermination_minutes"
    yield passes("everything bounded, idle time to the limit", _policy())
    yield fails("a minute too long", _policy(**{idle: {"type": "fixed", "value": 121}}))
    longer = Policy(thresholds={"autotermination_minutes": 121})
    yield passes("a longer limit", _policy(**{idle: {"type": "fixed", "value": 121}}), longer)
    yield fails("never stops", _policy(**{idle: {"type": "fixed", "value": 0}}))
    yield fails("may never stop", _policy(**{idle: {"type": "range", "maxValue": 60}}))
    optional = {**_BOUNDED[idle], "isOptional": True}
    yield fails("the idle time may be left out", _policy(**{idle: optional}))
    yield fails("no end of workers", _policy(**{"autoscale.max_workers": {"type": "unlimited"}}))
    any_type = {"type": "regex", "pattern": "[a-z0-9.]+"}
    yield fails("a pattern of every type", _policy(node_type_id=any_type))
    yield fails("any driver", _policy(driver_node_type_id={"type": "unlimited"}))
    pools = {
        "driver_node_type_id": {"type": "unlimited"},
        "driver_instance_pool_id": {"type": "forbidden"},
    }
    yield fails("any driver outside of pools", _policy(**pools))
    yield fails("no rules", _text("{}"))
    family = [{"policy_family_id": "shared-compute", "definition": json.dumps(_BOUNDED)}]
    yield passes("a bounded family", _family(family))
    yield fails("an override loosens it", _family(family, node_type_id={"type": "unlimited"}))
    yield unclear("the family is not known", _family([]))
    yield unclear("families may not be read", _family(refused()))
    yield unclear("a definition that is no JSON", _text("{"))
    yield unclear("a rule without a type", _policy(num_workers={"maxValue": 3}))
    yield unclear("no definition in the answer", _text(None))
    yield unclear("policies may not be listed", given(cluster_policies=refused()))
    yield exempt("there are no policies", given(cluster_policies=[]))

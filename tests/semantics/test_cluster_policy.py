"""Cluster policy definitions: every type of rule on every bound, and text that is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError, fits, parse

LIMIT = 120


def rules(**by_path):
    return Definition({path.replace("__", "."): rule for path, rule in by_path.items()})


def fixed(value, **more):
    return {"type": "fixed", "value": value, **more}


def span(least=None, most=None, **more):
    ends = {"minValue": least, "maxValue": most}
    return {"type": "range", **{k: v for k, v in ends.items() if v is not None}, **more}


def allow(*values, **more):
    return {"type": "allowlist", "values": list(values), **more}


@pytest.mark.parametrize(
    ("rule", "bounded"),
    [
        (fixed(1), True),
        (fixed(LIMIT), True),
        (fixed(LIMIT + 1), False),
        (fixed(0), False),
        (fixed(-1), False),
        (fixed("60"), True),
        (fixed("never"), False),
        (fixed(value=True), False),
        (fixed(60, isOptional=True), False),
        (fixed(60, hidden=True), True),
        (span(1, LIMIT), True),
        (span(1, LIMIT + 1), False),
        (span(0, LIMIT), False),
        (span(None, LIMIT), False),
        (span(10, None), False),
        (span(10, 60, isOptional=True), False),
        (span(10, 60, defaultValue=30), True),
        (allow(10, 60), True),
        (allow(0, 60), False),
        (allow(60, LIMIT + 1), False),
        (allow(), False),
        (allow(60, isOptional=True), False),
        ({"type": "allowlist", "values": 60}, False),
        ({"type": "unlimited", "defaultValue": 60}, False),
        ({"type": "forbidden"}, False),
        ({"type": "blocklist", "values": [0]}, False),
        ({"type": "regex", "pattern": "60"}, False),
    ],
)
def test_idle_time(rule, bounded):
    assert rules(autotermination_minutes=rule).idle_within(LIMIT) is bounded


def test_no_rule_on_the_idle_time_bounds_nothing():
    assert not rules().idle_within(LIMIT)


@pytest.mark.parametrize(
    ("rule", "longest"),
    [
        (span(None, None), LIMIT),
        (span(20, LIMIT - 1), LIMIT - 1),
        (span(LIMIT + 1, None), None),
        (span(None, 9), None),
        (fixed(30), 30),
        (fixed(0), None),
        (allow(0, 15, 30, LIMIT + 1), 30),
        ({"type": "unlimited", "defaultValue": 5}, LIMIT),
        ({"type": "forbidden"}, None),
    ],
)
def test_the_longest_idle_time(rule, longest):
    assert rules(autotermination_minutes=rule).longest_idle(LIMIT) == longest


@pytest.mark.parametrize(
    ("rule", "value", "stands"),
    [
        (span(10, 60), 60, True),
        (span(10, 60), 61, False),
        (span(10, 60), 9, False),
        (fixed("a"), "a", True),
        (fixed(value=True), False, False),
        (fixed("a"), None, False),
        (fixed("a", isOptional=True), None, False),
        (allow("a"), None, False),
        (allow("a", isOptional=True), None, True),
        ({"type": "forbidden"}, None, True),
        ({"type": "forbidden"}, "a", False),
        ({"type": "unlimited"}, None, True),
    ],
)
def test_what_a_cluster_can_have_again(rule, value, stands):
    assert rules(data_security_mode=rule).stands("data_security_mode", value) is stands
    assert rules().stands("data_security_mode", value)


@pytest.mark.parametrize(
    ("rule", "alone"),
    [
        (fixed("job"), True),
        (fixed("dlt"), True),
        (allow("job", "dlt"), True),
        (fixed("all-purpose"), False),
        (allow("job", "all-purpose"), False),
        (fixed(["job"]), False),
        ({"type": "unlimited", "defaultValue": "job"}, False),
    ],
)
def test_clusters_of_jobs_stop_by_themselves(rule, alone):
    definition = rules(cluster_type=rule)
    assert definition.for_jobs_only is alone
    assert definition.idle_within(LIMIT) is alone


@pytest.mark.parametrize(
    ("by_path", "capped"),
    [
        ({"autoscale__max_workers": span(None, 8)}, True),
        ({"autoscale__max_workers": fixed(8)}, True),
        ({"autoscale__max_workers": allow(2, 4)}, True),
        ({"autoscale__max_workers": span(2, None)}, False),
        ({"autoscale__max_workers": {"type": "unlimited", "defaultValue": 8}}, False),
        ({"autoscale__min_workers": span(None, 8)}, False),
        ({"num_workers": fixed(0, hidden=True)}, True),
        ({"num_workers": span(None, 8)}, True),
        ({"num_workers": allow(1, "many")}, False),
        ({"num_workers": span(None, 8, isOptional=True)}, False),
        ({"num_workers": {"type": "forbidden"}}, False),
        ({"dbus_per_hour": span(None, 50)}, True),
        ({"dbus_per_hour": span(1, None)}, False),
        ({}, False),
    ],
)
def test_workers(by_path, capped):
    assert rules(**by_path).caps_workers() is capped


@pytest.mark.parametrize(
    ("number", "capped"),
    [
        (span(None, 4, isOptional=True), True),
        (span(None, 4), True),
        ({"type": "forbidden"}, True),
        ({"type": "unlimited", "isOptional": True}, False),
        (None, False),
    ],
)
def test_an_optional_limit_leaves_the_other_way_to_be_closed(number, capped):
    by_path = {"autoscale__max_workers": span(None, 8, isOptional=True)}
    if number is not None:
        by_path["num_workers"] = number
    assert rules(**by_path).caps_workers() is capped


@pytest.mark.parametrize(
    ("rule", "worker", "driver"),
    [
        (fixed("i4i.xlarge"), True, True),
        (allow("i4i.xlarge"), True, True),
        (allow("i4i.xlarge", isOptional=True), False, True),
        ({"type": "regex", "pattern": "i4i\\..*"}, True, True),
        ({"type": "regex", "pattern": ".*"}, False, False),
        ({"type": "regex"}, False, False),
        ({"type": "regex", "pattern": "(.*)"}, False, False),
        ({"type": "regex", "pattern": "[a-z0-9.]+"}, False, False),
        ({"type": "regex", "pattern": ".*\\.x?large"}, True, True),
        ({"type": "allowlist", "values": []}, False, False),
        ({"type": "allowlist"}, False, False),
        ({"type": "blocklist", "values": ["i3.xlarge"]}, False, False),
        ({"type": "unlimited", "defaultValue": "i4i.xlarge"}, False, False),
        ({"type": "forbidden"}, False, True),
        (None, False, False),
    ],
)
def test_machine_types(rule, worker, driver):
    on_both = {} if rule is None else {"node_type_id": rule, "driver_node_type_id": rule}
    definition = rules(**on_both)
    assert definition.limits_workers_type() is worker
    assert definition.limits_driver_type() is driver


def test_pools_have_machine_types_of_their_own():
    pooled = rules(instance_pool_id=fixed("p1"), driver_instance_pool_id=fixed("p2"))
    assert pooled.limits_workers_type()
    assert pooled.limits_driver_type()


@pytest.mark.parametrize("pool", [{"type": "forbidden"}, allow("p1", isOptional=True)])
def test_a_driver_without_a_pool_may_be_of_any_type(pool):
    assert not rules(driver_instance_pool_id=pool).limits_driver_type()


def test_an_override_replaces_the_whole_rule_of_its_path():
    family = rules(num_workers=span(None, 8), node_type_id=fixed("i4i.xlarge"))
    merged = rules(num_workers={"type": "unlimited"}).over(family)
    assert merged.rules == {
        "num_workers": {"type": "unlimited"},
        "node_type_id": fixed("i4i.xlarge"),
    }
    assert not merged.caps_workers()
    assert family.caps_workers()


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_nothing_is_no_rules(text):
    assert parse(text).rules == {}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "3", "null", '{"num_workers": 3}', '{"num_workers": {}}', '{"a": {"type": 1}}'],
)
def test_what_is_no_definition_is_refused(text):
    with pytest.raises(MalformedDefinitionError):
        parse(text)


def test_deep_nesting_is_refused_and_not_a_crash():
    with pytest.raises(MalformedDefinitionError):
        parse('{"a":' * 100_000)


def test_infinity_is_no_ceiling():
    endless = parse('{"num_workers": {"type": "range", "maxValue": Infinity}}')
    assert not endless.caps_workers()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KINDS = st.sampled_from(["fixed", "range", "allowlist", "regex", "unlimited", "forbidden", "new"])
FIELDS = st.sampled_from(["value", "values", "minValue", "maxValue", "pattern", "isOptional"])
RULES = st.builds(
    lambda kind, rest: {**rest, "type": kind}, KINDS, st.dictionaries(FIELDS, JSON, max_size=3)
)


@pytest.mark.parametrize(
    "pattern", ["m6id[.].*[", "[[a-m]&&[^b]].*", "[[]]", ["m6id.large"], None, 7]
)
def test_a_pattern_that_may_mean_something_else_there_is_not_understood(pattern):
    with pytest.raises(ValueError, match=r".+"):
        fits(pattern, "m6id.large")
    definition = parse(json.dumps({"node_type_id": {"type": "regex", "pattern": pattern}}))
    with pytest.raises(MalformedDefinitionError, match="pattern of node_type_id"):
        definition.accepts("node_type_id", "m6id.large")
    assert not definition.limits_workers_type()


@settings(deadline=None)
@example({"type": "regex", "pattern": [[]]})
@given(RULES)
def test_any_rule_gets_an_answer_and_a_bound_keeps_out_zero(rule):
    definition = parse(json.dumps({"autotermination_minutes": rule, "node_type_id": rule}))
    definition.caps_workers()
    definition.limits_workers_type()
    if definition.idle_within(LIMIT):
        wide = parse(json.dumps({"autotermination_minutes": {**rule, "isOptional": True}}))
        assert not wide.idle_within(LIMIT)
        least = {"fixed": rule.get("value"), "range": rule.get("minValue")}.get(rule["type"], 1)
        assert float(least) >= 1


@pytest.mark.parametrize(
    ("rule", "prescribed"),
    [
        (fixed("7"), True),
        (allow("7", "8"), True),
        ({"type": "regex", "pattern": "[0-9]{4}"}, True),
        ({"type": "regex", "pattern": ".*"}, False),
        ({"type": "regex", "pattern": "[0-9]*"}, False),
        ({"type": "regex", "pattern": "(.+)"}, False),
        ({"type": "regex", "pattern": "("}, False),
        (fixed(""), False),
        (allow("7", ""), False),
        ({"type": "allowlist"}, False),
        (allow("7", isOptional=True), False),
        ({"type": "unlimited"}, False),
        ({"type": "forbidden"}, False),
    ],
)
def test_a_value_is_prescribed_when_it_must_be_one_of_some(rule, prescribed):
    assert rules(custom_tags__CostCenter=rule).prescribes("custom_tags.CostCenter") is prescribed


def test_nothing_prescribes_what_has_no_rule():
    assert not rules().prescribes("custom_tags.CostCenter")


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        (fixed("a"), True),
        (fixed("b"), False),
        (allow("a", "b"), True),
        (allow("b"), False),
        ({"type": "blocklist", "values": ["a"]}, False),
        ({"type": "blocklist", "values": ["b"]}, True),
        ({"type": "regex", "pattern": "[ab]"}, True),
        ({"type": "regex", "pattern": "[ab]b"}, False),
        ({"type": "regex", "pattern": ""}, False),
        ({"type": "unlimited"}, True),
        ({"type": "forbidden"}, False),
        ({"type": "from the future"}, True),
    ],
)
def test_a_rule_accepts_what_may_be_given(rule, accepted):
    assert rules(node_type_id=rule).accepts("node_type_id", "a") is accepted


def test_what_has_no_rule_may_be_anything():
    assert rules().accepts("node_type_id", "a")


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "regex", "pattern": "("},
        {"type": "allowlist"},
        {"type": "blocklist", "values": "a"},
    ],
)
def test_a_rule_that_cannot_be_understood_accepts_nothing(rule):
    with pytest.raises(MalformedDefinitionError, match="node_type_id"):
        rules(node_type_id=rule).accepts("node_type_id", "a")


def test_values_that_a_rule_names():
    found = rules(a=fixed("x"), b=allow("y", "z"), c={"type": "blocklist", "values": ["q"]})
    assert [found.listed(path) for path in "abcd"] == [("x",), ("y", "z"), (), ()]


@pytest.mark.parametrize(
    ("rule", "settled"),
    [
        ({"type": "forbidden"}, True),
        (fixed("x"), True),
        (allow("x"), False),
        ({"type": "unlimited"}, False),
    ],
)
def test_nobody_chooses_what_is_fixed_or_forbidden(rule, settled):
    assert rules(docker_image__url=rule).settled("docker_image.url") is settled


def test_only_values_that_pass_a_test():
    assert rules(data_security_mode=allow("A", "B")).allows_only("data_security_mode", str.isupper)
    assert not rules(data_security_mode=allow("A", "b")).allows_only(
        "data_security_mode", str.isupper
    )
    assert not rules().allows_only("data_security_mode", str.isupper)

"""What a policy has against a request: by hand, and as the simulator decides it for itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.semantics.cluster_policy import Definition
from lakewarden.semantics.cluster_requests import filled, objections, served
from lakewarden.simulate import policy_language

SMALL = {"type": "range", "maxValue": 10}
NO_SCRIPTS = {"type": "forbidden"}


def against(rules, spec, **virtual):
    return [
        str(o) if o.sure else f"perhaps {o.path}"
        for o in objections(Definition(rules), spec, virtual)
    ]


@pytest.mark.parametrize(
    ("rules", "spec", "said"),
    [
        ({"num_workers": SMALL}, {"num_workers": 10}, []),
        ({"num_workers": SMALL}, {"num_workers": "11"}, ["num_workers must be at most 10 (is 11)"]),
        ({"num_workers": SMALL}, {}, ["num_workers must be given"]),
        ({"num_workers": SMALL | {"isOptional": True}}, {}, []),
        ({"num_workers": {"type": "unlimited"}}, {}, ["num_workers must be given"]),
        ({"num_workers": {"type": "unlimited"}}, {"num_workers": 400}, []),
        ({"a.b": {"type": "fixed", "value": 30, "hidden": True}}, {"a": {"b": "30"}}, []),
        (
            {"spark_version": {"type": "regex", "pattern": "1[67]\\..*"}},
            {"spark_version": "15.4.x"},
            ["spark_version must match 1[67]\\..* (is 15.4.x)"],
        ),
        (
            {"spark_version": {"type": "regex", "pattern": "("}},
            {"spark_version": "15"},
            ["perhaps spark_version"],
        ),
        (
            {"spark_version": {"type": "fixed", "value": "auto:latest-lts"}},
            {"spark_version": "17.3.x-scala2.13"},
            ["perhaps spark_version"],
        ),
        (
            {"custom_tags.team.name": {"type": "allowlist", "values": ["a", "b"]}},
            {"custom_tags": {"team.name": "c"}},
            ["custom_tags.team.name must be one of a, b (is c)"],
        ),
        (
            {"node_type_id": {"type": "blocklist", "values": ["p4d.24xlarge"]}},
            {"node_type_id": "p4d.24xlarge"},
            ["node_type_id must not be one of p4d.24xlarge (is p4d.24xlarge)"],
        ),
        (
            {"init_scripts.*.s3.destination": NO_SCRIPTS},
            {"init_scripts": [{"dbfs": {"destination": "d"}}, {"s3": {"destination": "s3://x"}}]},
            ["init_scripts.1.s3.destination must not be given"],
        ),
        (
            {
                "init_scripts.*.s3.destination": NO_SCRIPTS,
                "init_scripts.0.s3.destination": {"type": "fixed", "value": "s3://x"},
            },
            {"init_scripts": [{"s3": {"destination": "s3://x"}}]},
            [],
        ),
        ({"num_workers": {"type": "between"}}, {"num_workers": 1}, ["perhaps num_workers"]),
        ({"dbus_per_hour": SMALL}, {}, ["perhaps dbus_per_hour"]),
    ],
)
def test_a_rule_says_what_it_demands(rules, spec, said):
    assert against(rules, spec) == said


def test_what_the_service_works_out_counts_where_it_is_known():
    rules = {"cluster_type": {"type": "fixed", "value": "job"}, "dbus_per_hour": SMALL}
    assert against(rules, {}, cluster_type="all-purpose", dbus_per_hour=12) == [
        "cluster_type must be job (is all-purpose)",
        "dbus_per_hour must be at most 10 (is 12)",
    ]


def test_fixed_values_are_filled_in_and_defaults_where_they_are_asked_for():
    rules = Definition(
        {
            "spark_conf.spark.speculation": {"type": "fixed", "value": True},
            "num_workers": SMALL | {"defaultValue": 2},
            "autoscale.max_workers": SMALL | {"defaultValue": 4},
        }
    )
    assert filled(rules, {"num_workers": 3}) == {
        "num_workers": 3,
        "spark_conf": {"spark.speculation": "true"},
    }
    assert filled(rules, {"autoscale": {"min_workers": 1}}, with_defaults=True) == {
        "autoscale": {"min_workers": 1, "max_workers": 4},
        "spark_conf": {"spark.speculation": "true"},
    }


def test_the_service_adds_its_own_defaults():
    made = served({"node_type_id": "m6id.large", "data_security_mode": "SINGLE_USER"}, "me")
    assert made["driver_node_type_id"] == "m6id.large"
    assert made["single_user_name"] == "me"
    assert made["autotermination_minutes"] == 0


VALUES = st.sampled_from([0, 5, 30, 30.0, "30", "x", "", True, "true", "16.4.x", None])
LIMITS = st.fixed_dictionaries({}, optional={"isOptional": st.booleans(), "hidden": st.booleans()})
RULES = st.one_of(
    st.builds(lambda v: {"type": "fixed", "value": v}, VALUES.filter(lambda v: v is not None)),
    st.just({"type": "forbidden"}),
    st.builds(
        lambda k, v, more: {"type": k, "values": v, **more},
        st.sampled_from(["allowlist", "blocklist"]),
        st.lists(VALUES.filter(lambda v: v is not None), min_size=1, max_size=3),
        LIMITS,
    ),
    st.builds(
        lambda p, more: {"type": "regex", "pattern": p, **more},
        st.sampled_from(["[0-9]+", ".*", "1[56]\\..*", "true|x"]),
        LIMITS,
    ),
    st.builds(
        lambda a, b, more: {"type": "range", "minValue": min(a, b), "maxValue": max(a, b), **more},
        st.integers(0, 40),
        st.integers(0, 40),
        LIMITS,
    ),
    st.builds(lambda more: {"type": "unlimited", **more}, LIMITS),
)
PATHS = st.sampled_from(
    [
        *(
            "num_workers",
            "autoscale.max_workers",
            "custom_tags.a.b",
            "spark_conf.x",
            "node_type_id",
        ),
        *("init_scripts.*.s3.destination", "init_scripts.0.s3.destination", "cluster_name"),
    ]
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "num_workers": VALUES,
        "autoscale": st.fixed_dictionaries({}, optional={"max_workers": VALUES}),
        "custom_tags": st.dictionaries(st.sampled_from(["a.b", "c"]), VALUES, max_size=2),
        "spark_conf": st.dictionaries(st.sampled_from(["x", "y"]), VALUES, max_size=2),
        "node_type_id": VALUES,
        "cluster_name": VALUES,
        "init_scripts": st.lists(
            st.dictionaries(
                st.sampled_from(["s3", "dbfs"]),
                st.fixed_dictionaries({"destination": VALUES}),
                max_size=2,
            ),
            max_size=2,
        ),
    },
)


@settings(max_examples=150)
@given(st.dictionaries(PATHS, RULES, max_size=5), SPECS, st.booleans())
def test_the_simulator_decides_the_same(rules, spec, defaults):
    try:
        made = policy_language.apply(rules, spec, use_defaults=defaults)
    except policy_language.ViolatedError as error:
        theirs = {violation.path for violation in error.violations}
    else:
        theirs = set()
        assert made == filled(Definition(rules), spec, with_defaults=defaults)
    ours = objections(Definition(rules), filled(Definition(rules), spec, with_defaults=defaults))
    assert {objection.path for objection in ours} == theirs

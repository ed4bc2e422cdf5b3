from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.simulate import policy_language as language

NITRO = ["m6i.large", "m6i.xlarge"]


def violations(definition: dict[str, Any], request: dict[str, Any], **options: Any) -> list[str]:
    try:
        language.apply(definition, request, **options)
    except language.ViolatedError as error:
        return [str(violation) for violation in error.violations]
    return []


ACCEPTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"num_workers": {"type": "fixed", "value": 2}}, {"num_workers": 2}),
    ({"num_workers": {"type": "fixed", "value": "2"}}, {"num_workers": 2}),
    ({"enable_elastic_disk": {"type": "fixed", "value": True}}, {"enable_elastic_disk": True}),
    ({"instance_pool_id": {"type": "forbidden"}}, {}),
    ({"instance_pool_id": {"type": "forbidden"}}, {"instance_pool_id": ""}),
    ({"docker_image": {"type": "forbidden"}}, {"docker_image": {}}),
    ({"node_type_id": {"type": "allowlist", "values": NITRO}}, {"node_type_id": "m6i.large"}),
    ({"node_type_id": {"type": "allowlist", "values": NITRO, "isOptional": True}}, {}),
    ({"node_type_id": {"type": "blocklist", "values": ["i3.xlarge"]}}, {"node_type_id": "m5.4x"}),
    ({"spark_version": {"type": "regex", "pattern": r"15\.\d+\.x"}}, {"spark_version": "15.4.x"}),
    ({"num_workers": {"type": "range", "minValue": 1, "maxValue": 4}}, {"num_workers": 4}),
    ({"num_workers": {"type": "range", "maxValue": 4}}, {"num_workers": 0}),
    ({"num_workers": {"type": "range", "minValue": 1.5}}, {"num_workers": "2"}),
    ({"cluster_name": {"type": "unlimited"}}, {"cluster_name": "etl"}),
    ({"cluster_name": {"type": "unlimited", "isOptional": True}}, {}),
    ({"init_scripts.*.s3.destination": {"type": "forbidden"}}, {"init_scripts": []}),
    (
        {"init_scripts.*.s3.destination": {"type": "forbidden"}},
        {"init_scripts": [{"workspace": {"destination": "/Shared/a.sh"}}]},
    ),
    (
        {
            "init_scripts.*.workspace.destination": {"type": "forbidden"},
            "init_scripts.0.workspace.destination": {"type": "fixed", "value": "/Shared/a.sh"},
        },
        {"init_scripts": [{"workspace": {"destination": "/Shared/a.sh"}}]},
    ),
    (
        {"spark_conf.spark.databricks.cluster.profile": {"type": "fixed", "value": "singleNode"}},
        {"spark_conf": {"spark.databricks.cluster.profile": "singleNode"}},
    ),
    (
        {"aws_attributes.first_on_demand": {"type": "range", "minValue": 1}},
        {"aws_attributes": {"first_on_demand": 1}},
    ),
]


@pytest.mark.parametrize(("definition", "request_"), ACCEPTED)
def test_a_request_within_the_rules_is_accepted(
    definition: dict[str, Any], request_: dict[str, Any]
) -> None:
    assert language.validate(definition) == []
    assert violations(definition, request_) == []


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"driver_node_type_id": {"type": "fixed", "value": "m6i.large"}},
        {"driver_node_type_id": "i3.xlarge"},
        'Validation failed for driver_node_type_id, the value must be m6i.large (is "i3.xlarge")',
    ),
    (
        {"enable_elastic_disk": {"type": "fixed", "value": True}},
        {"enable_elastic_disk": False},
        'Validation failed for enable_elastic_disk, the value must be true (is "false")',
    ),
    (
        {"custom_tags.CostCenter": {"type": "unlimited"}},
        {"custom_tags": {"Owner": "x"}},
        "Validation failed for custom_tags, CostCenter must be present",
    ),
    (
        {"custom_tags.CostCenter": {"type": "regex", "pattern": "CC-[0-9]+"}},
        {"custom_tags": {"CostCenter": "XCC-1"}},
        'Validation failed for custom_tags.CostCenter, the value must match CC-[0-9]+ (is "XCC-1")',
    ),
    (
        {"docker_image": {"type": "forbidden"}},
        {"docker_image": {"url": "r/x:1"}},
        "Validation failed for docker_image, the value must not be present",
    ),
    (
        {"node_type_id": {"type": "allowlist", "values": ["m6i.large", "r6"]}},
        {"node_type_id": "i3"},
        'Validation failed for node_type_id, the value must be one of [m6i.large, r6] (is "i3")',
    ),
    (
        {"node_type_id": {"type": "allowlist", "values": NITRO}},
        {},
        "Validation failed for node_type_id, the value must be present",
    ),
    (
        {"data_security_mode": {"type": "blocklist", "values": ["NONE"]}},
        {"data_security_mode": "NONE"},
        'Validation failed for data_security_mode, the value must not be one of [NONE] (is "NONE")',
    ),
    (
        {"autotermination_minutes": {"type": "range", "minValue": 1, "maxValue": 60}},
        {"autotermination_minutes": 0},
        'Validation failed for autotermination_minutes, the value must be at least 1 (is "0")',
    ),
    (
        {"autoscale.max_workers": {"type": "range", "maxValue": 8}},
        {"autoscale": {"min_workers": 1, "max_workers": 9}},
        'Validation failed for autoscale.max_workers, the value must be at most 8 (is "9")',
    ),
    (
        {"autoscale.max_workers": {"type": "range", "maxValue": 8}},
        {"num_workers": 2},
        "Validation failed for autoscale.max_workers, the value must be present",
    ),
    (
        {"num_workers": {"type": "range", "maxValue": 8}},
        {"num_workers": "many"},
        'Validation failed for num_workers, the value must be a number (is "many")',
    ),
    (
        {"init_scripts.*.s3.destination": {"type": "forbidden"}},
        {"init_scripts": [{"file": {"destination": "/a"}}, {"s3": {"destination": "s3://b/c"}}]},
        "Validation failed for init_scripts.1.s3.destination, the value must not be present",
    ),
    (
        {"init_scripts.*": {"type": "forbidden"}},
        {"init_scripts": [{"workspace": {"destination": "/a"}}]},
        "Validation failed for init_scripts.0, the value must not be present",
    ),
    (
        {"spark_env_vars.*": {"type": "forbidden"}},
        {"spark_env_vars": {"A": "1"}},
        "Validation failed for spark_env_vars.A, the value must not be present",
    ),
    (
        {"autoscale.min_workers": {"type": "fixed", "value": 1}},
        {"autoscale": 7},
        "Validation failed for autoscale.min_workers, the value must be present",
    ),
]


@pytest.mark.parametrize(("definition", "request_", "text"), REFUSED)
def test_a_contradiction_names_its_attribute(
    definition: dict[str, Any], request_: dict[str, Any], text: str
) -> None:
    assert violations(definition, request_) == [text]


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ([], "must be a JSON object"),
        ({"node_type": {"type": "fixed", "value": "x"}}, "unknown attribute path"),
        ({"autoscale..max_workers": {"type": "unlimited"}}, "empty segment"),
        ({"num_workers": 3}, "the rule must be a JSON object"),
        ({"num_workers": {"value": 3}}, "unknown policy type null"),
        ({"num_workers": {"type": "whitelist"}}, "unknown policy type whitelist"),
        ({"num_workers": {"type": ["fixed"]}}, "unknown policy type"),
        ({"num_workers": {"type": "fixed"}}, "fixed needs value"),
        ({"num_workers": {"type": "fixed", "value": 1, "isOptional": True}}, "isOptional"),
        ({"num_workers": {"type": "forbidden", "value": 1}}, "forbidden does not take value"),
        ({"node_type_id": {"type": "allowlist", "values": []}}, "at least one element"),
        ({"node_type_id": {"type": "regex", "pattern": "("}}, "regular expression"),
        ({"num_workers": {"type": "range"}}, "numeric minValue"),
        ({"num_workers": {"type": "range", "maxValue": "4"}}, "numeric minValue"),
        ({"num_workers": {"type": "range", "minValue": 5, "maxValue": 4}}, "must not exceed"),
        ({"num_workers": {"type": "unlimited", "hidden": "yes"}}, "must be true or false"),
        (
            {"num_workers": {"type": "range", "maxValue": 4, "defaultValue": 5}},
            "defaultValue must be at most 4",
        ),
    ],
)
def test_a_malformed_definition_is_explained(definition: object, problem: str) -> None:
    (found,) = language.validate(definition)
    assert problem in found
    with pytest.raises(language.MalformedDefinitionError, match=r"."):
        language.parse(json.dumps(definition))


def test_text_that_is_not_json_is_malformed() -> None:
    with pytest.raises(language.MalformedDefinitionError, match="not a JSON document"):
        language.parse("{num_workers: 3}")


def test_fixed_values_fill_gaps_and_defaults_only_on_request() -> None:
    definition = {
        "autotermination_minutes": {"type": "fixed", "value": 30},
        "custom_tags.Team": {"type": "fixed", "value": 7},
        "spark_version": {"type": "unlimited", "defaultValue": "15.4.x-scala2.12"},
        "init_scripts.0.workspace.destination": {"type": "fixed", "value": "/Shared/a.sh"},
        "cluster_type": {"type": "fixed", "value": "all-purpose"},
    }
    assert violations(definition, {}, compute=lambda _: {"cluster_type": "all-purpose"}) == [
        "Validation failed for spark_version, the value must be present"
    ]
    assert language.apply(
        definition, {}, use_defaults=True, compute=lambda _: {"cluster_type": "all-purpose"}
    ) == {
        "autotermination_minutes": 30,
        "custom_tags": {"Team": "7"},
        "spark_version": "15.4.x-scala2.12",
        "init_scripts": [{"workspace": {"destination": "/Shared/a.sh"}}],
    }


def test_a_default_does_not_fight_the_choice_that_replaces_it() -> None:
    definition = {
        "num_workers": {"type": "range", "maxValue": 4, "defaultValue": 2, "isOptional": True},
        "node_type_id": {"type": "unlimited", "defaultValue": "m6i.large", "isOptional": True},
    }
    request = {"autoscale": {"min_workers": 1, "max_workers": 2}, "instance_pool_id": "pool-1"}
    assert language.apply(definition, request, use_defaults=True) == request


def test_synthetic_attributes_are_computed_from_the_finished_specification() -> None:
    definition = {
        "cluster_type": {"type": "fixed", "value": "job"},
        "dbus_per_hour": {"type": "range", "maxValue": 10},
    }

    def compute(spec: language.Spec) -> dict[str, Any]:
        return {"cluster_type": "all-purpose", "dbus_per_hour": 4 * (1 + spec["num_workers"])}

    assert violations(definition, {"num_workers": 2}, compute=compute) == [
        'Validation failed for cluster_type, the value must be job (is "all-purpose")',
        'Validation failed for dbus_per_hour, the value must be at most 10 (is "12")',
    ]


def test_rules_see_the_service_defaults() -> None:
    definition = {"driver_node_type_id": {"type": "allowlist", "values": NITRO}}
    text = violations(
        definition,
        {"node_type_id": "i3.xlarge"},
        complete=lambda spec: {"driver_node_type_id": spec["node_type_id"], **spec},
    )
    assert text[0].endswith('(is "i3.xlarge")')


def test_repairing_changes_no_more_than_the_rules_demand() -> None:
    definition = {
        "num_workers": {"type": "range", "minValue": 1, "maxValue": 4},
        "autotermination_minutes": {"type": "fixed", "value": 30},
        "data_security_mode": {
            "type": "allowlist",
            "values": ["USER_ISOLATION"],
            "defaultValue": "USER_ISOLATION",
        },
        "init_scripts.*.dbfs.destination": {"type": "forbidden"},
        "dbus_per_hour": {"type": "range", "maxValue": 4},
    }
    spec = {
        "num_workers": 9,
        "data_security_mode": "NONE",
        "cluster_name": "kept",
        "init_scripts": [
            {"dbfs": {"destination": "dbfs:/a"}},
            {"s3": {"destination": "s3://b/c"}},
            {"dbfs": {"destination": "dbfs:/d"}},
        ],
    }

    def compute(whole: language.Spec) -> dict[str, Any]:
        return {"dbus_per_hour": whole["num_workers"]}

    assert language.repair(definition, spec, compute=compute) == {
        "num_workers": 4,
        "autotermination_minutes": 30,
        "data_security_mode": "USER_ISOLATION",
        "cluster_name": "kept",
        "init_scripts": [{"s3": {"destination": "s3://b/c"}}],
    }
    definition["dbus_per_hour"] = {"type": "range", "maxValue": 3}
    with pytest.raises(language.ViolatedError, match="dbus_per_hour"):
        language.repair(definition, spec, compute=compute)


def test_overrides_replace_a_family_rule_whole() -> None:
    family = {"num_workers": {"type": "range", "maxValue": 9, "isOptional": True}}
    merged = language.merge(family, {"num_workers": {"type": "range", "maxValue": 2}})
    assert violations(dict(merged), {}) == [
        "Validation failed for num_workers, the value must be present"
    ]


def test_runtime_aliases_mean_the_version_of_the_day() -> None:
    aliases = {"auto:latest-lts": "15.4.x-scala2.12"}
    fixed = {"spark_version": {"type": "fixed", "value": "auto:latest-lts"}}
    several = {"spark_version": {"type": "allowlist", "values": ["auto:latest-lts", "14.3.x"]}}
    assert language.resolve_versions(fixed, aliases)["spark_version"]["value"].startswith("15.4")
    resolved = language.resolve_versions(several, aliases)["spark_version"]["values"]
    assert resolved == ["15.4.x-scala2.12", "14.3.x"]
    assert language.resolve_versions({}, aliases) == {}


SCALARS = st.one_of(st.integers(-50, 50), st.booleans(), st.text("ab1.-", max_size=3))
PATHS = st.sampled_from(
    ["num_workers", "autoscale.max_workers", "custom_tags.A.b", "init_scripts.1.s3.destination"]
)
RULES = st.one_of(
    st.builds(lambda value: {"type": "fixed", "value": value}, SCALARS),
    st.just({"type": "forbidden"}),
    st.builds(
        lambda kind, values, optional: {"type": kind, "values": values, "isOptional": optional},
        st.sampled_from(["allowlist", "blocklist"]),
        st.lists(SCALARS, min_size=1, max_size=3),
        st.booleans(),
    ),
    st.builds(
        lambda low, width: {"type": "range", "minValue": low, "maxValue": low + width},
        st.integers(-50, 50),
        st.integers(0, 20),
    ),
)
DEFINITIONS = st.dictionaries(PATHS, RULES)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "num_workers": SCALARS,
        "autoscale": st.fixed_dictionaries({}, optional={"max_workers": SCALARS}),
        "custom_tags": st.dictionaries(st.sampled_from(["A.b", "c"]), SCALARS),
        "init_scripts": st.lists(st.just({"s3": {"destination": "s3://b/k"}}), max_size=3),
    },
)


@given(DEFINITIONS, REQUESTS)
def test_what_is_launched_obeys_every_rule_and_is_stable(
    definition: dict[str, Any], request_: dict[str, Any]
) -> None:
    before = copy.deepcopy(request_)
    assert language.validate(definition) == []
    if not violations(definition, request_):
        spec = language.apply(definition, request_)
        assert language.check(definition, spec) == []
        assert language.apply(definition, spec) == spec
        assert {key: spec[key] for key in spec if key not in request_}.keys() <= {
            path.split(".")[0] for path in definition
        }
    assert request_ == before


@given(st.integers(-5, 70), st.integers(0, 60), st.integers(0, 60))
def test_a_range_holds_exactly_its_numbers(value: int, low: int, high: int) -> None:
    low, high = sorted((low, high))
    definition = {"num_workers": {"type": "range", "minValue": low, "maxValue": high}}
    accepted = not violations(definition, {"num_workers": value})
    assert accepted == (low <= value <= high)


@given(DEFINITIONS, DEFINITIONS)
def test_merging_keeps_every_override(family: dict[str, Any], overrides: dict[str, Any]) -> None:
    merged = language.merge(family, overrides)
    assert merged.keys() == family.keys() | overrides.keys()
    assert all(merged[path] == rule for path, rule in overrides.items())


@given(
    st.recursive(
        SCALARS | st.none(),
        lambda inner: st.dictionaries(st.sampled_from(["type", "value", "values"]), inner),
    )
)
def test_validation_survives_any_json(document: Any) -> None:
    assert isinstance(language.validate(document), list)
    assert isinstance(language.validate({"num_workers": document}), list)

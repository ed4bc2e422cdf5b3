"""No secret gets into a snapshot by the places where people put them."""

from __future__ import annotations

import json

import pytest

from lakewarden.collect import redact
from lakewarden.semantics.secret_shapes import REFERENCE

KEY = "AKIAIOSFODNN7EXAMPLE"


def test_a_cluster_keeps_the_names_and_not_the_values():
    item = {"cluster_id": "c", "spark_conf": {"fs.s3a.access.key": KEY, "spark.x": "1"}}
    assert redact.cluster(item)["spark_conf"] == {
        "fs.s3a.access.key": "[withheld: looks like an AWS access key]",
        "spark.x": redact.WITHHELD,
    }


def test_an_environment_is_withheld_as_well():
    item = {"spark_env_vars": {"K": KEY, "P": "{{secrets/a/b}}", "N": 3, "X": "/usr/bin"}}
    assert redact.cluster(item)["spark_env_vars"] == {
        "K": "[withheld: looks like an AWS access key]",
        "P": REFERENCE,
        "N": redact.WITHHELD,
        "X": redact.WITHHELD,
    }


def test_what_isolation_is_judged_by_hides_no_key():
    conf = {"spark.databricks.cluster.profile": KEY}
    assert KEY not in str(redact.cluster({"spark_conf": conf}))


def test_settings_are_kept_by_the_places_of_what_is_not_ordinary():
    tasks = [
        {"task_key": "load", "notebook_task": {"base_parameters": {"password": "Winter-21"}}},
        {"spark_python_task": {"parameters": ["--token", "Winter-21", "--day", "today"]}},
        {"new_cluster": {"spark_env_vars": {"KEY": KEY, "X": "1"}, "num_workers": 2}},
    ]
    parameters = [{"name": "api_key", "default": "Winter-21"}, {"name": "day", "default": "1"}]
    pairs = [{"key": "fs.s3a.secret.key", "value": "{{secrets/lake/key}}"}]
    node = {"tasks": tasks, "parameters": parameters, "data_access_config": pairs, "x": None}
    by_name = "[withheld: looks like a secret, by the setting's name]"
    assert redact.settings_of(node) == {
        "tasks[load].notebook_task.base_parameters.password": by_name,
        "tasks[1].spark_python_task.parameters[1]": by_name,
        "tasks[2].new_cluster.spark_env_vars.KEY": "[withheld: looks like an AWS access key]",
        "parameters[0].api_key": by_name,
        "data_access_config[0].fs.s3a.secret.key": REFERENCE,
    }


def test_a_cluster_keeps_what_isolation_is_judged_by():
    conf = {"spark.databricks.acl.dfAclsEnabled": "true"}
    assert redact.cluster({"spark_conf": conf})["spark_conf"] == conf


@pytest.mark.parametrize("item", [{"cluster_id": "c"}, {"spark_conf": None}, {"spark_conf": "x"}])
def test_a_cluster_without_configuration_is_left_alone(item):
    assert redact.cluster(item) == item


@pytest.mark.parametrize("field", ["definition", "policy_family_definition_overrides"])
@pytest.mark.parametrize("place", ["spark_conf.fs.s3a.access.key", "spark_env_vars.TOKEN"])
@pytest.mark.parametrize("part", ["value", "values", "defaultValue", "pattern"])
def test_a_policy_does_not_tell_what_it_fixes(field, place, part):
    rules = {place: {"type": "fixed", part: KEY, "hidden": True}, "num_workers": {"value": 3}}
    text = redact.policy({field: json.dumps(rules)})[field]
    assert KEY not in text
    assert json.loads(text)["num_workers"] == {"value": 3}
    assert json.loads(text)[place]["hidden"] is True


@pytest.mark.parametrize("text", [f"{{{KEY}", f'["{KEY}"]', f'"{KEY}"'])
def test_a_policy_that_cannot_be_parsed_is_withheld_whole(text):
    assert redact.policy({"definition": text})["definition"] == redact.WITHHELD


def test_a_policy_without_a_definition_is_left_alone():
    assert redact.policy({"policy_id": "p"}) == {"policy_id": "p"}

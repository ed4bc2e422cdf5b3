"""No secret gets into a snapshot by the places where people put them."""

from __future__ import annotations

import json

import pytest

from lakewarden.collect import redact

KEY = "AKIAIOSFODNN7EXAMPLE"


def test_a_cluster_keeps_the_names_and_not_the_values():
    item = {"cluster_id": "c", "spark_conf": {"fs.s3a.access.key": KEY, "spark.x": "1"}}
    assert redact.cluster(item)["spark_conf"] == {
        "fs.s3a.access.key": redact.WITHHELD,
        "spark.x": redact.WITHHELD,
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

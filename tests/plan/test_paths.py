"""Places in documents: what is there, what is put there, and how it is shown."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.plan.paths import path, shown, value_at, values_at, with_values

JOB = {
    "settings": {
        "name": "etl",
        "job_clusters": [
            {"job_cluster_key": "main", "new_cluster": {"spark_version": "9.1"}},
            {"job_cluster_key": "side", "new_cluster": {}},
        ],
        "tags": {"cost/centre": "7", "~": "x"},
    }
}
MAIN = path("settings", "job_clusters", "[job_cluster_key=main]", "new_cluster", "spark_version")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (path("settings", "name"), "etl"),
        (MAIN, "9.1"),
        (path("settings", "tags", "cost/centre"), "7"),
        (path("settings", "tags", "~"), "x"),
        (path("settings", "nothing", "here"), None),
        (path("settings", "job_clusters", "[job_cluster_key=other]", "new_cluster"), None),
        (path("settings", "name", "deeper"), None),
    ],
)
def test_what_is_there(place, value):
    assert value_at(JOB, place) == value
    assert value_at(None, place) is None


def test_a_value_is_put_where_it_belongs_and_nothing_else_moves():
    kept = copy.deepcopy(JOB)
    made = with_values(JOB, {MAIN: "15.4"})
    assert kept == JOB
    assert value_at(made, MAIN) == "15.4"
    assert with_values(made, {MAIN: "9.1"}) == JOB


def test_none_removes_and_what_is_missing_is_made():
    new = path("settings", "limits", "hours")
    made = with_values(JOB, {new: 4, path("settings", "name"): None})
    assert made["settings"]["limits"] == {"hours": 4}
    assert "name" not in made["settings"]
    gone = path("settings", "job_clusters", "[job_cluster_key=side]")
    assert len(with_values(JOB, {gone: None})["settings"]["job_clusters"]) == 1
    assert with_values({}, {path("a", "b"): None}) == {}
    assert with_values({"a": {"b": {"c": 1}, "d": 2}}, {path("a", "b", "c"): None}) == {
        "a": {"d": 2}
    }
    assert with_values({"a": {"b": {"c": 1}}}, {path("a", "b", "c"): None}) == {}


def test_an_entry_that_is_not_there_cannot_be_changed():
    with pytest.raises(KeyError, match="other"):
        with_values(JOB, {path("settings", "job_clusters", "[job_cluster_key=other]", "x"): 1})


def test_a_path_is_shown_as_people_write_it():
    assert shown(MAIN) == ("settings.job_clusters[job_cluster_key=main].new_cluster.spark_version")


@given(
    st.dictionaries(
        st.lists(
            st.text(min_size=1).filter(lambda s: not s.startswith("[")), min_size=2, max_size=2
        ).map(tuple),
        st.integers(),
        max_size=6,
    )
)
def test_what_is_put_is_what_is_there(values):
    places = {path(*steps): value for steps, value in values.items()}
    assert values_at(with_values({}, places), places) == places

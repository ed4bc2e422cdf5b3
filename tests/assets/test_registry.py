"""The registry of kinds is whole, and the canonical form leads there and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.assets import canonical, places
from lakewarden.assets.kind import Kind, Reference
from lakewarden.assets.registry import kinds

ALL = list(kinds().values())
IDS = {"cluster": {"0101-a": "etl", "0101-b": "etl#2"}, "job": {"71": "nightly"}}


def key_of(kind, asset):
    return IDS.get(kind, {}).get(asset)


def id_of(kind, key):
    return next((i for i, k in IDS.get(kind, {}).items() if k == key), None)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_kind_is_whole(kind):
    assert kind.title
    assert kind.listing or kind.tree or kind.fixed
    assert kind.key or kind.key_of or kind.fixed
    assert not kind.unique or not kind.created
    assert kind.unique or kind.created
    assert {r.kind for r in kind.references} <= set(kinds())
    assert not kind.parent or kind.parent in kinds()
    assert kind.update or kind.create or kind.acl
    assert not kind.delete or kind.create


def test_kinds_come_after_those_that_they_need():
    seen = set()
    for kind in ALL:
        assert kind.needs <= seen, kind.name
        seen.add(kind.name)


def test_a_job_refers_to_others_by_their_keys_and_comes_back_with_other_ids():
    raw = {
        "job_id": 71,
        "run_as_user_name": "ann@example.com",
        "settings": {
            "name": "nightly",
            "tasks": [
                {"task_key": "a", "existing_cluster_id": "0101-b"},
                {"task_key": "b", "run_job_task": {"job_id": 71}},
                {"task_key": "c", "existing_cluster_id": "gone"},
                {"task_key": "d", "run_job_task": {"job_id": "{{job.parameters.next}}"}},
                {"task_key": "e", "for_each_task": {"task": {"existing_cluster_id": "0101-a"}}},
            ],
        },
    }
    spec = canonical.spec_of(kinds()["job"], raw, key_of)
    assert spec["run_as"] == {"user_name": "ann@example.com"}
    assert spec["tasks"][0]["existing_cluster_id"] == {"$asset": "cluster", "key": "etl#2"}
    assert spec["tasks"][2]["existing_cluster_id"] == {"$missing": "cluster", "id": "gone"}
    assert sorted(canonical.references_of(spec)) == [
        ("cluster", "etl"),
        ("cluster", "etl#2"),
        ("job", "nightly"),
    ]
    body = canonical.body_of(kinds()["job"], spec, lambda kind, key: f"9{len(key)}")
    assert body["tasks"][0]["existing_cluster_id"] == "95"
    assert body["tasks"][1]["run_job_task"] == {"job_id": 97}
    assert body["tasks"][2]["existing_cluster_id"] == "gone"
    assert body["tasks"][3] == raw["settings"]["tasks"][3]


def test_whom_a_task_tells_is_named_by_its_key():
    told = [{"destination_id": "0101-a"}, {"user_name": "ann@example.com"}]
    tasks = [
        {"alert_task": {"subscribers": told}},
        {"dashboard_task": {"subscription": {"subscribers": told}}},
        {"for_each_task": {"task": {"sql_task": {"alert": {"subscriptions": told}}}}},
    ]
    tasks = json.loads(json.dumps(tasks))
    kind, asked = kinds()["job"], []

    def key(of, asset):
        asked.append((of, asset))
        return "on call"

    spec = canonical.spec_of(kind, {"settings": {"tasks": tasks}}, key)
    assert asked == [("notification_destination", "0101-a")] * 3
    assert sorted(set(canonical.references_of(spec))) == [("notification_destination", "on call")]
    people = [name for place in kind.principals for name in places.values(spec, place)]
    assert people == ["ann@example.com"] * 3


@pytest.mark.parametrize("kind", ["cluster", "dashboard", "job", "pipeline"])
def test_what_lost_its_definition_is_not_taken_for_one_without(kind):
    with pytest.raises(ValueError, match=f"{kind} without its definition"):
        canonical.spec_of(kinds()[kind], {"id": "1", "name": "n"}, key_of)


def test_what_refers_to_nothing_there_is_not_written():
    spec = {"tasks": [{"existing_cluster_id": {"$asset": "cluster", "key": "new"}}]}
    with pytest.raises(LookupError) as caught:
        canonical.body_of(kinds()["job"], spec, id_of)
    assert caught.value.args == ("cluster", "new")


def test_rules_of_a_policy_are_compared_as_json():
    raw = {"name": "p", "policy_id": "1", "is_default": False}
    spaced = canonical.spec_of(
        kinds()["cluster_policy"], {**raw, "definition": '{"b": 1, "a": 2}'}, key_of
    )
    dense = canonical.spec_of(
        kinds()["cluster_policy"], {**raw, "definition": '{"a":2,"b":1}'}, key_of
    )
    assert canonical.text(spaced) == canonical.text(dense)
    body = canonical.body_of(kinds()["cluster_policy"], spaced, id_of)
    assert json.loads(body["definition"]) == {"a": 2, "b": 1}


def test_only_direct_entries_of_an_acl_are_kept_and_sorted():
    answer = {
        "access_control_list": [
            {
                "user_name": "zoe@example.com",
                "all_permissions": [{"permission_level": "CAN_RUN", "inherited": False}],
            },
            {
                "group_name": "admins",
                "all_permissions": [
                    {"permission_level": "CAN_MANAGE", "inherited": True},
                    {"permission_level": "CAN_READ"},
                ],
            },
        ]
    }
    assert canonical.acl_of(answer) == [
        {"group_name": "admins", "permission_level": "CAN_READ"},
        {"permission_level": "CAN_RUN", "user_name": "zoe@example.com"},
    ]


def test_of_lists_of_workspaces_this_one_alone_counts():
    kind = Kind("x", "x", here=("bindings",))
    raw = {"bindings": [{"workspace_id": 1, "binding_type": "A"}, {"workspace_id": 2}]}
    spec = canonical.spec_of(kind, raw, lambda _, asset: "here" if asset == "1" else None)
    assert spec == {"bindings": [{"binding_type": "A"}]}
    body = canonical.body_of(kind, spec, lambda *_: "9")
    assert body == {"bindings": [{"binding_type": "A", "workspace_id": 9}]}


def test_names_that_come_twice_are_numbered():
    assert canonical.numbered(["a", "b", "a", "a"]) == ["a", "b", "a#2", "a#3"]
    assert canonical.numbered(["a", "a", "a#2", "a#2"]) == ["a", "a#3", "a#2", "a#2#2"]


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "a#2#2"])))
def test_no_two_keys_are_equal(names):
    assert len(set(canonical.numbered(names))) == len(names)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_what_no_place_names_stays_as_it_is(document):
    kind = Kind("x", "x", references=(Reference("z[].y", "cluster"),), volatile=("z.q",))
    assert canonical.spec_of(kind, document, key_of) == document
    assert canonical.body_of(kind, document, id_of) == document


@given(st.lists(st.sampled_from(["0101-a", "0101-b", "gone", ""]), max_size=4))
def test_ids_lead_there_and_back(ids):
    kind = Kind("x", "x", references=(Reference("list[].id", "cluster"),))
    document = {"list": [{"id": each} for each in ids]}
    spec = canonical.spec_of(kind, document, key_of)
    assert canonical.body_of(kind, spec, id_of) == document


def test_places_go_through_lists_and_any_field():
    document = {"a": {"x": [{"v": 1}, {"v": 2}], "y": [{"w": 3}]}, "b": None}
    assert list(places.values(document, "a.*[].v")) == [1, 2]
    assert list(places.values(document, "b")) == []
    places.drop(document, "a.x[].v")
    assert document["a"]["x"] == [{}, {}]

from __future__ import annotations

import json

import pytest

from collect.stubs import DENIED, StubHost, collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.access import (
    AUTHORIZATION,
    WORKSPACE_CONF,
    WORKSPACE_SETTINGS,
    WORKSPACE_SETTINGS_V2,
)
from lakewarden.estate.fact import Cause

CONF = "/api/2.0/workspace-conf"
TYPED = "/api/2.0/settings/types/{}/names/default"
DBFS = TYPED.format("disable_legacy_dbfs")


def conf(answer, *keys):
    host = StubHost({CONF: answer})
    found = collected(WORKSPACE_CONF, host, *keys)
    return host, {name: record.value for name, record in found.items()}


def typed(answer, key="disable_legacy_dbfs"):
    host = StubHost({TYPED.format(key): answer})
    return collected(WORKSPACE_SETTINGS, host, key)[key].value


def version_two(answer):
    host = StubHost({"/api/2.1/settings/x": answer})
    return collected(WORKSPACE_SETTINGS_V2, host, "x")["x"].value


def picky(*known):
    """A workspace that knows some keys and, as the real one does, refuses a call for others."""

    def answer(query):
        wanted = query["keys"].split(",")
        unknown = [key for key in wanted if key not in known]
        if unknown:
            detail = f"Invalid keys: {json.dumps(unknown)}"
            return CallFailedError(Cause.MALFORMED, detail, code="BAD_REQUEST")
        return dict.fromkeys(wanted, "true")

    return answer


class TestWorkspaceConf:
    def test_all_keys_in_one_call(self):
        host, found = conf({"a": "true", "b": None}, "a", "b", "c")
        assert host.asked == [(CONF, {"keys": "a,b,c"})]
        assert [found[key].get() for key in "abc"] == ["true", None, None]

    def test_unknown_keys_are_dropped_and_left_open(self):
        host, found = conf(picky("a", "c"), "a", "b", "c")
        assert [query["keys"] for _, query in host.asked] == ["a,b,c", "a,c"]
        assert found["a"].get() == found["c"].get() == "true"
        assert found["b"].gap.cause is Cause.NOT_FOUND
        assert "b" in found["b"].gap.detail

    def test_more_unknown_keys_than_an_error_has_room_for(self):
        keys = [f"enableSomethingThatWasTakenAway{n}" for n in range(20)]
        _, found = conf(picky("a"), "a", *keys)
        assert found["a"].get() == "true"
        assert {found[key].gap.cause for key in keys} == {Cause.NOT_FOUND}

    def test_nothing_but_unknown_keys(self):
        host, found = conf(picky(), "a", "b")
        assert len(host.asked) == 1
        assert set(found) == {"a", "b"}

    @pytest.mark.parametrize("detail", ["Invalid keys: []", 'Invalid keys: ["z"]', "Invalid", ""])
    def test_an_error_that_names_no_key_of_ours_is_an_error(self, detail):
        with pytest.raises(CallFailedError):
            conf(CallFailedError(Cause.MALFORMED, detail), "a")

    def test_a_refusal_is_no_answer(self):
        with pytest.raises(CallFailedError, match="may not"):
            conf(DENIED, "a")

    @pytest.mark.parametrize("answer", [[], "x", None])
    def test_an_answer_of_another_shape_is_none(self, answer):
        with pytest.raises(CallFailedError, match="not an object"):
            conf(answer, "a")

    def test_a_value_of_another_type_is_a_gap(self):
        _, found = conf({"a": True}, "a")
        assert found["a"].gap.cause is Cause.MALFORMED


class TestTyped:
    def test_the_value_is_where_the_setting_keeps_it(self):
        assert typed({"etag": "e", "disable_legacy_dbfs": {"value": False}}).get() is False

    def test_not_found_with_an_etag_is_never_set(self):
        assert typed(CallFailedError(Cause.NOT_FOUND, "never set", etag="e")).get() is None

    def test_not_found_without_an_etag_is_not_known(self):
        assert typed(CallFailedError(Cause.NOT_FOUND, "no such path")).gap.cause is Cause.NOT_FOUND

    @pytest.mark.parametrize("cause", [Cause.FORBIDDEN, Cause.SERVER_ERROR, Cause.TIMEOUT])
    def test_another_failure_with_an_etag_is_still_a_failure(self, cause):
        assert typed(CallFailedError(cause, "no", etag="e")).gap.cause is cause

    @pytest.mark.parametrize(
        "answer", [{}, [], None, {"disable_legacy_dbfs": {}}, {"disable_legacy_dbfs": True}]
    )
    def test_an_answer_without_its_value_is_a_gap(self, answer):
        assert typed(answer).gap.cause is Cause.MISSING_FIELD

    def test_one_that_fails_leaves_the_others(self):
        other = "disable_legacy_access"
        host = StubHost({DBFS: DENIED, TYPED.format(other): {other: {"value": True}}})
        found = collected(WORKSPACE_SETTINGS, host, "disable_legacy_dbfs", other)
        assert found["disable_legacy_dbfs"].value.gap.cause is Cause.FORBIDDEN
        assert found[other].value.get() is True


class TestVersionTwo:
    @pytest.mark.parametrize(
        ("answer", "value"),
        [
            ({"boolean_val": {"value": True}}, True),
            ({"boolean_val": {"value": False}, "effective_boolean_val": {"value": True}}, True),
            ({"boolean_val": {"value": True}, "effective_boolean_val": {"value": False}}, False),
            ({"name": "x", "effective_string_val": {"value": "ALLOW"}}, "ALLOW"),
            ({"effective_integer_val": {"value": 0}}, 0),
        ],
    )
    def test_the_effective_value_decides(self, answer, value):
        assert version_two(answer).get() == value

    @pytest.mark.parametrize(
        "answer", [{}, [], {"name": "x"}, {"boolean_val": {"value": True}, "effective_x": {}}]
    )
    def test_no_value_is_a_gap(self, answer):
        assert version_two(answer).gap.cause is Cause.MISSING_FIELD


def test_authorization_lists_are_read_one_by_one():
    grant = {"all_permissions": [{"permission_level": "CAN_USE"}], "group_name": "users"}
    path = "/api/2.0/permissions/authorization/"
    answers = {path + "tokens": {"access_control_list": [grant]}, path + "passwords": []}
    found = collected(AUTHORIZATION, StubHost(answers), "passwords", "sessions", "tokens")
    assert [entry.name for entry in found["tokens"].acl.get()] == ["users"]
    assert found["passwords"].acl.gap.cause is Cause.MALFORMED
    assert found["sessions"].acl.gap.cause is Cause.NOT_FOUND

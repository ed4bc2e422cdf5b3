from __future__ import annotations

import pytest

from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.record import read
from lakewarden.semantics.grants import holders


def permissions(*entries):
    acl = [{**who, "all_permissions": [{"permission_level": level}]} for who, level in entries]
    item = {"id": "tokens", "access_control_list": acl}
    return read(ObjectPermissions, item, source="GET /acl")


def test_holders_of_any_of_the_levels_are_named_whatever_they_are():
    acl = permissions(
        ({"user_name": "bo@example.com"}, "CAN_USE"),
        ({"group_name": "admins"}, "CAN_MANAGE"),
        ({"service_principal_name": "a-1"}, "CAN_VIEW"),
    )
    assert holders(acl, "CAN_USE") == ["bo@example.com"]
    assert holders(acl, "CAN_USE", "CAN_MANAGE") == ["admins", "bo@example.com"]
    assert holders(acl, "CAN_VIEW") == ["a-1"]
    assert holders(acl, "IS_OWNER") == []


def test_an_entry_that_names_nobody_hides_somebody():
    with pytest.raises(UnreadError) as caught:
        holders(permissions(({}, "CAN_USE")), "CAN_USE")
    assert caught.value.gap.cause is Cause.MISSING_FIELD
    assert caught.value.gap.source == "GET /acl"


def test_an_entry_that_names_nobody_and_grants_nothing_asked_for_does_not_matter():
    assert holders(permissions(({}, "CAN_VIEW")), "CAN_USE") == []


def test_a_missing_list_is_not_an_empty_one():
    lost = read(ObjectPermissions, {"id": "tokens"}, source="GET /acl")
    with pytest.raises(UnreadError):
        holders(lost, "CAN_USE")

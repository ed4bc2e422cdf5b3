from __future__ import annotations

from collections.abc import Callable

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, PermissionDenied

from simulate.core.kit import Lab

Shared = Callable[[str], Lab]


def test_only_keys_that_were_set_are_answered(shared: Shared) -> None:
    conf = shared("typical").workspace(2002).workspace_conf
    assert conf.get_status(keys="enforceUserIsolation,enableWebTerminal") == {
        "enforceUserIsolation": "true"
    }


def test_one_unknown_key_fails_the_whole_call(shared: Shared) -> None:
    conf = shared("typical").workspace(2001).workspace_conf
    with pytest.raises(BadRequest) as caught:
        conf.get_status(keys="enableIpAccessLists,enableMagic,enableTricks")
    assert str(caught.value) == 'Invalid keys: ["enableMagic", "enableTricks"]'


def test_ip_access_lists_are_no_key_of_premium(shared: Shared) -> None:
    with pytest.raises(BadRequest, match="Invalid keys"):
        shared("fresh").workspace(1001).workspace_conf.get_status(keys="enableIpAccessLists")


def test_the_old_path_still_answers(shared: Shared) -> None:
    path = "/api/2.0/preview/workspace-conf?keys=enableTokensConfig"
    assert shared("typical").http(2001).get(path).json() == {"enableTokensConfig": "true"}


@pytest.mark.parametrize(
    "changes",
    [
        {"enableWebTerminal": "perhaps"},
        {"maxTokenLifetimeDays": "731"},
        {"maxTokenLifetimeDays": "soon"},
        {"reposIpynbResultsExportPermissions": "MAYBE"},
    ],
)
def test_bad_values_are_refused(typical: Lab, changes: dict[str, str]) -> None:
    with pytest.raises(InvalidParameterValue, match="Some values are not allowed"):
        typical.workspace(2001).workspace_conf.set_status(changes)


def test_values_are_strings(typical: Lab) -> None:
    answer = typical.http(2001).patch("/api/2.0/workspace-conf", json={"enableDcs": True})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "MALFORMED_REQUEST")


def test_a_refused_call_changes_nothing(typical: Lab) -> None:
    conf = typical.workspace(2001).workspace_conf
    with pytest.raises(BadRequest):
        conf.set_status({"enableDcs": "true", "enableMagic": "true"})
    assert conf.get_status(keys="enableDcs") == {}
    conf.set_status({"enableDcs": "true"})
    assert conf.get_status(keys="enableDcs") == {"enableDcs": "true"}


def test_others_than_admins_may_not_even_read(shared: Shared) -> None:
    conf = shared("typical").workspace(2001, "amelie.roux@typical.example").workspace_conf
    with pytest.raises(PermissionDenied, match="ReadAction on /org_admin_conf/enableDcs"):
        conf.get_status(keys="enableDcs")

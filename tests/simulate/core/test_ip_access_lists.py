from __future__ import annotations

from collections.abc import Callable

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, InvalidState, NotFound
from databricks.sdk.service.settings import ListType

from lakewarden.simulate.workspace.ip_access_lists import lets_through
from simulate.core.kit import OUTSIDE, Lab

Own = Callable[..., Lab]
ME = "/api/2.0/preview/scim/v2/Me"


def _entry(kind: str, *addresses: str, enabled: bool = True) -> dict[str, object]:
    return {"list_type": kind, "ip_addresses": list(addresses), "enabled": enabled}


@pytest.mark.parametrize(
    ("lists", "address", "expected"),
    [
        ([], OUTSIDE, True),
        ([_entry("BLOCK", "192.0.2.0/24")], OUTSIDE, False),
        ([_entry("BLOCK", "192.0.2.0/24")], "198.51.100.1", True),
        ([_entry("ALLOW", "198.51.100.0/24")], OUTSIDE, False),
        ([_entry("ALLOW", "198.51.100.0/24", enabled=False)], OUTSIDE, True),
        ([_entry("ALLOW", "0.0.0.0/0"), _entry("BLOCK", OUTSIDE)], OUTSIDE, False),
        ([_entry("ALLOW", "0.0.0.0/1", "128.0.0.0/1")], OUTSIDE, True),
        ([_entry("ALLOW", "192.0.2.200/24")], "192.0.2.1", True),
    ],
)
def test_blocks_come_first_and_no_allow_list_lets_everybody_in(
    lists: list[dict[str, object]], address: str, *, expected: bool
) -> None:
    assert lets_through(lists, address) is expected


def _status(lab: Lab, address: str, workspace_id: int | None = 2001) -> int:
    path = ME if workspace_id else f"/api/2.0/accounts/{lab.simulation.account_id}/workspaces"
    return lab.http(workspace_id).get(path, headers={"X-Forwarded-For": address}).status_code


def test_lists_hold_on_workspaces_and_account(shared: Callable[[str], Lab]) -> None:
    lab = shared("typical")
    assert _status(lab, "203.0.113.50") == 200
    assert _status(lab, OUTSIDE) == 403
    assert _status(lab, "203.0.113.50", None) == 200
    assert _status(lab, OUTSIDE, None) == 403
    answer = lab.http(2001).get(ME, headers={"X-Forwarded-For": OUTSIDE})
    assert answer.json()["message"] == (
        f"Source IP address: {OUTSIDE} is blocked by Databricks IP ACL for workspace: 2001"
    )


def test_neglected_lists_stop_nobody(shared: Callable[[str], Lab]) -> None:
    lab = shared("neglected")
    assert [_status(lab, OUTSIDE, wid) for wid in (4001, 4002, None)] == [200, 200, 200]
    assert _status(lab, "192.0.2.66", 4002) == 403


def test_a_list_is_made_changed_and_deleted(typical: Lab) -> None:
    client = typical.workspace(2001)
    made = client.ip_access_lists.create("night shift", ListType.ALLOW, ip_addresses=[OUTSIDE])
    assert made.ip_access_list
    assert made.ip_access_list.list_id
    list_id = made.ip_access_list.list_id
    assert made.ip_access_list.address_count == 1
    assert _status(typical, OUTSIDE) == 200
    client.ip_access_lists.update(list_id, enabled=False)
    assert _status(typical, OUTSIDE) == 403
    client.ip_access_lists.replace(
        list_id, "night shift", ListType.BLOCK, enabled=True, ip_addresses=["203.0.113.99"]
    )
    assert _status(typical, "203.0.113.99") == 403
    client.ip_access_lists.delete(list_id)
    with pytest.raises(NotFound):
        client.ip_access_lists.get(list_id)


def test_nobody_locks_themselves_out(typical: Lab) -> None:
    client = typical.workspace(2001)
    with pytest.raises(InvalidState, match=r"203\.0\.113\.10 would be blocked"):
        client.ip_access_lists.create("x", ListType.BLOCK, ip_addresses=["203.0.113.0/24"])
    held = next(iter(client.ip_access_lists.list()))
    with pytest.raises(InvalidState):
        client.ip_access_lists.update(held.list_id or "", ip_addresses=["198.51.100.1"])
    client.workspace_conf.set_status({"enableIpAccessLists": "false"})
    client.ip_access_lists.update(held.list_id or "", ip_addresses=["198.51.100.1"])
    assert _status(typical, OUTSIDE) == 200
    with pytest.raises(InvalidState):
        client.workspace_conf.set_status({"enableIpAccessLists": "true"})
    client.ip_access_lists.update(held.list_id or "", ip_addresses=["203.0.113.0/24"])
    client.workspace_conf.set_status({"enableIpAccessLists": "true"})


def test_at_most_a_thousand_values_and_all_of_them_ipv4(typical: Lab) -> None:
    client = typical.workspace(2002)
    many = [f"10.{n // 250}.{n % 250}.1" for n in range(1000)]
    with pytest.raises(BadRequest, match="1000") as caught:
        client.ip_access_lists.create("many", ListType.ALLOW, ip_addresses=many)
    assert caught.value.error_code == "QUOTA_EXCEEDED"
    for value in ("2001:db8::1", "10.0.0.300", "office"):
        with pytest.raises(InvalidParameterValue, match="IPv4"):
            client.ip_access_lists.create("bad", ListType.ALLOW, ip_addresses=[value])


def test_account_lists(typical: Lab) -> None:
    account = typical.account()
    made = account.ip_access_lists.create("extra", ListType.ALLOW, ip_addresses=["198.51.100.9"])
    assert _status(typical, "198.51.100.9", None) == 200
    assert made.ip_access_list
    account.ip_access_lists.delete(made.ip_access_list.list_id or "")
    assert _status(typical, "198.51.100.9", None) == 403


def test_premium_has_no_lists(shared: Callable[[str], Lab]) -> None:
    with pytest.raises(NotFound, match="IP access list is not available in the pricing tier"):
        list(shared("fresh").workspace(1001).ip_access_lists.list())


def test_behind_private_link_the_public_is_sent_away_and_lists_do_not_matter(
    shared: Callable[[str], Lab],
) -> None:
    lab = shared("high-security")
    answer = lab.http(3001).get(ME, headers={"X-Forwarded-For": "203.0.113.10"})
    assert answer.status_code == 302
    assert answer.headers["location"] == "/login.html?error=private-link-validation-error:3001"
    assert _status(lab, "10.99.0.1", 3001) == 200
    assert _status(lab, "203.0.113.10", None) == 200

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied, Unauthenticated

from simulate.core.kit import Lab

Shared = Callable[[str], Lab]


def test_the_scanners_token_works_on_every_persona(shared: Shared) -> None:
    lab = shared("typical")
    assert [w.workspace_id for w in lab.account().workspaces.list()] == [2001, 2002]
    for workspace_id in (2001, 2002):
        client = lab.workspace(workspace_id)
        assert client.current_user.me().user_name == lab.simulation.client_id
        assert client.get_workspace_id() == workspace_id


def test_client_credentials_are_discovered_and_exchanged_on_both_personas(shared: Shared) -> None:
    simulation = shared("typical").simulation
    secrets = {"client_id": simulation.client_id, "client_secret": simulation.client_secret}
    account = AccountClient(
        host=simulation.account_host, account_id=simulation.account_id, **secrets
    )
    assert len(list(account.workspaces.list())) == 2
    workspace = WorkspaceClient(host=simulation.workspace_urls[2001], **secrets)
    assert workspace.current_user.me().user_name == simulation.client_id


@pytest.mark.parametrize(
    "credentials", [("nobody", "secret"), ("CLIENT", "wrong"), ("nobody", "SECRET")]
)
def test_wrong_client_credentials_get_no_token(
    shared: Shared, credentials: tuple[str, str]
) -> None:
    simulation = shared("typical").simulation
    known = {"CLIENT": simulation.client_id, "SECRET": simulation.client_secret}
    client_id, secret = (known.get(text, text) for text in credentials)
    url = f"{simulation.workspace_urls[2001]}/oidc/v1/token"
    answer = httpx.post(url, auth=(client_id, secret), data={"grant_type": "client_credentials"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_what_the_hosts_say_of_themselves(shared: Shared) -> None:
    lab = shared("typical")
    account = httpx.get(f"{lab.simulation.account_host}/.well-known/databricks-config").json()
    assert account["host_type"] == "account"
    assert account["oidc_endpoint"].endswith(f"/oidc/accounts/{lab.simulation.account_id}")
    url = lab.simulation.workspace_urls[2002]
    workspace = httpx.get(f"{url}/.well-known/databricks-config").json()
    assert (workspace["host_type"], workspace["workspace_id"]) == ("workspace", "2002")
    assert workspace["oidc_endpoint"] == f"{url}/oidc"


def test_unknown_paths_and_missing_credentials(shared: Shared) -> None:
    lab = shared("typical")
    answer = lab.http(2001).get("/api/2.0/no-such-thing")
    assert answer.status_code == 404
    assert answer.json() == {
        "error_code": "ENDPOINT_NOT_FOUND",
        "message": "No API found for 'GET /api/2.0/no-such-thing'",
    }
    assert answer.headers["X-Databricks-Org-Id"] == "2001"
    bare = httpx.get(f"{lab.simulation.workspace_urls[2001]}/api/2.0/token/list")
    assert bare.status_code == 401
    with pytest.raises(Unauthenticated):
        lab.workspace(2001, token="dapi-made-up").current_user.me()


def test_another_accounts_id_is_not_found(shared: Shared) -> None:
    simulation = shared("typical").simulation
    client = AccountClient(
        host=simulation.account_host, account_id="someone-elses", token=simulation.token
    )
    with pytest.raises(NotFound):
        list(client.workspaces.list())


def test_people_who_are_no_admins_see_neither_the_account_nor_admin_apis(shared: Shared) -> None:
    lab = shared("typical")
    with pytest.raises(PermissionDenied, match="Only account admins"):
        list(lab.account("amelie.roux@typical.example").workspaces.list())
    with pytest.raises(PermissionDenied, match="Only workspace admins"):
        list(lab.workspace(2001, "amelie.roux@typical.example").token_management.list())


def test_a_workspace_is_closed_to_those_who_are_not_assigned(shared: Shared) -> None:
    lab = shared("typical")
    with pytest.raises(PermissionDenied, match="not assigned to workspace 2002"):
        lab.workspace(2002, "ines.oliveira@typical.example").current_user.me()


def test_ports_follow_each_other_and_the_environment_points_there(
    own: Callable[..., Lab], free_ports: int
) -> None:
    simulation = own("typical", port=free_ports).simulation
    assert simulation.account_host == f"http://127.0.0.1:{free_ports}"
    assert simulation.workspace_urls == {
        2001: f"http://127.0.0.1:{free_ports + 1}",
        2002: f"http://127.0.0.1:{free_ports + 2}",
    }
    assert simulation.environment()["DATABRICKS_HOST"] == simulation.account_host
    assert simulation.aws_url is None


def test_a_taken_port_is_reported_and_nothing_stays_open(own: Callable[..., Lab]) -> None:
    taken = int(own("fresh").simulation.account_host.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        own("fresh", port=taken)


def test_bodies_and_addresses_that_make_no_sense(shared: Shared) -> None:
    lab = shared("typical")
    path = "/api/2.0/token/create"
    for body in ("{", "[1]", '{"lifetime_seconds": {}}'):
        headers = {"Content-Type": "application/json"}
        answer = lab.http(2001).post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "MALFORMED_REQUEST")
    odd = {"X-Forwarded-For": "not-an-address"}
    assert lab.http(2001).get("/api/2.0/token/list", headers=odd).status_code == 200


@pytest.mark.parametrize("query", ["page_size=-1", "page_token=!", "page_size=many"])
def test_pages_that_make_no_sense(shared: Shared, query: str) -> None:
    answer = shared("typical").http(2001).get(f"/api/2.1/settings-metadata?{query}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from databricks.sdk.errors import InternalError, NotFound, PermissionDenied, Unauthenticated

from lakewarden.simulate import start
from lakewarden.simulate.faults import Fault, parse_all
from simulate.core.kit import Lab

Own = Callable[..., Lab]
TOKENS = "/api/2.0/token-management/tokens"


def test_a_fault_is_read_and_hits_what_it_says() -> None:
    fault = Fault.parse("GET /api/2.0/ip-access-lists*=403")
    assert fault.hits("GET", "/api/2.0/ip-access-lists/7")
    assert not fault.hits("POST", "/api/2.0/ip-access-lists")
    assert Fault.parse("* /x=drop:name").hits("DELETE", "/x")
    here, aws = parse_all(["GET /x=500", "AWS s3:GetBucketPolicy=403"])
    assert [fault.kind for fault in here] == ["500"]
    assert aws == ["AWS s3:GetBucketPolicy=403"]


@pytest.mark.parametrize(
    "text",
    [
        *("GET /x", "GET=403", "GET /x=418", "/x=403", "", "GET /x=500@120%", "GET /x=page2:"),
        *("AWS s3:*=reset", "GET /x=500@x%"),
    ],
)
def test_a_fault_that_can_not_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a fault"):
        Fault.parse(text)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("401", Unauthenticated),
        ("403", PermissionDenied),
        ("404", NotFound),
        ("500", InternalError),
    ],
)
def test_refusals(own: Own, kind: str, error: type[Exception]) -> None:
    client = own("fresh", faults=[f"GET {TOKENS}={kind}"]).workspace(1001)
    with pytest.raises(error):
        list(client.token_management.list())
    assert list(client.tokens.list()) == []


def test_throttling_lasts_for_ever_and_says_when_to_come_again(own: Own) -> None:
    lab = own("fresh", faults=["GET /api/2.0/token/list=429"])
    for _ in range(3):
        answer = lab.http(1001).get("/api/2.0/token/list")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    with pytest.raises(TimeoutError):
        list(lab.workspace(1001).tokens.list())


def test_a_truncated_answer_is_well_framed_and_not_json(own: Own) -> None:
    lab = own("fresh", faults=["GET /api/2.0/preview/scim/v2/Me=truncate"])
    answer = lab.http(1001).get("/api/2.0/preview/scim/v2/Me")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_dropped_field_is_missing_at_every_depth(own: Own) -> None:
    lab = own("typical", faults=["GET */scim/v2/Groups=drop:display"])
    body = lab.http(2001).get("/api/2.0/preview/scim/v2/Groups").json()
    members = [member for group in body["Resources"] for member in group["members"]]
    assert members
    assert all("display" not in member and "value" in member for member in members)


def test_a_timeout_never_answers_and_does_not_hold_up_closing() -> None:
    with start("fresh", aws=False, faults=["GET /api/2.0/token/list=timeout"]) as simulation:
        url = f"{simulation.workspace_urls[1001]}/api/2.0/token/list"
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(url, timeout=0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_latency_is_added_to_every_answer(own: Own) -> None:
    lab = own("fresh", latency_ms=120)
    began = time.monotonic()
    httpx.get(f"{lab.simulation.account_host}/.well-known/databricks-config")
    assert time.monotonic() - began >= 0.12


def test_calls_are_logged_with_their_callers(own: Own, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    lab = own("fresh", request_log=path, faults=["GET /api/2.0/token/list=403"])
    lab.http(1001).get("/api/2.0/preview/scim/v2/Me?attributes=id")
    lab.http(1001).get("/api/2.0/token/list")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/api/2.0/preview/scim/v2/Me", 200),
        ("GET", "/api/2.0/token/list", 403),
    ]
    assert lines[0]["principal"] == lab.simulation.client_id
    assert lines[0]["query"] == "attributes=id"
    assert lines[1]["principal"] == ""


def test_faults_can_be_ordered_later_and_taken_back(own: Own) -> None:
    lab = own("fresh")
    client = lab.http(1001)
    lab.simulation.order(["GET /api/2.0/token/list=500"])
    assert client.get("/api/2.0/token/list").status_code == 500
    lab.simulation.order([])
    assert client.get("/api/2.0/token/list").status_code == 200


def test_chances_follow_from_the_seed_and_the_url_alone() -> None:
    def drawn(seed: int, urls: list[str]) -> list[tuple[str, bool]]:
        fault = Fault.parse(f"GET /x*=500@20%#{seed}")
        return sorted((url, fault.hits("GET", url)) for url in urls)

    urls = [f"/x/{number % 100}" for number in range(1000)]
    once = drawn(1, urls)
    assert once == drawn(1, urls[::-1])
    assert once != drawn(2, urls)
    assert 150 < sum(hit for _, hit in once) < 250


def test_a_query_can_be_part_of_what_is_hit(own: Own) -> None:
    lab = own("fresh", faults=["GET /api/2.0/workspace/list?path=/Users*=403"])
    client = lab.workspace(1001)
    assert {o.path for o in client.workspace.list("/")} >= {"/Users", "/Shared"}
    with pytest.raises(PermissionDenied):
        list(client.workspace.list("/Users"))


def test_a_list_can_fail_in_its_middle(own: Own) -> None:
    lab = own("typical", faults=["GET */scim/v2/Users=page2:500", "POST /x=page2:reset"])
    users = lab.http(2001)
    first = users.get("/api/2.0/preview/scim/v2/Users", params={"startIndex": 1, "count": 5})
    assert len(first.json()["Resources"]) == 5
    second = users.get("/api/2.0/preview/scim/v2/Users", params={"startIndex": 6, "count": 5})
    assert second.status_code == 500
    posted = Fault.parse("POST /x=page2:500")
    assert posted.hits("POST", "/x", body=b'{"page_token": "abc"}')
    assert not posted.hits("POST", "/x", body=b'{"page_token": ""}')
    assert not posted.hits("POST", "/x", body=b"page_token")


def test_throttling_need_not_say_when_to_come_again(own: Own) -> None:
    answer = own("fresh", faults=["GET *=429-bare"]).http(1001).get("/api/2.0/token/list")
    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers


def test_a_connection_can_be_cut(own: Own) -> None:
    lab = own("fresh", faults=["GET /api/2.0/token/list=reset"])
    client = lab.http(1001)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/api/2.0/token/list")
    assert client.get("/api/2.0/preview/scim/v2/Me").status_code == 200

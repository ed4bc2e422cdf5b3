from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from simulate.core.kit import Lab

Own = Callable[..., Lab]
EXPORT = "/api/2.0/workspace/export"
LIST = "/api/2.0/workspace/list?path=/"


def _statuses(lab: Lab, path: str, calls: int) -> list[int]:
    client = lab.http(1001)
    return [client.get(path).status_code for _ in range(calls)]


def test_the_limits_of_the_real_service_refuse_a_burst(own: Own) -> None:
    lab = own("fresh", rate_limits=0.01)
    assert _statuses(lab, f"{EXPORT}?path=/Shared&format=DBC", 70).count(200) == 60
    assert _statuses(lab, LIST, 40).count(200) == 30
    assert _statuses(lab, "/api/2.0/token/list", 10).count(200) == 10
    answer = lab.http(1001).get(LIST)
    assert answer.status_code == 429
    assert answer.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert int(answer.headers["Retry-After"]) >= 1


def test_calls_are_answered_again_at_the_rate(own: Own) -> None:
    lab = own("fresh", rate_limits=10, retry_after=False)
    client = lab.http(1001)
    began, answered = time.monotonic(), 0
    while answered < 120:
        answer = client.get(LIST)
        answered += answer.status_code == 200
        assert "Retry-After" not in answer.headers
    assert time.monotonic() - began >= (120 - 30) / 300


def test_latency_holds_up_nobody_else(own: Own) -> None:
    lab = own("fresh", latency_ms=100)
    clients = [lab.http(1001) for _ in range(8)]
    began = time.monotonic()
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: client.get(LIST), clients))
    assert time.monotonic() - began < 0.5

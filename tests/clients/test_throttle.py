from __future__ import annotations

import pytest

from clients.fake_time import FakeTime
from lakewarden.clients.throttle import Throttle


@pytest.fixture
def time():
    return FakeTime()


@pytest.mark.parametrize(
    ("verb", "path", "per_second"),
    [
        ("GET", "/api/2.0/permissions/jobs/1", 100),
        ("PUT", "/api/2.0/permissions/jobs/1", 30),
        ("PATCH", "/api/2.0/permissions/jobs/1", 30),
        ("GET", "/api/2.0/workspace/export", 60),
        ("POST", "/api/2.0/workspace/import", 30),
        ("POST", "/api/2.0/workspace-files/import-file/Shared%2Fx.csv", 30),
        ("GET", "/api/2.0/workspace/list", 30),
        ("GET", "/api/2.0/preview/scim/v2/Groups", 4.25),
        ("GET", "/api/2.0/preview/scim/v2/Groups/7", 4.25),
        ("PATCH", "/api/2.0/preview/scim/v2/Groups/7", 0.166),
        ("DELETE", "/api/2.0/preview/scim/v2/Groups/7", 0.583),
        ("GET", "/api/2.0/accounts/0f1e/scim/v2/Users", 4),
        ("GET", "/api/2.0/accounts/0f1e/scim/v2/Users/7", 20),
        ("PATCH", "/api/2.0/accounts/0f1e/scim/v2/Users/7", 2),
        ("GET", "/api/2.0/accounts/0f1e/networks", 30),
        ("GET", "/api/2.2/jobs/list", 30),
        ("POST", "/api/2.2/jobs/create", 20),
        ("POST", "/api/2.0/mlflow/experiments/search", 7),
        ("GET", "/api/2.0/mlflow/experiments/get", 120),
    ],
)
def test_each_endpoint_has_its_own_rate(verb, path, per_second):
    assert Throttle().rate(verb, path).ceiling == per_second


def test_one_family_does_not_hold_up_another(time):
    throttle = Throttle(now=time, sleep=time.sleep)
    export = ("GET", "/api/2.0/workspace/export")
    waits = []
    for _ in range(61):
        with throttle.turn(*export) as turn:
            waits.append(turn.waited)
    assert waits[:60] == [0] * 60
    assert waits[60] > 0
    with throttle.turn("GET", "/api/2.0/permissions/notebooks/1") as turn:
        assert turn.waited == 0


def test_a_share_leaves_the_rest_to_others():
    assert Throttle(share=0.5).rate("GET", "/api/2.0/workspace/export").ceiling == 30


def test_a_refused_turn_holds_its_family_and_no_other(time):
    throttle = Throttle(now=time, sleep=time.sleep)
    with throttle.turn("GET", "/api/2.0/workspace/export") as turn:
        turn.refused(20)
    with throttle.turn("GET", "/api/2.0/permissions/notebooks/1") as turn:
        assert turn.waited == 0
    with throttle.turn("GET", "/api/2.0/workspace/export") as turn:
        assert turn.waited >= 20


def test_the_time_left_is_that_of_the_slowest_family(time):
    throttle = Throttle(now=time, sleep=time.sleep)
    left = {
        ("GET", "/api/2.0/workspace/export"): 600,
        ("GET", "/api/2.0/permissions/notebooks/1"): 600,
        ("GET", "/api/2.0/permissions/jobs/1"): 600,
    }
    assert throttle.pace(left).left == pytest.approx(12)
    assert throttle.pace({}).left == 0


def test_the_time_left_follows_what_was_measured(time):
    throttle = Throttle(now=time, sleep=time.sleep)
    for _ in range(200):
        time.now += 0.1
        with throttle.turn("GET", "/api/2.0/workspace/export"):
            pass
    pace = throttle.pace({("GET", "/api/2.0/workspace/export"): 100})
    assert pace.per_second == pytest.approx(10, rel=0.1)
    assert pace.left == pytest.approx(10, rel=0.1)

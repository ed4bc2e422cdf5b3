from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.clients import throttle
from lakewarden.clients.throttle import Bucket, Throttle


class FakeTime:
    """Time that passes by sleeping only."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time():
    return FakeTime()


def test_a_burst_of_a_second_goes_at_once_and_the_rest_waits(time):
    bucket = Bucket(4, time, time.sleep)
    assert [bucket.take() for _ in range(6)] == [0, 0, 0, 0, 0.25, 0.25]
    assert time.now == 1000.5


def test_a_rest_refills_no_more_than_a_second(time):
    bucket = Bucket(4, time, time.sleep)
    for _ in range(4):
        bucket.take()
    time.now += 3600
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0, 0.25]


def test_a_slow_rate_still_lets_the_first_one_through(time):
    bucket = Bucket(0.5, time, time.sleep)
    assert [bucket.take(), bucket.take()] == [0, 2]


@given(st.floats(0.5, 50), st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_the_rate_is_never_exceeded(rate, pauses):
    time = FakeTime()
    bucket = Bucket(rate, time, time.sleep)
    sent = []
    for pause in pauses:
        time.now += pause
        bucket.take()
        sent.append(time.now)
    for first, start in enumerate(sent):
        for last in range(first, len(sent)):
            allowed = max(1, rate) + (sent[last] - start) * rate
            assert last - first + 1 <= allowed + 1e-6


def test_waiting_callers_queue_up_behind_each_other():
    waits = []
    bucket = Bucket(10, lambda: 0.0, waits.append)
    threads = [threading.Thread(target=bucket.take) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([n / 10 for n in range(1, 21)])


@pytest.mark.parametrize(
    ("path", "free"),
    [
        ("/api/2.0/permissions/jobs/1", 100),
        ("/api/2.0/preview/scim/v2/Groups", 4),
        ("/api/2.0/accounts/0f1e/scim/v2/Users", 4),
        ("/api/2.0/accounts/0f1e/networks", 30),
        ("/api/2.1/jobs/list", 30),
    ],
)
def test_each_endpoint_has_its_own_rate(monkeypatch, path, free):
    time = FakeTime()
    monkeypatch.setattr(throttle.Bucket.__init__, "__defaults__", (time, time.sleep))
    limits = Throttle()
    waits = [limits.take(path) for _ in range(free + 1)]
    assert waits[:free] == [0] * free
    assert waits[free] > 0
    assert limits.take("/api/2.0/token-management/tokens") == 0

from __future__ import annotations

import threading
import time as clock
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.fake_time import FakeTime
from lakewarden.clients.adaptive import Rate, Window


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def rate(time):
    return lambda ceiling: Rate(ceiling, time, time.sleep)


def near(values):
    return pytest.approx(values, abs=1e-5)


def test_a_burst_of_a_second_goes_at_once_and_the_rest_waits(rate):
    four = rate(4)
    assert [four.take() for _ in range(6)] == near([0, 0, 0, 0, 0.25, 0.25])


def test_a_rest_refills_no_more_than_a_second(rate, time):
    four = rate(4)
    for _ in range(4):
        four.take()
    time.now += 3600
    assert [four.take() for _ in range(5)] == near([0, 0, 0, 0, 0.25])


def test_a_slow_rate_still_lets_the_first_one_through(rate):
    slow = rate(0.5)
    assert [slow.take(), slow.take()] == near([0, 2])


@settings(deadline=None)
@given(st.floats(0.5, 50), st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=40))
def test_the_rate_is_never_exceeded(ceiling, calls):
    time = FakeTime()
    rate = Rate(ceiling, time, time.sleep)
    sent = []
    for pause, refused in calls:
        time.now += pause
        rate.take()
        sent.append(time.now)
        if refused:
            rate.refused(time.now, 0)
    for first, start in enumerate(sent):
        for last in range(first, len(sent)):
            allowed = max(1, ceiling) + (sent[last] - start) * ceiling
            assert last - first + 1 <= allowed + 1e-3


def test_waiting_callers_go_one_after_the_other():
    rate = Rate(40)
    start = clock.monotonic()
    sent = deque()

    def go():
        rate.take()
        sent.append(clock.monotonic() - start)

    threads = [threading.Thread(target=go) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(at < 0.02 for at in sent) <= 41
    assert 0.48 <= max(sent) < 1.5


def test_a_429_cuts_the_rate_and_it_climbs_back(rate, time):
    ten = rate(10)
    ten.refused(time.now, 0)
    assert ten.allowed == pytest.approx(7)
    time.now += 2
    assert ten.allowed == pytest.approx(8)
    time.now += 60
    assert ten.allowed == 10


def test_those_that_were_under_way_together_count_as_one(rate, time):
    ten = rate(10)
    sent = time.now
    time.now += 0.1
    for _ in range(8):
        ten.refused(sent, 0)
    assert ten.allowed == pytest.approx(7)
    ten.refused(time.now, 0)
    assert ten.allowed == pytest.approx(4.9)


def test_it_never_stops_for_good(rate, time):
    ten = rate(10)
    for _ in range(200):
        ten.refused(time.now, 0)
    assert ten.allowed == pytest.approx(0.5)
    ten.take()


def test_nothing_goes_out_while_the_host_wants_nothing(rate, time):
    ten = rate(10)
    ten.refused(time.now, 30)
    assert ten.take() >= 30
    assert time.now < 1032


def test_it_finds_the_rate_that_a_host_allows(rate, time):
    """A host that takes 6 a second of a caller who may send 20."""
    twenty = rate(20)
    answered, refused = deque(), 0
    for _ in range(2000):
        twenty.take()
        while answered and answered[0] <= time.now - 1:
            answered.popleft()
        if len(answered) >= 6:
            twenty.refused(time.now, 0)
            refused += 1
        else:
            answered.append(time.now)
            twenty.passed()
    taken = 2000 - refused
    assert taken / (time.now - 1000) > 0.75 * 6
    assert refused < 0.2 * 2000


def test_what_was_measured_follows_what_passes(rate, time):
    ten = rate(10)
    assert ten.measured == 0
    for _ in range(100):
        ten.take()
        ten.passed()
    assert ten.measured == pytest.approx(10, rel=0.15)
    time.now += 60
    assert ten.measured < 0.01


def test_a_window_lets_no_more_in_than_it_is_wide():
    window = Window(3)
    inside, most = [], []
    lock = threading.Lock()

    def go():
        window.enter()
        with lock:
            inside.append(1)
            most.append(len(inside))
        clock.sleep(0.01)
        with lock:
            inside.pop()
        window.leave()

    threads = [threading.Thread(target=go) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 3


def test_a_window_narrows_to_half_and_widens_again(time):
    window = Window(32, time)
    for _ in range(3):
        window.enter()
    sent = time.now
    time.now += 1
    window.refused(sent)
    window.refused(sent)
    assert window.width == 16
    window.leave()
    for _ in range(1000):
        window.enter()
        window.leave()
    assert window.width == 32


def test_a_window_never_shuts(time):
    window = Window(32, time)
    for _ in range(20):
        window.enter()
        time.now += 1
        window.refused(time.now)
    assert window.width == 4

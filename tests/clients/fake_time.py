"""Time that passes by sleeping only."""

from __future__ import annotations


class FakeTime:
    """A clock and the way to let it go on."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

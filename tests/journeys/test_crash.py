"""A run that is killed at any step can be taken up, or taken back."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from benchmarks.crash import crashes

KINDS = 18
"""As many changes, each of another kind; `make crash` tries more, and each at every moment."""


def test_a_run_that_is_killed_at_each_step_can_be_settled():
    # In a process of its own: the same world may be served in this one, and its buckets are there.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(crashes, KINDS).result()
    assert [crash.step for crash in found] == list(range(KINDS))
    assert {crash.settled for crash in found} == {"resumed", "undone"}
    assert len({crash.moment for crash in found}) == 3
    assert [crash for crash in found if crash.problem] == []

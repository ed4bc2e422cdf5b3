"""A bucket may list millions of files: what waits is found in little memory, in order."""

from __future__ import annotations

import tracemalloc

from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.watch import waiting
from lakewarden.watch.waiting import Waiting

_COUNT = 5_000
_LONG = "x" * 1_000


class _Many:
    ahead = 1

    def listed(self):
        """Yield a file a day, the last day first, and a stray one for each hundred of them."""
        for n in reversed(range(_COUNT)):
            at = f"2026/{n % 12 + 1:02}/{n % 28 + 1:02}"
            yield Delivered(f"AWSLogs/1/CloudTrail/r/{at}/{_LONG}{n:05}", f"{n}", n, n)
            if n % 100 == 0:
                yield Delivered(f"AWSLogs/1/elb/{n}", f"{n}", 1, 1)


def test_many_files_are_listed_in_little_memory_and_come_day_after_day(tmp_path, monkeypatch):
    monkeypatch.setattr(waiting, "_AT_ONCE", 200)
    lake = Lake.create(str(tmp_path / "lake"))
    with duck.open(threads=1) as connection:
        tracemalloc.start()
        found = Waiting(lake, connection, _Many(), Source.CLOUDTRAIL)
        seen, last = 0, ""
        for item in found:
            assert item.key > last
            last, seen = item.key, seen + 1
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (seen, found.skipped, found.size) == (_COUNT, 50, _COUNT * (_COUNT - 1) // 2)
    assert peak < _COUNT * len(_LONG) / 2

"""A bucket may list millions of files: what waits is found in little memory, in order."""

from __future__ import annotations

import tracemalloc

import pytest

from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, about, foreign
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.watch import waiting
from lakewarden.watch.waiting import Waiting

HIVE = (
    "aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/"
    "year=2026/month=09/day=21/hour=05"
)
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


@pytest.mark.parametrize(
    ("source", "key"),
    [
        (Source.CLOUDTRAIL, "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09/21/a.gz"),
        (Source.CLOUDTRAIL, "p/AWSLogs/o-a1/111122223333/CloudTrail/eu-west-1/2026/09/21/a.gz"),
        *(
            (Source.CLOUDTRAIL, f"AWSLogs/111122223333/CloudTrail-{own}/eu-west-1/2026/09/21/a.gz")
            for own in ("Insight", "NetworkActivity", "Aggregated")
        ),
        (Source.VPCFLOW, "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/09/21/a.log.gz"),
        (Source.VPCFLOW, f"p/AWSLogs/{HIVE}/a.log.parquet"),
    ],
)
def test_a_key_says_what_is_in_a_file(source, key):
    assert about(key) == ("111122223333", None, "eu-west-1", "2026-09-21")
    found = [each for each in Source if not foreign(key, each)]
    assert found == [Source.DATABRICKS, source]


def test_a_digest_does_not_wait():
    key = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/09/21/a.gz"
    assert foreign(key, Source.CLOUDTRAIL)

"""`python -m benchmarks`: every published number, one after the other."""

from __future__ import annotations

from benchmarks import (
    backing_up,
    collecting,
    context,
    egress,
    event_tables,
    hunting,
    judging,
    policy_engine,
    scanners,
    standing_by,
    startup,
    watching,
)

_ALL = (
    startup,
    collecting,
    judging,
    egress,
    policy_engine,
    context,
    scanners,
    event_tables,
    watching,
    backing_up,
    standing_by,
    hunting,
)

if __name__ == "__main__":
    for bench in _ALL:
        bench.main()
        print(flush=True)

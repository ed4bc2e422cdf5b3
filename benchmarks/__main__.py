"""`python -m benchmarks`: every published number, one after the other."""

from __future__ import annotations

from benchmarks import (
    collecting,
    context,
    egress,
    event_tables,
    judging,
    policy_engine,
    scanners,
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
)

if __name__ == "__main__":
    for bench in _ALL:
        bench.main()
        print(flush=True)

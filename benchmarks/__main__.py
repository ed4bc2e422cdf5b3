"""`python -m benchmarks`: every published number, one after the other."""

from __future__ import annotations

from benchmarks import collecting, context, egress, judging, policy_engine, scanners, startup

if __name__ == "__main__":
    for bench in (startup, collecting, judging, egress, policy_engine, context, scanners):
        bench.main()
        print(flush=True)

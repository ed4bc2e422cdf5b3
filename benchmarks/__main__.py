"""`python -m benchmarks`: every published number, one after the other."""

from __future__ import annotations

from benchmarks import collecting, egress, judging, startup

if __name__ == "__main__":
    for bench in (startup, collecting, judging, egress):
        bench.main()
        print(flush=True)

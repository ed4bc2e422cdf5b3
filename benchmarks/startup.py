"""What `lakewarden --help` costs, beside an interpreter that imports click and nothing else."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import Final

_RUNS: Final = 15


def cpu_ms(command: list[str]) -> float:
    """Return the median CPU time of a command, in ms, over several runs."""
    times = []
    for _ in range(_RUNS):
        before = os.times()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        user = after.children_user - before.children_user
        system = after.children_system - before.children_system
        times.append((user + system) * 1000)
    return statistics.median(times)


def main() -> None:
    """Print both, and the ratio."""
    ours = cpu_ms([sys.executable, "-m", "lakewarden", "--help"])
    floor = cpu_ms([sys.executable, "-c", "import click"])
    print(f"lakewarden --help: {ours:.0f} ms of CPU; python with click alone: {floor:.0f} ms")
    print(f"  ratio {ours / floor:.2f}")


if __name__ == "__main__":
    main()

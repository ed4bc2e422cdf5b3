"""The outcome of many checks, printed as they happen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """How many checks passed, failed, and did not run.

    Attributes:
        title: what is being checked.
    """

    title: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __post_init__(self) -> None:
        print(f"== {self.title}")

    def add(self, name: str, complaint: str, remark: str = "") -> None:
        """Count and print one check that ran; an empty complaint means that it passed."""
        if complaint:
            self.failed += 1
            print(f"FAIL  {name}: {complaint}")
        else:
            self.passed += 1
            print(f"ok    {name}{f': {remark}' if remark else ''}")

    def skip(self, name: str, reason: str, count: int = 1) -> None:
        """Count and print checks that could not run."""
        self.skipped += count
        print(f"skip  {name}: {reason}")

    def close(self) -> int:
        """Print the summary; return the exit code, 1 when any check failed."""
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} did not run")
        return 1 if self.failed else 0

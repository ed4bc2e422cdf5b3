"""Take the conditions of detection rules away one by one: an example must notice each of them.

`python -m benchmarks.mutate_rules [AREA | AREA.RULE]...`: every condition of every selection is
dropped, every selection of every list, every step; every count is raised and lowered by one, every
window by a millisecond.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from lakewarden.errors import LakewardenError, UsageError
from lakewarden.watch import library
from lakewarden.watch.bench import Tried, bench
from lakewarden.watch.mutants import Mutant, mutants


def noticed(one: Tried, mutant: Mutant) -> bool:
    """Return whether an example ends in other alerts than it says; what is no rule is noticed."""
    try:
        return any(outcome.wrong for outcome in one.outcomes(mutant.rule))
    except UsageError:
        return True


def unnoticed(rule: str) -> tuple[int, list[str]]:
    """Return how many changes of a rule were tried, and those that no example noticed."""
    tried, kept = 0, []
    for one in bench((rule,)):
        wrong = [outcome.example.name for outcome in one.outcomes() if outcome.wrong]
        if wrong:
            return 0, [f"is wrong as it stands: {wrong[0]}"]
        for mutant in mutants(one.rule):
            tried += 1
            if not noticed(one, mutant):
                kept.append(mutant.change)
    return tried, kept


def answered(rule: str) -> tuple[str, int, list[str]]:
    """Return a rule with what became of it, or with why it could not be tried."""
    try:
        return rule, *unnoticed(rule)
    except LakewardenError as error:
        return rule, 0, [str(error)]


def chosen(names: list[str]) -> Iterator[str]:
    """Yield the ids of all rules, or of those that are named by area or id."""
    for file in library.files(library.RULES):
        identity = f"{file.parent.name}.{file.stem}"
        if not names or identity in names or file.parent.name in names:
            yield identity


def main(names: list[str]) -> int:
    """Print every change that no example notices; return 1 when there is one."""
    total = left = 0
    with ProcessPoolExecutor(2) as pool:
        for rule, tried, kept in pool.map(answered, chosen(names)):
            total, left = total + tried, left + len(kept)
            for change in kept:
                print(f"{rule}: {change}", flush=True)
    print(f"{total} changes of rules, {total - left} noticed by an example")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

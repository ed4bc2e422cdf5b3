"""Take the conditions of detection rules away one by one: an example must notice each of them.

`python -m benchmarks.mutate_rules [AREA | AREA.RULE]...`: every condition of every selection is
dropped, every selection of every list, every step; every count is raised and lowered by one, every
window by a millisecond.
"""

from __future__ import annotations

import sys
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


def main(names: list[str]) -> int:
    """Print every change that no example notices; return 1 when there is one."""
    total = left = 0
    rules = [library.id_of(file) for file in library.chosen(library.places(), names)]
    with ProcessPoolExecutor(2) as pool:
        for rule, tried, kept in pool.map(answered, rules):
            total, left = total + tried, left + len(kept)
            for change in kept:
                print(f"{rule}: {change}", flush=True)
    print(f"{total} changes of rules, {total - left} noticed by an example")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

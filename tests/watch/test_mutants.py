"""An example of each rule notices when something of the rule is taken away or moved."""

from __future__ import annotations

import random

import pytest
from benchmarks.mutate_rules import unnoticed

from lakewarden.watch import library
from lakewarden.watch.mutants import mutants

EACH = 30
"""How many rules take part; `make mutate-rules` tries all of them."""
RULES = random.Random(20260302).sample(sorted(library.places()), EACH)


@pytest.mark.parametrize("rule", RULES)
def test_what_is_changed_is_noticed(rule):
    _, kept = unnoticed(rule)
    assert kept == []


def test_counts_and_windows_are_moved_both_ways():
    (rule,) = (each for each in library.rules().values() if each.id == "login.failed_burst")
    changes = [mutant.change for mutant in mutants(rule)]
    assert {"at_least 4", "at_least 6", "window 3599999ms", "window 3600001ms"} <= set(changes)

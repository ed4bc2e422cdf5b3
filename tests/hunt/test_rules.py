"""Each rule finds its examples and leaves its near misses alone, with both scanners."""

from __future__ import annotations

import pytest

from lakewarden.errors import UsageError
from lakewarden.hunt.rule import library, parse, unfit
from lakewarden.hunt.samples import filled

RULES = library()
IDS = [rule.id for rule in RULES]


@pytest.fixture
def found(detectors):
    """Return the rules that find something in a text, as both engines have it."""

    def by_both(text):
        there = [detector.leaks(text.encode(), plain=True) for detector in detectors.values()]
        assert there[0] == there[1], text
        return [leak.rule.id for leak in there[0]]

    return by_both


def test_there_are_formats_enough():
    assert sum(not rule.generic for rule in RULES) >= 60
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_finds_its_examples(rule, found):
    assert len(rule.examples) >= 2
    for template in rule.examples:
        for seed in range(2):
            text = filled(template, str(seed))
            assert rule.id in found(text), text


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_leaves_near_misses_alone(rule, found):
    assert len(rule.near_misses) >= 2
    for template in rule.near_misses:
        for seed in range(2):
            text = filled(template, str(seed))
            assert rule.id not in found(text), text


@pytest.mark.parametrize(
    "pattern",
    [
        "a(?=b)",
        "a(?!b)",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        "(?P<x>a)(?P=x)",
        "(?>a)",
        "a++",
        "(?i)a",
        "(",
    ],
)
def test_a_pattern_that_only_one_engine_reads_is_refused(pattern):
    assert unfit(pattern)


def test_patterns_that_both_read_are_not_refused():
    assert not [rule.id for rule in RULES if unfit(rule.source) or unfit(rule.trigger)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\nid = 3", "has no name"),
        ("[[rules", "is not TOML"),
    ],
)
def test_a_broken_rule_is_said(text, said):
    with pytest.raises(UsageError, match=said):
        parse(text, "own.toml")

"""Each rule finds its examples and leaves its near misses alone, with both scanners."""

from __future__ import annotations

import pytest

from lakewarden.errors import UsageError
from lakewarden.hunt.detector import Detector
from lakewarden.hunt.rule import library, parse, unfit
from lakewarden.hunt.samples import filled
from lakewarden.hunt.scanners import Hyperscan, Keywords

RULES = library()
ENGINES = {"hyperscan": Hyperscan(RULES), "python": Keywords(RULES)}
DETECTORS = {name: Detector(RULES, engine) for name, engine in ENGINES.items()}
IDS = [rule.id for rule in RULES]


def found(text, engine="hyperscan", *, plain=True):
    leaks = DETECTORS[engine].leaks(text.encode(), plain=plain)
    return [(leak.rule.id, leak.start, leak.end) for leak in leaks]


def test_there_are_formats_enough():
    assert sum(not rule.generic for rule in RULES) >= 60
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_finds_its_examples(rule):
    assert len(rule.examples) >= 2
    for template in rule.examples:
        for seed in range(2):
            text = filled(template, str(seed))
            there = found(text)
            assert rule.id in [identity for identity, *_ in there], (text, there)
            assert there == found(text, "python"), text


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_leaves_near_misses_alone(rule):
    assert len(rule.near_misses) >= 2
    for template in rule.near_misses:
        for seed in range(2):
            text = filled(template, str(seed))
            there = found(text)
            assert rule.id not in [identity for identity, *_ in there], text
            assert there == found(text, "python"), text


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

"""Each rule finds its examples and leaves its near misses alone, with both scanners."""

from __future__ import annotations

import pytest

from lakewarden.errors import UsageError
from lakewarden.hunt.rule import library, parse, unfit
from lakewarden.hunt.samples import filled
from lakewarden.hunt.trying import failure

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


OWN = """[[rules]]
id = "acme"
name = "Key of Acme"
severity = "low"
keywords = ["acme-"]
pattern = '(ACME-[0-9a-f]{8})'
examples = ['ACME-<hex:8>']
near_misses = ['ACME-<hex:4>']
"""


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(ACME-[0-9a-f]{8})", ""),
        ("(ACME-[0-9a-f]{8})|", "has a pattern that cannot be used"),
        ("(ACME-[0-9a-f]{8,70000})", "has a pattern that cannot be used"),
    ],
)
def test_a_rule_is_tried_with_both_engines(pattern, said):
    [rule] = parse(OWN.replace("(ACME-[0-9a-f]{8})", pattern), "own.toml")
    assert failure(rule)[:33] == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\nid = 3", "has no name"),
        ("[[rules", "is not TOML"),
        ("rules = [1]", "no tables"),
        ("rules = 3", "no tables"),
        ("[[rule]]", "has 'rule'"),
        (OWN.replace('["acme-"]', "[1]"), "keywords is of the wrong type"),
        (OWN.replace("['ACME-<hex:8>']", "[1]"), "examples is of the wrong type"),
        (OWN + "check = [[1]]", "check is of the wrong type"),
        (OWN + "entropy = true", "entropy is of the wrong type"),
        (OWN + "block = -1", "block is less than nothing"),
    ],
)
def test_a_broken_rule_is_said(text, said):
    with pytest.raises(UsageError, match=said):
        parse(text, "own.toml")

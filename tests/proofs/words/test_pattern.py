from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.proofs.words.language import Words
from lakewarden.proofs.words.pattern import arn_glob, exact, glob, join, literal, text_of

LETTERS = st.text("ab:/", max_size=6)
GLOBS = st.text("ab:/*?", max_size=6)


def as_regex(text: str) -> re.Pattern[str]:
    """Write a glob as a regular expression, by other means than the product's."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


@given(GLOBS, LETTERS)
@settings(max_examples=300, deadline=None)
def test_a_glob_matches_what_its_regular_expression_does(text, word):
    assert (word in Words((glob(text),))) is (as_regex(text).fullmatch(word) is not None)


@pytest.mark.parametrize(
    ("pattern", "word", "matches"),
    [
        ("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a/b", True),
        ("arn:aws:iam::1:role/*", "arn:aws:iam::2:role/a", False),
        ("arn:aws:s3:::b*", "arn:aws:s3:::b/c:d", True),
        ("arn:*:role/x", "arn:aws:iam::1:role/x", False),
        ("arn:aws:ec2:*:1:vpc/v", "arn:aws:ec2:eu-west-1:1:vpc/v", True),
        ("arn:aws:ec2:*:vpc/v", "arn:aws:ec2:eu-west-1:1:vpc/v", False),
        ("arn:aws:ec2:us-*:1:vpc/v", "arn:aws:ec2:us-east-1:2:1:vpc/v", False),
    ],
)
def test_a_star_in_a_field_of_an_arn_stays_there(pattern, word, matches):
    assert (word in Words((arn_glob(pattern),))) is matches


@pytest.mark.parametrize(("text", "word"), [("a${*}b", "a*b"), ("${?}", "?"), ("${$}x", "$x")])
def test_special_characters_can_be_meant(text, word):
    for read in (glob, exact):
        assert word in Words((read(text),))
        assert word.replace(word.strip("abx"), "q") not in Words((read(text),))


def test_case_counts_unless_it_does_not():
    assert "GET" not in Words((literal("get"),))
    assert "GeT" in Words((literal("get", case=False),))
    assert "GETobject" in Words((glob("get*", case=False),))


def test_one_text_alone_is_known():
    assert text_of(literal("abc")) == "abc"
    assert text_of(glob("a*")) is None
    assert text_of(glob("a?")) is None
    assert text_of(()) == ""


def test_patterns_are_joined():
    assert "a-b-c" in Words((join(map(literal, "abc"), literal("-")),))

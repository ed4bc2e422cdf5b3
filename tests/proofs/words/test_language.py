from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lakewarden.proofs.words import language
from lakewarden.proofs.words.language import NOTHING, TooHardError, Words, shortest
from lakewarden.proofs.words.pattern import ANY, Chars, Step, glob, literal, some_of

GLOBS = st.lists(st.text("ab*?", min_size=1, max_size=4), min_size=1, max_size=2)
SHORT = ["".join(word) for n in range(5) for word in itertools.product("abc", repeat=n)]


def words(*texts: str) -> Words:
    return Words(tuple(map(glob, texts)))


@given(st.lists(GLOBS, min_size=1, max_size=3), st.lists(GLOBS, max_size=3))
@settings(max_examples=300, deadline=None)
def test_the_shortest_word_is_what_trying_all_finds(inside, outside):
    within = [words(*texts) for texts in inside]
    without = [words(*texts) for texts in outside]
    found = shortest(frozenset(within), frozenset(without))
    tried = [
        word
        for word in SHORT
        if all(word in w for w in within) and not any(word in w for w in without)
    ]
    if found is None:
        assert not tried
    else:
        assert all(found in w for w in within)
        assert not any(found in w for w in without)
        assume(tried)
        assert len(found) <= len(tried[0])


def test_nothing_has_no_word():
    assert shortest(frozenset({NOTHING}), frozenset()) is None
    assert shortest(frozenset({words("a*")}), frozenset({words("*")})) is None


def test_listed_words_are_tried_in_order_of_length():
    listed = Words((literal("ccc"), literal("bb"), literal("a")))
    assert shortest(frozenset({listed}), frozenset({words("a*")})) == "bb"


def test_a_letter_that_nobody_names_is_found():
    named = Words(tuple(literal(char) for char in language._PLAIN))
    one = Words(((Step(ANY),),))
    found = shortest(frozenset({one}), frozenset({named}))
    assert found is not None
    assert found not in language._PLAIN


def test_a_set_of_characters_bounds_a_word():
    digits = Words((some_of(Chars(frozenset("0123456789"))),))
    assert shortest(frozenset({digits, words("??")}), frozenset()) == "00"
    assert shortest(frozenset({digits, words("*a*")}), frozenset()) is None


def test_a_search_beyond_its_budget_says_so(monkeypatch):
    monkeypatch.setattr(language, "MOST_STATES", 10)
    shortest.cache_clear()
    hard = frozenset(words(f"*{a}*{b}*") for a, b in itertools.permutations("abc", 2))
    with pytest.raises(TooHardError, match="more than 10 states"):
        shortest(hard, frozenset())
    shortest.cache_clear()

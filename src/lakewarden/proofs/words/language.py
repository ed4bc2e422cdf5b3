"""Languages: unions of patterns as automata, and the shortest word that several of them share.

An automaton's states are places in its patterns, kept as the bits of a number. Languages are taken
together by walking all automata at once, letter by letter, shortest words first; so an empty answer
is a proof that no word exists.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from lakewarden.proofs.words.pattern import Chars, Pattern, text_of

MOST_STATES: Final = 40_000
"""How many states a search may visit before it gives up."""
_PLAIN: Final = "xabcdefghijklmnopqrstuvwyz0123456789-/.:_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The order in which a letter is chosen where several would do."""
_PLACES: Final = {char: place for place, char in enumerate(_PLAIN)}
_RANKED: Final = [*_PLAIN, *map(chr, range(0x100, 0x3000))]


class TooHardError(Exception):
    """A search went beyond its budget; nothing is known."""


@dataclass(frozen=True, slots=True)
class Words:
    """All words that match one of some patterns."""

    patterns: tuple[Pattern, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(self.patterns))

    def __hash__(self) -> int:
        return self._hash

    def __contains__(self, word: str) -> bool:
        return automaton(self).accepts(word)


NOTHING: Final = Words(())


class Automaton:
    """The patterns of a language laid end to end: a bit for each place, one more after each end."""

    __slots__ = ("_hits", "_many", "_masks", "accept", "marks", "only", "start")

    def __init__(self, words: Words) -> None:
        places = 0
        start = accept = many = 0
        hits: dict[Chars, int] = {}
        for pattern in words.patterns:
            start |= 1 << places
            for step in pattern:
                bit = 1 << places
                hits[step.chars] = hits.get(step.chars, 0) | bit
                if step.many:
                    many |= bit
                places += 1
            accept |= 1 << places
            places += 1
        self._many = many
        self._hits = tuple(hits.items())
        self._masks: dict[str, int] = {}
        self.accept = accept
        self.start = self._closed(start)
        self.marks = frozenset(char for chars in hits for char in chars.among)
        self.only = _only(words)

    def _closed(self, state: int) -> int:
        while (wider := state | ((state & self._many) << 1)) != state:
            state = wider
        return state

    def mask(self, char: str) -> int:
        """Return the places that take a letter."""
        found = self._masks.get(char)
        if found is None:
            found = 0
            for chars, mask in self._hits:
                if char in chars:
                    found |= mask
            self._masks[char] = found
        return found

    def step(self, state: int, char: str) -> int:
        """Return the places that a letter leads to; 0 when there is no way on."""
        hit = state & self.mask(char)
        return self.after(hit) if hit else 0

    def after(self, hit: int) -> int:
        """Return the places behind those that took a letter."""
        return self._closed((hit & self._many) | ((hit & ~self._many) << 1))

    def forced(self, state: int) -> str | None:
        """Return the only letter that leads on from a state, if there is just one."""
        found = None
        for chars, mask in self._hits:
            if state & mask:
                if chars.negated or len(chars.among) != 1 or found is not None:
                    return None
                found = next(iter(chars.among))
        return found

    def accepts(self, word: str) -> bool:
        """Return whether a word is in the language."""
        if self.only is not None:
            return word in self.only
        state = self.start
        for char in word:
            state = self.step(state, char)
            if not state:
                return False
        return bool(state & self.accept)


def _only(words: Words) -> frozenset[str] | None:
    texts = [text_of(pattern) for pattern in words.patterns]
    return None if None in texts else frozenset(text for text in texts if text is not None)


@functools.lru_cache(maxsize=4096)
def automaton(words: Words) -> Automaton:
    """Return the automaton of a language."""
    return Automaton(words)


@functools.lru_cache(maxsize=65536)
def shortest(inside: frozenset[Words], outside: frozenset[Words]) -> str | None:
    """Return a shortest word of all languages of one set and of none of another.

    Returns:
        The word, or None, which proves that there is none.

    Raises:
        TooHardError: more than `MOST_STATES` states would have to be visited.
    """
    within = [automaton(words) for words in inside]
    without = [automaton(words) for words in outside]
    listed: list[frozenset[str]] = [m.only for m in within if m.only is not None]
    if listed:
        return _first_of(min(listed, key=len), within, without)
    return _search(within, without)


def _first_of(
    words: frozenset[str], within: Sequence[Automaton], without: Sequence[Automaton]
) -> str | None:
    for word in sorted(words, key=lambda word: (len(word), word)):
        if all(m.accepts(word) for m in within) and not any(m.accepts(word) for m in without):
            return word
    return None


def _search(within: Sequence[Automaton], without: Sequence[Automaton]) -> str | None:
    machines = [*within, *without]
    count = len(within)
    letters = [_taken(machines, char) for char in _letters(machines)]
    first = tuple(machine.start for machine in machines)
    seen: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {first: None}
    queue = deque([first])
    while queue:
        state = queue.popleft()
        if _accepted(machines, state, count):
            return _told(seen, state)
        forced = _forced(within, state)
        for char, masks in letters if forced is None else [_taken(machines, forced)]:
            new = _next(machines, state, masks, count)
            if new is not None and new not in seen:
                seen[new] = (state, char)
                queue.append(new)
        if len(seen) > MOST_STATES:
            raise TooHardError(f"more than {MOST_STATES} states of patterns")
    return None


def _taken(machines: Sequence[Automaton], char: str) -> tuple[str, tuple[int, ...]]:
    """Return a letter with the places of each machine that take it."""
    return char, tuple(machine.mask(char) for machine in machines)


def _next(
    machines: Sequence[Automaton], state: tuple[int, ...], masks: tuple[int, ...], count: int
) -> tuple[int, ...] | None:
    """Return where a letter leads; None when one of the first machines has no way on."""
    new: list[int] = []
    for machine, place, mask in zip(machines, state, masks, strict=True):
        hit = place & mask
        if not hit and len(new) < count:
            return None
        new.append(machine.after(hit) if hit else 0)
    return tuple(new)


def _accepted(machines: Sequence[Automaton], state: tuple[int, ...], count: int) -> bool:
    ends = [bool(s & machine.accept) for machine, s in zip(machines, state, strict=True)]
    return all(ends[:count]) and not any(ends[count:])


def _forced(within: Sequence[Automaton], state: tuple[int, ...]) -> str | None:
    """Return the only letter that leads on, if some machine knows but one."""
    for machine, place in zip(within, state, strict=False):
        forced = machine.forced(place)
        if forced is not None:
            return forced
    return None


def _letters(machines: Sequence[Automaton]) -> list[str]:
    """Return one letter for each way in which the machines can tell letters apart."""
    marked = frozenset().union(*(machine.marks for machine in machines))
    other = next(char for char in _RANKED if char not in marked)
    kinds: dict[tuple[int, ...], str] = {}
    for char in sorted({*marked, other}, key=_rank):
        kinds.setdefault(tuple(machine.mask(char) for machine in machines), char)
    return list(kinds.values())


def _rank(char: str) -> tuple[int, str]:
    return _PLACES.get(char, len(_PLACES)), char


def _told(
    seen: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None], state: tuple[int, ...]
) -> str:
    def back() -> Iterator[str]:
        here = state
        while (came := seen[here]) is not None:
            here, char = came
            yield char

    return "".join(back())[::-1]

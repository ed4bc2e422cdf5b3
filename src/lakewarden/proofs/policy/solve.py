"""Is there a request for which all formulas hold? A search over alternatives, pruned at once.

Demands are collected variable by variable; as soon as no value meets them, a branch is given up.
When every branch is, that is a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lakewarden.proofs.policy.demands import Ask, Demand, Demands, Value, value_for
from lakewarden.proofs.policy.formula import Formula, Lit, One, Reach, Sort
from lakewarden.proofs.words.language import TooHardError, Words
from lakewarden.proofs.words.pattern import literal

MOST_BRANCHES: Final = 200_000
"""How many alternatives a search may look at before it gives up."""

Model = Mapping[str, Value]
_ASKS: Final = {
    (Reach.VALUE, True): Ask.IN,
    (Reach.VALUE, False): Ask.OUT,
    (Reach.SOME, True): Ask.SOME_IN,
    (Reach.SOME, False): Ask.ALL_OUT,
    (Reach.SOME_NOT, True): Ask.SOME_OUT,
    (Reach.SOME_NOT, False): Ask.ALL_IN,
    (Reach.PRESENT, True): Ask.PRESENT,
    (Reach.PRESENT, False): Ask.ABSENT,
}


@dataclass(slots=True)
class Budget:
    """How many more alternatives may be looked at."""

    left: int = MOST_BRANCHES

    def spend(self) -> None:
        """Take one.

        Raises:
            TooHardError: there is none left.
        """
        self.left -= 1
        if self.left < 0:
            raise TooHardError(f"more than {MOST_BRANCHES} alternatives")


@dataclass(slots=True)
class _State:
    """What a branch has come to demand."""

    demands: dict[str, Demands] = field(default_factory=dict)
    pairs: tuple[Lit, ...] = ()

    def copy(self) -> _State:
        return _State(dict(self.demands), self.pairs)

    def add(self, lit: Lit, *, certain: bool) -> bool:
        """Take a literal in; return whether a value is still possible."""
        if lit.atom.reach is Reach.MAYBE:
            return not certain
        if lit.atom.reach is Reach.SAME:
            self.pairs += (lit,)
            return not lit.positive or (
                self._demand(lit.atom.variable, Demand(Ask.PRESENT))
                and self._demand(lit.atom.other, Demand(Ask.PRESENT))
            )
        return self._demand(lit.atom.variable, _demand_of(lit, certain=certain))

    def _demand(self, variable: str, demand: Demand) -> bool:
        before = self.demands.get(variable, frozenset())
        if demand in before:
            return True
        self.demands[variable] = now = before | {demand}
        return value_for(now) is not None


_Branch = tuple[_State, list[One]]
"""What a branch demands, and the choices that it brings."""


def _demand_of(lit: Lit, *, certain: bool) -> Demand:
    atom = lit.atom
    loose = atom.tight if atom.loose is None else atom.loose
    narrow = certain is (lit.positive is not (atom.reach is Reach.SOME_NOT))
    return Demand(_ASKS[atom.reach, lit.positive], atom.sort, atom.tight if narrow else loose)


def solve(parts: Iterable[Formula], *, certain: bool, budget: Budget | None = None) -> Model | None:
    """Return values for which all formulas hold.

    Args:
        parts: the formulas.
        certain: tests that are known within bounds count only where they certainly match. Without
            it they count where they may, so that None is a proof that nothing meets the formulas.
        budget: how much may be tried.

    Returns:
        The values of the variables that matter; None when there are none.

    Raises:
        TooHardError: the budget does not suffice, or a question cannot be decided.
    """
    state, choices = _State(), list[One]()
    for part in parts:
        if not _assume(part, state, choices, certain=certain):
            return None
    return _search(state, choices, certain, budget or Budget())


def _assume(part: Formula, state: _State, choices: list[One], *, certain: bool) -> bool:
    """Take a formula in: literals at once, alternatives for later; return whether it can hold."""
    if isinstance(part, Lit):
        return state.add(part, certain=certain)
    if isinstance(part, One):
        choices.append(part)
        return bool(part.parts)
    return all(_assume(inner, state, choices, certain=certain) for inner in part.parts)


def _search(state: _State, choices: list[One], certain: bool, budget: Budget) -> Model | None:  # noqa: FBT001  # handed down unchanged
    while choices:
        narrowed = _narrowest(state, choices, certain=certain, budget=budget)
        if narrowed is None:
            return None
        rest, branches = narrowed
        if not branches:
            break
        if len(branches) > 1:
            for new, more in branches:
                found = _search(new, [*rest, *more], certain, budget)
                if found is not None:
                    return found
            return None
        state, more = branches[0]
        choices = [*rest, *more]
    return _model(state)


def _narrowest(
    state: _State, choices: list[One], *, certain: bool, budget: Budget
) -> tuple[list[One], list[_Branch]] | None:
    """Return the other choices and the branches of the choice that leaves the fewest.

    Returns:
        None when some choice leaves no branch; no branches at all when every choice already holds.
    """
    best: list[_Branch] = []
    chosen = -1
    kept: list[One] = []
    for place, choice in enumerate(choices):
        alive = _branches(state, choice, certain=certain, budget=budget)
        if alive is None:
            continue
        if not alive:
            return None
        if chosen < 0 or len(alive) < len(best):
            best, chosen = alive, len(kept)
        kept.append(choice)
        if len(best) == 1:
            kept += choices[place + 1 :]
            break
    if chosen < 0:
        return [], []
    return kept[:chosen] + kept[chosen + 1 :], best


def _branches(state: _State, choice: One, *, certain: bool, budget: Budget) -> list[_Branch] | None:
    """Return what each part of a choice leads to that can hold; None when one holds already."""
    alive: list[_Branch] = []
    for part in choice.parts:
        budget.spend()
        new, more = state.copy(), list[One]()
        if _assume(part, new, more, certain=certain):
            if not more and new.demands == state.demands and new.pairs == state.pairs:
                return None
            alive.append((new, more))
    return alive


def _model(state: _State) -> Model | None:
    """Return values for all demands, those of equal and of different variables included."""
    demands = _merged(state)
    values: dict[str, Value] = {}
    for variable, wanted in demands.items():
        found = value_for(wanted)
        if found is None:
            return None
        values[variable] = found[0]
    for lit in state.pairs:
        if lit.positive:
            continue
        one, other = lit.atom.variable, lit.atom.other
        if values.get(one) is not None and values.get(one) == values.get(other):
            values[one] = _another(demands[one], values[one])
    _insist(state.pairs, values)
    return values


def _merged(state: _State) -> dict[str, Demands]:
    """Return the demands, where variables that must be equal share theirs."""
    demands = dict(state.demands)
    for _ in state.pairs:  # as often as a chain of equals may be long
        for lit in state.pairs:
            if lit.positive:
                one, other = lit.atom.variable, lit.atom.other
                shared = demands.get(one, frozenset()) | demands.get(other, frozenset())
                demands[one] = demands[other] = shared
    for lit in state.pairs:
        for name in (lit.atom.variable, lit.atom.other):
            demands.setdefault(name, frozenset())
    return demands


def _another(demands: Demands, taken: Value) -> Value:
    words = Words(tuple(literal(text) for text in taken or ()))
    found = value_for(demands | {Demand(Ask.OUT, Sort.WORD, words)})
    if found is None:
        raise TooHardError("two keys that must differ have one value in common alone")
    return found[0]


def _insist(pairs: Iterable[Lit], values: Mapping[str, Value]) -> None:
    for lit in pairs:
        one, other = values.get(lit.atom.variable), values.get(lit.atom.other)
        if (one is not None and one == other) is not lit.positive:
            raise TooHardError(
                f"{lit.atom.variable} and {lit.atom.other} are compared in too many ways"
            )

"""Answers of cvc5 to SMT-LIB texts. It belongs to the extra `verify`: the product needs none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

EFFORT: Final = 400_000


@dataclass(frozen=True, slots=True)
class Solved:
    """What a solver said.

    Attributes:
        verdict: `sat`, `unsat` or `unknown`.
        values: of a satisfied text, the value of each variable that was asked for.
    """

    verdict: str
    values: Mapping[str, str | bool | Fraction] = field(default_factory=dict)


def solve(script: str, wanted: Iterable[str] = (), *, effort: int = EFFORT) -> Solved:
    """Return what cvc5 says of a text.

    Args:
        script: SMT-LIB 2, with one `check-sat` at its end.
        wanted: symbols of variables whose values are asked for.
        effort: how much it may try, in steps of its own, so that the machine does not matter.

    Raises:
        ModuleNotFoundError: cvc5 is not installed.
    """
    import cvc5  # noqa: PLC0415  # an extra, and 8 MB: loaded by those who ask for it

    solver = cvc5.Solver()
    solver.setOption("produce-models", "true")
    solver.setOption("strings-exp", "true")
    solver.setOption("rlimit-per", str(effort))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "claim")
    symbols, said = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        said = command.invoke(solver, symbols).strip() or said
    if said not in {"sat", "unsat"}:
        return Solved("unknown")
    if said == "unsat":
        return Solved(said)
    known = {str(term): term for term in symbols.getDeclaredTerms()}
    plain = {symbol.strip("|"): term for symbol, term in known.items()}
    values = {
        symbol: _value(solver.getValue(plain[symbol.strip("|")]))
        for symbol in wanted
        if symbol.strip("|") in plain
    }
    return Solved(said, values)


def _value(term: Any) -> str | bool | Fraction:
    if term.isBooleanValue():
        return bool(term.getBooleanValue())
    if term.isStringValue():
        return str(term.getStringValue())
    if term.isRealValue():
        return Fraction(term.getRealValue())
    if term.isIntegerValue():
        return Fraction(term.getIntegerValue())
    return str(term)

"""Terms of SMT-LIB 2 as text: connectives, strings, and regular expressions for wildcards.

Source: SMT-LIB, "Unicode strings": printable ASCII stands for itself, a quotation mark is doubled,
every other character is written by its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

TRUE: Final = "true"
FALSE: Final = "false"
FIELDS: Final = 6
"""An ARN: arn, partition, service, region, account, resource."""
_LAST: Final = chr(0x2FFFF)
"""The last character of SMT-LIB."""
_TOKEN: Final = re.compile(r"\$\{([^}]*)\}|\*+|\?|[^*?$]+|\$")
_ESCAPED: Final = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of what a policy writes: `text`, a `star`, a `mark` for one character, a `hole`.

    Attributes:
        kind: which of the four.
        text: the text, or what a hole names.
    """

    kind: str
    text: str = ""


def tokens(value: str, *, holes: bool) -> list[Token]:
    """Take a value apart.

    Args:
        value: as a policy has it.
        holes: `${...}` stands for something else; without it, it is text like any other.
    """
    if not holes:
        value = value.replace("$", "${$}")
    found = []
    for match in _TOKEN.finditer(value):
        piece, named = match[0], match[1]
        if named in _ESCAPED:
            found.append(Token("text", named))
        elif named is not None:
            found.append(Token("hole", named.strip()))
        elif piece[0] == "*":
            found.append(Token("star"))
        else:
            found.append(Token("mark") if piece == "?" else Token("text", piece))
    return found


def call(head: str, *parts: str) -> str:
    """Return a term: a function and what it is applied to."""
    return f"({head} {' '.join(parts)})"


def both(*parts: str) -> str:
    """Return the conjunction of terms."""
    kept = list(dict.fromkeys(part for part in parts if part != TRUE))
    if FALSE in kept:
        return FALSE
    return _chain("and", kept, TRUE)


def either(*parts: str) -> str:
    """Return the disjunction of terms."""
    kept = list(dict.fromkeys(part for part in parts if part != FALSE))
    if TRUE in kept:
        return TRUE
    return _chain("or", kept, FALSE)


def no(term: str) -> str:
    """Return the negation of a term."""
    if term in {TRUE, FALSE}:
        return FALSE if term == TRUE else TRUE
    return call("not", term)


def equal(one: str, other: str) -> str:
    """Return the term that two terms are equal."""
    if one.startswith('"') and other.startswith('"'):
        return TRUE if one == other else FALSE
    return call("=", one, other)


def _chain(head: str, parts: list[str], empty: str) -> str:
    if len(parts) > 1:
        return call(head, *parts)
    return parts[0] if parts else empty


def text(value: str) -> str:
    """Return the literal of a string."""
    return '"' + "".join(map(_char, value)) + '"'


def _char(char: str) -> str:
    if char == '"':
        return '""'
    if char == "\\" or not " " <= char <= "~":
        return f"\\u{{{ord(char):x}}}"
    return char


def number(value: Fraction) -> str:
    """Return the literal of a number, as a real one."""
    size = f"(/ {abs(value.numerator)}.0 {value.denominator}.0)"
    return size if value >= 0 else call("-", size)


def name(value: str) -> str:
    """Return the symbol of a variable."""
    return "|" + value.replace("\\", "/").replace("|", "!") + "|"


def concat(*parts: str) -> str:
    """Return strings one after the other."""
    return parts[0] if len(parts) == 1 else call("str.++", *parts)


def is_like(term: str, regex: str) -> str:
    """Return the term that a string matches a regular expression."""
    return call("str.in_re", term, regex)


def _alternatives(parts: Iterable[str]) -> str:
    return _chain("re.union", list(dict.fromkeys(parts)), "re.none")


def chars(*spans: str) -> str:
    """Return the regular expression of one character out of spans, each of two characters."""
    return _alternatives(call("re.range", text(span[0]), text(span[1])) for span in spans)


ANY: Final = "re.allchar"
NO_COLON: Final = chars("\x009", ";" + _LAST)
PLAIN: Final = chars("\x00.", "09", ";" + _LAST)
"""Neither a slash nor a colon."""
LABEL: Final = chars("az", "09", "..", "--")
PATH: Final = chars("az", "AZ", "09", "__", "++", "==", ",,", "..", "@@", "--", "//")
DIGITS: Final = call("(_ re.^ 12)", chars("09"))


def in_row(*parts: str) -> str:
    """Return regular expressions one after the other."""
    kept = [part for part in parts if part != '(str.to_re "")']
    return _chain("re.++", kept, '(str.to_re "")')


def one_of(*parts: str) -> str:
    """Return the union of regular expressions."""
    return _alternatives(parts)


def exactly(value: str) -> str:
    """Return the regular expression of one string."""
    return call("str.to_re", text(value))


def any_case(value: str) -> str:
    """Return the regular expression of a string in any case."""
    return in_row(*(one_of(exactly(c.lower()), exactly(c.upper())) for c in value))


def some(chars_: str) -> str:
    """Return one or more of a character."""
    return call("re.+", chars_)


def wildcards(parts: Iterable[Token], any_char: str = ANY) -> str:
    """Return the regular expression of a value with wildcards, in which a hole is any text."""
    made = []
    for part in parts:
        if part.kind == "text":
            made.append(exactly(part.text))
        else:
            made.append(any_char if part.kind == "mark" else call("re.*", any_char))
    return in_row(*made)


def fields(value: str, *, holes: bool) -> str | None:
    """Return the regular expression of an ARN whose six fields match one by one.

    Returns:
        None when the value has fewer fields.
    """
    parts = value.split(":", 5)
    if len(parts) < FIELDS:
        return None
    head = [wildcards(tokens(part, holes=holes), NO_COLON) for part in parts[:-1]]
    rest = wildcards(tokens(parts[-1], holes=holes))
    return in_row(*(piece for part in head for piece in (part, exactly(":"))), rest)


def by_fields(arn: Sequence[str], value: str, *, holes: bool) -> str:
    """Return the term that an ARN of six terms, of which none but the last holds a colon, matches.

    Args:
        arn: the terms.
        value: a pattern of six fields.
        holes: `${*}` and the like stand for characters.
    """
    made = []
    for term, part in zip(arn, value.split(":", FIELDS - 1), strict=True):
        pieces = tokens(part, holes=holes)
        if [piece.kind for piece in pieces] == ["star"]:
            continue
        if all(piece.kind == "text" for piece in pieces):
            made.append(equal(term, text("".join(piece.text for piece in pieces))))
        else:
            made.append(is_like(term, wildcards(pieces, ANY if term is arn[-1] else NO_COLON)))
    return both(*made)


def is_plain(value: str) -> bool:
    """Return whether an ARN's first five fields have no wildcards, so that all readings agree."""
    parts = value.split(":", FIELDS - 1)
    return len(parts) == FIELDS and not set("".join(parts[:-1])) & set("*?$")

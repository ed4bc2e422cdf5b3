"""Names on allow-lists by which data can leave although the list looks narrow.

Source: a dated data file, and the drop sites of `semantics`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from lakewarden.proofs.facts.tables import table
from lakewarden.semantics.drop_sites import drop_site

# A domain of fewer labels belongs to a registry, and anybody may have a name below it.
_OWN_LABELS: Final = 2


@dataclass(frozen=True, slots=True)
class Weakness:
    """Why an allowed name lets data out.

    Args:
        domain: the name or names that do it; a leading dot is the domain and all below it.
        reason: whose they may be, as a clause.
        instead: what to allow in its place.
    """

    domain: str
    reason: str
    instead: str


@dataclass(frozen=True, slots=True)
class _Names:
    """A set of host names.

    Args:
        labels: of the domain; a star in one is any text without a dot.
        below: whether all names below the domain belong to it.
    """

    labels: tuple[str, ...]
    below: bool

    @property
    def many(self) -> bool:
        """Whether more than one name is in it."""
        return self.below or any("*" in label for label in self.labels)

    def meets(self, other: _Names) -> bool:
        """Return whether some host name is in both."""
        short, long = sorted((self, other), key=lambda names: len(names.labels))
        ends = long.labels[len(long.labels) - len(short.labels) :]
        fits = all(_label_meets(*pair) for pair in zip(short.labels, ends, strict=True))
        return fits and (short.below or len(short.labels) == len(long.labels))


@dataclass(frozen=True, slots=True)
class _Entry:
    names: _Names
    wide: bool
    weakness: Weakness

    def weakens(self, allowed: _Names) -> bool:
        return (allowed.many or not self.wide) and self.names.meets(allowed)


def weakness_of(domain: str) -> Weakness | None:
    """Return why an entry of an allow-list lets data out; None when nothing is known against it.

    None is no proof: a name that only its owner can write to looks the same as one that nobody
    listed here. Whether a single host below a shared domain, such as one bucket or one workspace,
    is your own, the caller has to know.

    Args:
        domain: as AWS Network Firewall takes it, where a leading dot is the domain and all names
            below it; `*.` at the beginning is taken for the same.
    """
    allowed = _names(domain)
    if allowed.below and len(allowed.labels) < _OWN_LABELS:
        return Weakness(domain, "anybody may have a name below it", "the hosts that you need")
    found = min(
        (entry for entry in _entries() if entry.weakens(allowed)),
        key=lambda entry: abs(len(entry.names.labels) - len(allowed.labels)),
        default=None,
    )
    return found.weakness if found else _drop_site(domain, ".".join(allowed.labels))


def _drop_site(domain: str, host: str) -> Weakness | None:
    kind = drop_site(host)
    return Weakness(domain, f"it is {kind}", "nothing: take it off the list") if kind else None


@functools.cache
def _entries() -> tuple[_Entry, ...]:
    return tuple(_read())


def _read() -> Iterator[_Entry]:
    for row in table("names")["weaknesses"]:
        for reach in ("any", "wide"):
            for domain in row.get(reach, ()):
                weakness = Weakness(domain, row["reason"], row["instead"])
                yield _Entry(_names(domain), reach == "wide", weakness)


def _names(domain: str) -> _Names:
    bare = domain.strip().lower().rstrip(".")
    below = bare.startswith((".", "*.")) or bare in {"", "*"}
    labels = bare.removeprefix("*").removeprefix(".") if below else bare
    return _Names(tuple(label for label in labels.split(".") if label), below)


def _label_meets(one: str, other: str) -> bool:
    # Two patterns may have a label in common; whether they do is not worth a proof.
    if "*" in one and "*" in other:
        return True
    pattern, label = (one, other) if "*" in one else (other, one)
    return fnmatchcase(label, pattern)

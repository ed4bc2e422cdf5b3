"""Reads `paper.toml`."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Section:
    """A control section of chapter 5.

    Attributes:
        id: `P01` to `P37`.
        title: the paper's heading.
        postures: the lists of chapter 3 that name it.
        threats: the threats of chapter 4 that it answers.
        tier: the pricing tier that the paper asks for.
    """

    id: str
    title: str
    postures: tuple[str, ...]
    threats: tuple[str, ...]
    tier: str


@dataclass(frozen=True, slots=True)
class Threat:
    """A threat of chapter 4."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole paper, by id; what it asks of people as duties, by title."""

    title: str
    sections: dict[str, Section]
    threats: dict[str, Threat]
    duties: dict[str, str]


@functools.cache
def paper() -> Paper:
    """Return the paper."""
    data = tomllib.loads(files(__package__).joinpath("paper.toml").read_text("utf-8"))
    sections = [
        Section(s["id"], s["title"], tuple(s["postures"]), tuple(s["threats"]), s["tier"])
        for s in data["sections"]
    ]
    threats = [Threat(t["id"], t["title"]) for t in data["threats"]]
    duties = {duty["id"]: duty["title"] for duty in data["duties"]}
    return Paper(data["title"], {s.id: s for s in sections}, {t.id: t for t in threats}, duties)

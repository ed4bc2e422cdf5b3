"""A detector that is made once, and what a source comes to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lakewarden.hunt.detector import Detector
from lakewarden.hunt.document import Document
from lakewarden.hunt.finding import Key
from lakewarden.hunt.hunting import hunt
from lakewarden.hunt.rule import library
from lakewarden.hunt.scanners import Hyperscan, Keywords

KEY = Key(b"k" * 32)


@pytest.fixture(scope="session")
def detectors():
    rules = library()
    engines = {"hyperscan": Hyperscan(rules), "python": Keywords(rules)}
    return {name: Detector(rules, engine) for name, engine in engines.items()}


@pytest.fixture
def look(detectors):
    """Look through documents, or pairs of name and bytes."""

    def looked(*documents, engine="hyperscan"):
        given = [d if not isinstance(d, tuple) else Document(*d) for d in documents]
        return hunt(given, detectors[engine], KEY)

    return looked


@pytest.fixture(scope="session")
def fake():
    """Secrets that open nothing; put together here, so that none lies in a file."""
    return SimpleNamespace(
        token="da" + "pi" + "4f8a1c9b37e2d6051b7c8e90a3f4d2b6",
        other="da" + "pi" + "9e1d4b7a2c6f8035d9b1e7c4a2f6083d",
        password="Har" + "bor!4711x",
    )

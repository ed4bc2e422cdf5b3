"""The corpus: policies, claims about them, and what is true, written by hand.

A file has `[policies]`, lists of statements as JSON, and `[[case]]`s. A case has a `name`, `why`,
the `answer`, the `actions`, and `layers`: a `policy` and the fields of `Layer`. Its `where`,
`never` and the `where` of its `parts` are descriptions: `conditions` as operator, key and values,
`resources` or `spared`. `question` counts the eleven questions of the first experiment.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lakewarden.proofs.policy.scene import Claim, Layer, Part, that
from lakewarden.semantics.iam_documents import Document, Statement, parse

FOLDER: Final = Path(__file__).parent.parent / "tests" / "proofs" / "corpus"


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, and what is true.

    Attributes:
        name: what the claim says.
        answer: `proved`, `refuted` or `unknown`.
        why: why that is so.
        claim: the claim.
        question: its number among the eleven questions; 0 for none of them.
    """

    name: str
    answer: str
    why: str
    claim: Claim
    question: int


def cases(folder: Path = FOLDER) -> Iterator[Case]:
    """Yield every case.

    Raises:
        KeyError: a case lacks a part, or names a policy that is not there.
    """
    for file in sorted(folder.glob("*.toml")):
        data = tomllib.loads(file.read_text("utf-8"))
        policies = {name: _document(text) for name, text in data["policies"].items()}
        for row in data["case"]:
            yield Case(
                f"{file.stem}: {row['name']}",
                row["answer"],
                row["why"],
                _claim(row, policies),
                row.get("question", 0),
            )


def _document(text: str) -> Document:
    whole = json.loads(text)
    if isinstance(whole, list):
        whole = {"Version": "2012-10-17", "Statement": whole}
    return parse(json.dumps(whole))


def _claim(row: Mapping[str, Any], policies: Mapping[str, Document]) -> Claim:
    return Claim(
        tuple(row["actions"]),
        _described(row.get("where", ())),
        _layers(row["layers"], policies),
        every=row.get("every", False),
        unlike=_layers(row.get("unlike", ()), policies),
        never=_described(row.get("never", ())),
        types=tuple(row.get("types", ())),
        parts=tuple(Part(p["type"], _described(p.get("where", ()))) for p in row.get("parts", ())),
        home=row.get("home", ""),
    )


def _layers(
    rows: Iterable[Mapping[str, Any]], policies: Mapping[str, Document]
) -> tuple[Layer, ...]:
    return tuple(
        Layer(
            row["policy"],
            (policies[row["policy"]],),
            names_callers=row.get("names_callers", False),
            trusted=frozenset(row.get("trusted", ())),
            endpoint=row.get("endpoint", ""),
            members=frozenset(row.get("members", ())),
            refuses_only=row.get("refuses_only", False),
        )
        for row in rows
    )


def _described(rows: Iterable[Mapping[str, Any]]) -> tuple[Statement, ...]:
    return tuple(
        that(
            *(
                (operator, key, tuple(values))
                for operator, key, values in row.get("conditions", ())
            ),
            resources=tuple(row.get("resources", ("*",))),
            spared=tuple(row.get("spared", ())),
        )
        for row in rows
    )

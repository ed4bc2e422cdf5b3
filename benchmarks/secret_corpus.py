"""A labelled corpus of notebooks and settings: secrets in the clear, and what only looks like them.

Everything is drawn from a seed, by what vendors say of their formats and by how people write code;
nothing is taken from the rules that are measured, and nothing opens anything.

    python -m benchmarks.secret_corpus FOLDER [SEED]
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.secret_lines import NEGATIVES, POSITIVES, Line
from benchmarks.secret_values import Maker

TUNED: Final = 7
"""The seed that rules may be tuned with."""
PUBLISHED: Final = 20261127
"""The seed that is held out: published numbers are of this one."""
COMMAND: Final = "COMMAND ----------"
_BROKEN: Final = 0.7
"""How many lines that matter end a cell."""
_ENDED: Final = 0.15
_DECOYS: Final = 0.02
"""How many stretches of plain code end a cell, and have a decoy behind them, when speed counts."""


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of a file that hold one secret.

    Attributes:
        file: its path in the corpus.
        first: the first line of the secret.
        last: the last one.
        kind: what it is.
    """

    file: str
    first: int
    last: int
    kind: str


@dataclass(slots=True)
class Corpus:
    """What was written.

    Attributes:
        labels: every secret.
        decoys: how many lines only look like one.
        files: how many files.
        size: how many bytes.
    """

    labels: list[Label] = field(default_factory=list)
    decoys: int = 0
    files: int = 0
    size: int = 0


class _File:
    """A file that is being written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self.labels: list[Label] = []

    def add(self, text: str, kind: str = "") -> None:
        first = len(self.lines) + 1
        self.lines += text.split("\n")
        if kind:
            self.labels.append(Label(self.name, first, len(self.lines), kind))


def write(folder: Path, seed: int, positives: int = 8, negatives: int = 24) -> Corpus:
    """Write a corpus.

    Args:
        folder: where, made when it is not there.
        seed: what it is drawn from.
        positives: how often each way to leave a secret lying is taken.
        negatives: how often each decoy is.
    """
    random = Random(seed)  # noqa: S311  # a corpus that follows from its seed
    lines = [(line, line.kind) for line in POSITIVES for _ in range(positives)]
    lines += [(line, "") for line in NEGATIVES for _ in range(negatives)]
    random.shuffle(lines)
    corpus = Corpus(decoys=sum(not kind for _, kind in lines))
    by_form: dict[str, list[tuple[Line, str]]] = {}
    for line, kind in lines:
        by_form.setdefault(random.choice(line.forms), []).append((line, kind))
    for form, chosen in sorted(by_form.items()):
        for number, start in enumerate(range(0, len(chosen), 12)):
            file = _FORMS[form](f"{form}/{number:03}", chosen[start : start + 12], Maker(random))
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = ("\n".join(file.lines) + "\n").encode()
            path.write_bytes(data)
            corpus.labels += file.labels
            corpus.files += 1
            corpus.size += len(data)
    return corpus


def _python(name: str, lines: list[tuple[Line, str]], make: Maker) -> _File:
    """Return a notebook in source form, with cells of other languages."""
    file = _File(f"{name}.py")
    file.add("# Databricks notebook source")
    for line, kind in lines:
        for text in make.code():
            file.add(text)
        magic = "# MAGIC " if "magic" in line.marks else ""
        if magic:
            file.add(f"# MAGIC {'%sh' if 'sh' in line.marks else '%sql'}")
        text = line.made(make)
        file.add("\n".join(f"{magic}{part}" for part in text.split("\n")), kind)
        if make.random.random() < _BROKEN:
            file.add(f"\n# {COMMAND}\n")
    return file


def _flat(end: str, comment: str, filler: Callable[[Maker], str]) -> Callable[..., _File]:
    def written(name: str, lines: list[tuple[Line, str]], make: Maker) -> _File:
        file = _File(f"{name}{end}")
        file.add(f"{comment} {make.words(3)}" if comment else filler(make))
        for line, kind in lines:
            for _ in range(make.random.randrange(1, 4)):
                file.add(filler(make))
            file.add(line.made(make), kind)
        return file

    return written


def _json(name: str, lines: list[tuple[Line, str]], make: Maker) -> _File:
    """Return the definition of a job: one property a line."""
    file = _File(f"{name}.json")
    file.add("{")
    for line, kind in lines:
        file.add(f'  "{make.identifier()}": {make.random.randrange(10**6)},')
        file.add(f"  {line.made(make)},", kind)
    file.add('  "format": "MULTI_TASK"\n}')
    return file


def _jupyter(name: str, lines: list[tuple[Line, str]], make: Maker) -> _File:
    """Return a Jupyter notebook as it is saved, each line of a cell on a line of the file."""
    file = _File(f"{name}.ipynb")
    file.add('{\n "cells": [')
    for number, (line, kind) in enumerate(lines):
        file.add('  {\n   "cell_type": "code",\n   "execution_count": 1,\n   "metadata": {},')
        file.add('   "outputs": [],\n   "source": [')
        for text in make.code():
            file.add(f"    {json.dumps(text + chr(10))},")
        texts = line.made(make).split("\n")
        ended = [json.dumps(f"{text}\n") for text in texts[:-1]] + [json.dumps(texts[-1])]
        file.add(",\n".join(f"    {text}" for text in ended), kind)
        file.add("   ]\n  }" + ("," if number < len(lines) - 1 else ""))
    picture = base64.b64encode(make.random.randbytes(1500)).decode()
    file.lines[-1] += ","
    file.add('  {\n   "cell_type": "code",\n   "execution_count": 2,\n   "metadata": {},')
    file.add(
        f'   "outputs": [{{"output_type": "display_data", "data": {{"image/png": "{picture}"}}}}],'
    )
    file.add('   "source": []\n  }')
    file.add(' ],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}')
    return file


_FORMS: Final[dict[str, Callable[[str, list[tuple[Line, str]], Maker], _File]]] = {
    "python": _python,
    "jupyter": _jupyter,
    "json": _json,
    "conf": _flat(
        ".conf", "#", lambda make: f"spark.{make.identifier()}.{make.identifier()} {make.number()}"
    ),
    "shell": _flat(
        ".sh",
        "#!/bin/bash\n#",
        lambda make: f"echo {make.words(2)} >> /tmp/{make.identifier()}.log",
    ),
    "sql": _flat(
        ".sql",
        "--",
        lambda make: f"SELECT {make.identifier()} FROM main.{make.identifier()};",  # noqa: S608  # text
    ),
    "scala": _flat(
        ".scala", "//", lambda make: f'val {make.identifier()} = spark.table("{make.identifier()}")'
    ),
    "yaml": _flat(".yml", "#", lambda make: f"{make.identifier()}: {make.number()}"),
    "properties": _flat(
        ".properties", "#", lambda make: f"{make.identifier()}.{make.identifier()}={make.number()}"
    ),
    "terraform": _flat(".tf", "#", lambda make: f"# {make.words(4)}"),
    "text": _flat(".md", "", lambda make: make.words(9)),
}


def bulk(size: int, seed: int) -> Iterator[bytes]:
    """Yield notebooks without secrets until there are so many bytes: for measuring speed."""
    make, made = Maker(Random(seed)), 0  # noqa: S311  # likewise
    while made < size:
        lines = ["# Databricks notebook source"]
        for _ in range(make.random.randrange(10, 60)):
            lines += make.code()
            if make.random.random() < _ENDED:
                lines.append(f"\n# {COMMAND}\n")
            if make.random.random() < _DECOYS:
                lines.append(make.random.choice(NEGATIVES).made(make))
        data = "\n".join(lines).encode()
        made += len(data)
        yield data


def main() -> int:
    """Write a corpus to a folder and say what is in it."""
    folder = Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else TUNED  # noqa: PLR2004  # arguments
    corpus = write(folder, seed)
    print(f"{len(corpus.labels)} secrets and {corpus.decoys} decoys in {corpus.files} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())

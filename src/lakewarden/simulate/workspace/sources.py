"""The source of a notebook that follows from its number, one to eight KB of it."""

from __future__ import annotations

import random

_LANGUAGES = ("PYTHON", "PYTHON", "SQL", "SCALA", "PYTHON", "R")
_LEAST, _MOST = 1024, 8 * 1024
_MARK = {"PYTHON": "#", "R": "#", "SQL": "--", "SCALA": "//"}
_LINES = {
    "PYTHON": "df_{n} = spark.read.table('main.sales.t{n}').where('amount > {m}')",
    "R": "df_{n} <- subset(read_table('main.sales.t{n}'), amount > {m})",
    "SQL": "SELECT week, sum(amount) FROM main.sales.t{n} WHERE amount > {m} GROUP BY week;",
    "SCALA": 'val df{n} = spark.read.table("main.sales.t{n}").where("amount > {m}")',
}


def language(number: int) -> str:
    """The language of a notebook."""
    return _LANGUAGES[number % len(_LANGUAGES)]


def size(number: int) -> int:
    """How many bytes a notebook's source has."""
    return random.Random(number).randint(_LEAST, _MOST)  # noqa: S311 - the same in every run


def source(number: int) -> bytes:
    """A notebook's source: cells of a few lines each."""
    speech, length = language(number), size(number)
    mark, line = _MARK[speech], _LINES[speech]
    lines = [f"{mark} Databricks notebook source", f"{mark} Notebook {number}"]
    written, step = sum(map(len, lines)) + len(lines), 0
    while written < length:
        step += 1
        text = line.format(n=number * 1000 + step, m=number * step % 9973)
        lines.append(text if step % 8 else f"\n{mark} COMMAND ----------\n")
        written += len(lines[-1]) + 1
    return "\n".join(lines)[:length].encode()

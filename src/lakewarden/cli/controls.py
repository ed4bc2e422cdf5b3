"""`lakewarden controls`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import Any, Final

import click

from lakewarden.cli.options import json_option
from lakewarden.controls.kit.control import Control
from lakewarden.controls.kit.mapping import FRAMEWORKS
from lakewarden.controls.kit.registry import controls
from lakewarden.estate.catalog import KINDS
from lakewarden.ledger.run import CATALOGUE_SCHEMA

_PIPED: Final = 220
"""Columns for a reader that is a program: a line for each control."""


@click.command()
@click.option(
    "--framework",
    type=click.Choice(tuple(FRAMEWORKS.values()), case_sensitive=False),
    help="List the entries of another catalogue, with the controls that share their concern.",
)
@json_option
def command(framework: str | None, style: str) -> None:
    """List the controls, with what each needs."""
    if style == "json":
        entries = [
            describe(control)
            for control in controls()
            if framework in {None, *(m.framework for m in control.maps)}
        ]
        click.echo(json.dumps({"schema": CATALOGUE_SCHEMA, "controls": entries}, indent=2))
    elif framework:
        _print(("Entry", "Control", "Relation", "Because it"), _entries(framework))
    else:
        _print(("Section", "Control", "Severity", "Postures", "Judges", "Passes when"), _rows())


def _rows() -> Iterator[tuple[str, ...]]:
    for control in controls():
        yield (
            " ".join(control.paper),
            control.id,
            control.severity.value,
            " ".join(p.value for p in control.postures),
            control.subject.name,
            control.title,
        )


def _entries(framework: str) -> Iterator[tuple[str, ...]]:
    yield from sorted(
        (mapping.id, control.id, mapping.relation.value, mapping.reason)
        for control in controls()
        for mapping in control.maps
        if mapping.framework == framework
    )


def _print(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    from rich.console import Console  # noqa: PLC0415  # tables only
    from rich.table import Table  # noqa: PLC0415  # likewise

    table = Table(box=None)
    for head in heads:
        table.add_column(head, no_wrap=head in {"Section", "Entry", "Control"})
    for row in rows:
        table.add_row(*row)
    piped = not sys.stdout.isatty()
    Console(width=_PIPED if piped else None).print(table)


def describe(control: Control[Any]) -> dict[str, Any]:
    """Return a control as published by `controls --format json`."""
    return {
        "id": control.id,
        "title": control.title,
        "paper": list(control.paper),
        "shelf": control.shelf,
        "kind": control.basis.value,
        "subject": control.subject.name,
        "severity": control.severity.value,
        "postures": [p.value for p in control.postures],
        "threats": list(control.threats),
        "tier": control.tier.value,
        "needs": [
            {
                "fact": str(need),
                "source": KINDS[need.kind].source.replace("{key}", need.key or "{key}"),
                "grant": KINDS[need.kind].grant,
            }
            for need in control.needs
        ],
        "examples": [
            {"verdict": e.verdict.value, "title": e.title} for e in control.list_examples()
        ],
        "fixable": control.fixable,
        "maps": [dataclasses.asdict(m) for m in control.maps],
    }

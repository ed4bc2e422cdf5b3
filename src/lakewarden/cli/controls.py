"""`lakewarden controls`."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from lakewarden.cli.options import json_option
from lakewarden.controls.kit.control import Control
from lakewarden.controls.kit.registry import controls
from lakewarden.estate.catalog import KINDS
from lakewarden.ledger.run import CATALOGUE_SCHEMA


@click.command()
@json_option
def command(style: str) -> None:
    """List the controls, with what each needs."""
    if style == "json":
        entries = [describe(control) for control in controls()]
        click.echo(json.dumps({"schema": CATALOGUE_SCHEMA, "controls": entries}, indent=2))
        return
    from rich.console import Console  # noqa: PLC0415  # tables only
    from rich.table import Table  # noqa: PLC0415  # likewise

    table = Table("Section", "Control", "Severity", "Postures", "Judges", "Passes when", box=None)
    for control in controls():
        table.add_row(
            " ".join(control.paper),
            control.id,
            control.severity.value,
            " ".join(p.value for p in control.postures),
            control.subject.name,
            control.title,
        )
    Console().print(table)


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

"""`lakewarden explain`."""

from __future__ import annotations

import dataclasses
import json

import click

from lakewarden.cli.controls import describe
from lakewarden.cli.options import json_option
from lakewarden.controls.kit.registry import control
from lakewarden.estate.catalog import KINDS
from lakewarden.paper.paper import paper


@click.command()
@click.argument("identity", metavar="ID")
@json_option
def command(identity: str, style: str) -> None:
    """Explain one control in full."""
    found = control(identity)
    if style == "json":
        extra = {"why": found.why, "fix": dataclasses.asdict(found.fix)}
        click.echo(json.dumps({**describe(found), **extra}, indent=2))
        return
    sections = paper().sections
    threats = paper().threats
    lines = [
        f"{found.id}: {found.title}",
        "",
        found.why,
        "",
        *(f"Section   {p} {sections[p].title}" for p in found.paper),
        f"Severity  {found.severity.value}",
        f"Postures  {', '.join(p.value for p in found.postures)}",
        f"Threats   {', '.join(threats[t].title for t in found.threats)}",
        f"Tier      {found.tier.value}",
        f"Judges    each {found.subject.name}, by {found.basis.value}",
        "",
        "Reads",
        *(
            f"  {KINDS[n.kind].source.replace('{key}', n.key)}{f' ({n.key})' if n.key else ''}"
            f"\n    needs {KINDS[n.kind].grant}"
            for n in found.needs
        ),
        "",
        "Fix",
        f"  {found.fix.summary}",
        f"  Console    {found.fix.console}",
        f"  API        {found.fix.api}",
        f"  Terraform  {found.fix.terraform}",
        f"  May break  {found.fix.breaks}",
        "",
        "Examples",
        *(f"  {e.verdict.value:<15} {e.title}" for e in found.list_examples()),
    ]
    click.echo("\n".join(lines))

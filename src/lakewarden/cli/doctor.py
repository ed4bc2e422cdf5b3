"""`lakewarden doctor`."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from lakewarden.cli.grants import Grant, aws_policy, grants
from lakewarden.cli.options import (
    Deployment,
    Selection,
    deployment_options,
    json_option,
    selection_options,
)
from lakewarden.cli.pipeline import collect
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.clock import Clock
from lakewarden.controls.kit.control import Control
from lakewarden.controls.kit.registry import chosen
from lakewarden.estate.snapshot import Header
from lakewarden.ledger.run import DOCTOR_SCHEMA, EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.store.snapshots import DiskSnapshot


@click.command()
@deployment_options
@selection_options
@json_option
def command(deployment: Deployment, selection: Selection, style: str) -> int:
    """Show what the caller may read, what is missing, and the least that would do.

    Reads everything that the controls need, and keeps nothing. Exits with 4 when something
    could not be read.
    """
    policy = policy_of(selection)
    selected = chosen(policy)
    reach = reach_of(deployment, policy)
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as scratch:
        snapshot = collect(reach, Path(scratch) / "snapshot", policy, Clock())
        found = tuple(grants(snapshot, selected))
        least = aws_policy(snapshot, selected)
        if style == "json":
            click.echo(json.dumps(_document(snapshot, found, least), indent=2))
        else:
            _doors(snapshot)
            _missing(snapshot, selected)
            _grants(found)
            click.echo(f"\nThe least on AWS:\n{json.dumps(least, indent=2)}")
        complete = not snapshot.meta.doors and all(g.state == "granted" for g in found)
    return EXIT_CLEAN if complete else EXIT_INCOMPLETE


def _document(
    snapshot: DiskSnapshot, found: tuple[Grant, ...], least: dict[str, Any]
) -> dict[str, Any]:
    return {
        "schema": DOCTOR_SCHEMA,
        "closed": {scope: str(gap) for scope, gap in sorted(snapshot.meta.doors.items())},
        "unread": [f"{h.scope} {h.kind}: {h.gap}" for h in snapshot.headers() if h.gap is not None],
        "grants": [dataclasses.asdict(grant) for grant in found],
        "aws_policy": least,
    }


def _doors(snapshot: DiskSnapshot) -> None:
    doors = snapshot.meta.doors
    for scope in sorted({header.scope for header in snapshot.headers()} - set(doors)):
        mine = [header for header in snapshot.headers() if header.scope == scope]
        whole = sum(header.gap is None for header in mine)
        click.echo(f"open    {scope}: {whole} of {len(mine)} collections read whole")
    for scope, gap in sorted(doors.items()):
        click.echo(f"closed  {scope}: {gap}")


def _missing(snapshot: DiskSnapshot, selected: tuple[Control[Any], ...]) -> None:
    for header in snapshot.headers():
        if header.gap is not None:
            affected = ", ".join(_affected(header, selected)) or "none directly"
            click.echo(
                f"missing {header.scope} {header.kind}: {header.gap}\n        controls: {affected}"
            )


def _affected(header: Header, selected: Iterable[Control[Any]]) -> list[str]:
    return [c.id for c in selected if any(need.kind == header.kind for need in c.needs)]


def _grants(found: tuple[Grant, ...]) -> None:
    for platform, title in (("databricks", "The least on Databricks"), ("aws", "Tried on AWS")):
        click.echo(f"\n{title}:")
        for grant in found:
            if grant.platform == platform:
                why = f" ({grant.why})" if grant.why else ""
                click.echo(f"  {grant.state:<8} {grant.name}{why}")
                if grant.state != "granted":
                    click.echo(f"           controls: {', '.join(grant.controls)}")

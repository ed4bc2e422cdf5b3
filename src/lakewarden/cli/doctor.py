"""`lakewarden doctor`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from lakewarden.cli.options import Deployment, Selection, deployment_options, selection_options
from lakewarden.cli.pipeline import collect
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.clock import Clock
from lakewarden.controls.kit.control import Control
from lakewarden.controls.kit.registry import chosen, needs_of
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.kind import Scope
from lakewarden.estate.snapshot import Header
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.store.snapshots import DiskSnapshot


@click.command()
@deployment_options
@selection_options
def command(deployment: Deployment, selection: Selection) -> int:
    """Show what the caller may read, what is missing, and the least that would do.

    Reads everything that the controls need, and keeps nothing. Exits with 4 when something
    could not be read.
    """
    policy = policy_of(selection)
    selected = chosen(policy)
    reach = reach_of(deployment, policy)
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as scratch:
        snapshot = collect(reach, Path(scratch) / "snapshot", policy, Clock())
        complete = _report(snapshot, selected)
    _least_privilege(selected)
    return EXIT_CLEAN if complete else EXIT_INCOMPLETE


def _report(snapshot: DiskSnapshot, selected: tuple[Control[Any], ...]) -> bool:
    doors = snapshot.meta.doors
    read = {header.scope for header in snapshot.headers()} - set(doors)
    for scope in sorted(read):
        mine = [header for header in snapshot.headers() if header.scope == scope]
        whole = sum(header.gap is None for header in mine)
        click.echo(f"open    {scope}: {whole} of {len(mine)} collections read whole")
    for scope, gap in sorted(doors.items()):
        click.echo(f"closed  {scope}: {gap}")
    holes = [header for header in snapshot.headers() if header.gap is not None]
    for header in holes:
        affected = ", ".join(_affected(header, selected)) or "none directly"
        click.echo(
            f"missing {header.scope} {header.kind}: {header.gap}\n        controls: {affected}"
        )
    return not holes and not doors


def _affected(header: Header, selected: Iterable[Control[Any]]) -> list[str]:
    return [c.id for c in selected if any(need.kind == header.kind for need in c.needs)]


def _least_privilege(selected: tuple[Control[Any], ...]) -> None:
    needed = [KINDS[name] for name in sorted({need.kind for need in needs_of(selected)})]
    actions = sorted({kind.grant for kind in needed if kind.scope is Scope.AWS})
    grants = sorted({kind.grant for kind in needed if kind.scope is not Scope.AWS})
    click.echo("\nThe least on Databricks:")
    for grant in grants:
        click.echo(f"  {grant}")
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    click.echo("\nThe least on AWS:")
    click.echo(json.dumps(policy, indent=2))

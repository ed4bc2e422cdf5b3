"""`lakewarden collect`."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from lakewarden.cli.grants import unread
from lakewarden.cli.options import Deployment, Selection, deployment_options, selection_options
from lakewarden.cli.pipeline import collect
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.clock import Clock
from lakewarden.controls.kit.registry import needs_at
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.kind import Status
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.policyfile.limits import Posture


@click.command()
@deployment_options
@selection_options
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the snapshot; new, empty, or an older snapshot to replace.",
)
def command(
    deployment: Deployment,
    selection: Selection,
    folder: Path,
) -> int:
    """Read a deployment into a snapshot, to be judged and planned for later or elsewhere.

    Without --posture it reads what the posture high needs, which suffices for both.

    Exits with 0 when everything asked for was read, and with 4 when something was not.
    """
    wanted = selection if selection.posture else replace(selection, posture=Posture.HIGH.value)
    policy = policy_of(wanted)
    reach = reach_of(deployment, policy)
    snapshot = collect(reach, folder, policy, Clock(), partial(needs_at, policy, planning=True))
    headers = snapshot.headers()
    holes = [
        (header, gap)
        for header in headers
        for gap in itertools.islice(unread(snapshot, KINDS[header.kind], header.scope), 1)
    ]
    records = sum(header.count or 0 for header in headers)
    click.echo(f"{len(headers)} collections, {records} records in {folder}")
    for header, gap in holes:
        status = Status.PARTIAL if header.gap is None else header.status
        click.echo(f"{status}: {header.scope} {header.kind}: {gap}")
    for scope, gap in sorted(snapshot.meta.doors.items()):
        click.echo(f"not read: {scope}: {gap}")
    return EXIT_INCOMPLETE if holes or snapshot.meta.doors else EXIT_CLEAN

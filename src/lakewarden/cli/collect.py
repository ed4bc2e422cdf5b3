"""`lakewarden collect`."""

from __future__ import annotations

from pathlib import Path

import click

from lakewarden.cli.options import Deployment, deployment_options, policy_option
from lakewarden.cli.pipeline import collect
from lakewarden.cli.settings import load_policy, reach_of
from lakewarden.clock import Clock
from lakewarden.controls.kit.registry import chosen
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.policyfile.policy import Posture


@click.command()
@deployment_options
@policy_option
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the snapshot; new, empty, or an older snapshot to replace.",
)
@click.option(
    "--posture",
    type=click.Choice([p.value for p in Posture]),
    default=Posture.HIGH.value,
    show_default=True,
    help="Read what the controls of this posture need.",
)
@click.option(
    "--control", "only", multiple=True, metavar="ID", help="Read for this control only. Repeatable."
)
def command(
    deployment: Deployment,
    policy_file: Path | None,
    folder: Path,
    posture: str,
    only: tuple[str, ...],
) -> int:
    """Read a deployment into a snapshot, to be judged later or elsewhere.

    Exits with 0 when everything asked for was read, and with 4 when something was not.
    """
    policy = load_policy(policy_file)
    reach = reach_of(deployment, policy)
    snapshot = collect(reach, chosen(Posture(posture), only), folder, policy, Clock())
    headers = snapshot.headers()
    holes = [header for header in headers if header.gap is not None]
    records = sum(header.count or 0 for header in headers)
    click.echo(f"{len(headers)} collections, {records} records in {folder}")
    for header in holes:
        click.echo(f"{header.status}: {header.scope} {header.kind}: {header.gap}")
    for scope, gap in sorted(snapshot.meta.doors.items()):
        click.echo(f"not read: {scope}: {gap}")
    return EXIT_INCOMPLETE if holes or snapshot.meta.doors else EXIT_CLEAN

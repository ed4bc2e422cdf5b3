"""`lakewarden tokens`."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import click

from lakewarden.cli.options import Deployment, Selection, deployment_options, json_option
from lakewarden.cli.pipeline import insist_known, snapshot_of
from lakewarden.cli.settings import named_policy, policy_of, reach_of
from lakewarden.clock import Clock
from lakewarden.controls.kit.subjects import place_of
from lakewarden.estate.access import TOKENS
from lakewarden.estate.account import Workspace
from lakewarden.estate.catalog import closure
from lakewarden.estate.estate import Estate
from lakewarden.estate.kind import Need
from lakewarden.estate.machines import PRINCIPAL_SECRETS
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS, ACCOUNT_USERS
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.policyfile.policy import Policy


@click.command()
@deployment_options
@click.option(
    "--workspace",
    "workspaces",
    multiple=True,
    metavar="ID",
    help="Tokens of this workspace only, by id or name. Repeatable.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    help="List what this snapshot has instead of the live deployment.",
)
@json_option
def command(
    deployment: Deployment, workspaces: tuple[str, ...], snapshot: Path | None, style: str
) -> int:
    """List every personal access token and every OAuth secret of service principals.

    Shows no secret and no hash of one, and changes nothing.

    Exits with 0 when everything was read, and with 4 when something was not.
    """
    from lakewarden.report.inventory import Inventory  # noqa: PLC0415  # rich is slow to load
    from lakewarden.report.inventory_format import write_json, write_table  # noqa: PLC0415  # too

    policy = policy_of(Selection(policy_file=named_policy(), workspaces=workspaces))
    reach = None if snapshot else reach_of(deployment, policy)
    needs = functools.partial(_needs, policy)
    with snapshot_of(snapshot, reach, policy, Clock(), needs) as found:
        insist_known(found, policy.include.workspaces)
        estate = Estate(found, policy.include.workspaces, policy.exclude.workspaces)
        inventory = Inventory(estate)
        (write_json if style == "json" else write_table)(inventory, sys.stdout)
    return EXIT_INCOMPLETE if inventory.unread else EXIT_CLEAN


def _needs(policy: Policy, workspace: Workspace | None) -> set[Need]:
    """Return what the inventory is made of, at account level or in one workspace."""
    if workspace is None:
        kinds = (ACCOUNT_USERS, ACCOUNT_SERVICE_PRINCIPALS, PRINCIPAL_SECRETS)
        return closure({kind.need() for kind in kinds} | {TOKENS.need()})
    place = place_of(workspace)
    return set() if policy.leaves_out(place.id, place.name) else closure({TOKENS.need()})

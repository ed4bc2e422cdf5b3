"""`lakewarden demo`."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import click

from lakewarden.cli.options import Deployment
from lakewarden.cli.pipeline import assessed, collect, write
from lakewarden.cli.plan import planned
from lakewarden.cli.settings import load_policy, named_policy, reach_of
from lakewarden.cli.simulation import environment, pointed_at, start
from lakewarden.clock import Clock, now_ms
from lakewarden.controls.kit.registry import chosen, needs_at
from lakewarden.estate.estate import Estate
from lakewarden.events.columns import Source
from lakewarden.plan.describe import summary
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy
from lakewarden.policyfile.watching import values_of
from lakewarden.store.audit_files import lines
from lakewarden.store.plans import write_plan
from lakewarden.store.snapshots import DiskSnapshot

_SHOWN: Final = 8
"""How many alerts are shown."""


@click.command()
@click.option("--world", default="typical", show_default=True, help="The world to assess.")
@click.option(
    "--posture",
    type=click.Choice([p.value for p in Posture]),
    default=Posture.HIGH.value,
    show_default=True,
    help="The paper's list to judge by.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("lakewarden-report"),
    show_default=True,
    help="Folder for the reports.",
)
def command(world: str, posture: str, folder: Path) -> None:
    """Assess a simulated deployment on this machine; plan for it, watch it, and make it again.

    Needs no credentials and no network. Writes report.html, report.json and plan.json.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lakewarden-demo-") as scratch:
        events = Path(scratch) / "audit"
        with start(world, events, standby=True) as running:
            urls = running.workspace_urls
            click.echo(
                f"Started the world {world!r}: an account at {running.account_host}, "
                f"{len(urls)} workspace{'s' if len(urls) != 1 else ''}, "
                f"and an AWS account at {running.aws_url}."
            )
            variables = environment(running, world, events)
            with pointed_at({**variables, "XDG_STATE_HOME": str(Path(scratch) / "state")}):
                standby = variables["LAKEWARDEN_STANDBY_WORKSPACE"]
                policy = _policy(Posture(posture), standby)
                _assess(policy, Path(scratch) / "snapshot", folder)
                _plan(policy, Path(scratch) / "snapshot", folder, events)
                _watch(events, Path(scratch))
                _recover(str(Path(scratch) / "vault"), standby)
    click.echo(f"\nThat took {time.monotonic() - began:.0f} s. Look at {folder / 'report.html'},")
    click.echo(f"or serve the world yourself: lakewarden simulate --world {world}")


def _policy(posture: Posture, standby: str) -> Policy:
    """Return the policy of the world, without the workspace that something is recovered into."""
    policy = load_policy(named_policy()).everywhere(posture)
    left_out = replace(policy.exclude, workspaces=policy.exclude.workspaces | {standby})
    return replace(policy, exclude=left_out)


def _assess(policy: Policy, scratch: Path, folder: Path) -> None:
    clock = Clock()
    reach = reach_of(Deployment.from_environment(), policy)
    snapshot = collect(reach, scratch, policy, clock, partial(needs_at, policy, planning=True))
    records = sum(header.count or 0 for header in snapshot.headers())
    click.echo(
        f"Read {records} records in {len(snapshot.headers())} collections with databricks-sdk and "
        f"boto3; judging them by {len(chosen(policy))} controls, posture {policy.posture}.\n"
    )
    with assessed(snapshot, policy, clock) as report:
        write(report, "table", None, sys.stdout)
        write(report, "html", folder / "report.html", sys.stdout)
        write(report, "json", folder / "report.json", sys.stdout)


def _plan(policy: Policy, snapshot: Path, folder: Path, events: Path) -> None:
    """Plan what mends the failures, and say whom it would have refused."""
    from lakewarden.impact.measure import measure  # noqa: PLC0415  # loads after the report is out

    found = DiskSnapshot.open(snapshot)
    plan = planned(found, policy, policy.posture.value)
    write_plan(folder / "plan.json", plan)
    click.echo(f"\n{summary(plan)} The plan is {folder / 'plan.json'}.")
    impact = measure(plan, Estate(found), lines(events))
    click.echo(
        f"Of {impact.read.lines} recorded events it would have refused {impact.tally.refused} "
        "(`lakewarden impact` shows whose)."
    )


def _watch(events: Path, scratch: Path) -> None:
    """Read the logs that the world wrote, and say what the rules find in them."""
    from lakewarden.store.alerts import Alerts  # noqa: PLC0415  # loads after the report is out
    from lakewarden.store.lake.lake import Lake  # noqa: PLC0415  # likewise
    from lakewarden.store.lake.watched import LakeEvents  # noqa: PLC0415  # likewise
    from lakewarden.store.raw.folder import Folder  # noqa: PLC0415  # likewise
    from lakewarden.watch.detect import Watch, detect  # noqa: PLC0415  # likewise
    from lakewarden.watch.ingest import ingest  # noqa: PLC0415  # likewise
    from lakewarden.watch.library import rules  # noqa: PLC0415  # likewise
    from lakewarden.watch.site import Site  # noqa: PLC0415  # likewise

    values = values_of(load_policy(named_policy()))
    lake = Lake.create(str(scratch / "lake"))
    read = ingest(lake, Folder(events), Source.DATABRICKS)
    alerts = Alerts.open(f"sqlite:///{scratch / 'alerts.db'}")
    site = Site(values, str(values["timezone"]))
    watch = Watch(list(rules().values()), site, now_ms())
    found = detect(LakeEvents(lake, {}), alerts, watch).noted.new
    alerts.close()
    click.echo(f"\nOf {read.new} events of the audit log, {len(found)} alerts came:")
    for alert in sorted(found, key=lambda each: -each.severity.rank)[:_SHOWN]:
        click.echo(f"  {alert.severity.value:8} {alert.title}: {alert.entity}")
    if len(found) > _SHOWN:
        click.echo(f"  and {len(found) - _SHOWN} more")


def _recover(vault: str, standby: str) -> None:
    """Keep what the workspace is made of, and make it again in an empty one."""
    from lakewarden.cli import backup, drill, hunt, verify  # noqa: PLC0415  # loads after the report

    steps = (
        (backup.command, ["--to", vault]),
        (verify.command, [vault]),
        (hunt.command, [vault]),
        (drill.command, [vault, "--into", standby, "--yes", "--caller-address", "127.0.0.1"]),
    )
    for command, arguments in steps:
        click.echo(f"\n$ lakewarden {command.callback.__module__.rpartition('.')[2]} …")
        command.main(arguments, prog_name="lakewarden", standalone_mode=False)

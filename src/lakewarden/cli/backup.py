"""`lakewarden backup`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

from lakewarden.backup.begin import Wishes, begun
from lakewarden.backup.calls import Calls
from lakewarden.backup.run import Outcome
from lakewarden.backup.selection import Selection
from lakewarden.backup.shared import Sealed
from lakewarden.backup.signals import Signals, signals
from lakewarden.backup.tally import Progress
from lakewarden.cli.options import Deployment, deployment_options, json_option, together
from lakewarden.cli.options import Selection as Judged
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.cli.vaults import vault_of
from lakewarden.cli.watch.lakes import open_lake
from lakewarden.cli.workspaces import open_workspace
from lakewarden.clients.throttle import Throttle
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED, EXIT_INCOMPLETE
from lakewarden.report.view import visible
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.queue import Queue
from lakewarden.store.vault.secrets import ValueKey, encrypt, insist_recipients
from lakewarden.store.vault.signing import Signer
from lakewarden.store.vault.work import Work, taken_out

F = TypeVar("F", bound=Callable[..., Any])

_WIDEST: Final = 32
"""How many requests may be under way at once."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says of a backup."""

    target: str
    workspace: str | None
    kinds: tuple[str, ...]
    without: tuple[str, ...]
    paths: tuple[str, ...]
    full: bool
    fresh: bool
    sweep_days: float
    lake: str | None
    share: float
    most_errors: int | None
    accept: bool
    values: bool
    recipients: tuple[str, ...]
    lock_days: int | None
    lock_mode: str


def _percent(_: click.Context, __: click.Parameter, text: str) -> float:
    number = text.removesuffix("%")
    if number.isdecimal() and 0 < int(number) <= 100:  # noqa: PLR2004  # per cent
        return int(number) / 100
    raise click.BadParameter(f"{text!r} is no share, as in 50%")


def _names(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for text in given for name in text.split(",") if name)


_OPTIONS: Final = (
    click.option(
        "--to",
        "target",
        required=True,
        metavar="TARGET",
        help="A folder, git+PATH or a folder that is a git repository, or s3://bucket/prefix.",
    ),
    click.option(
        "--workspace",
        metavar="ID",
        help="The workspace, by id or name; that of DATABRICKS_HOST unless given.",
    ),
    click.option(
        "--kinds",
        multiple=True,
        callback=_names,
        metavar="KIND,…",
        help="These kinds of assets only, with those that they refer to.",
    ),
    click.option(
        "--exclude",
        "without",
        multiple=True,
        callback=_names,
        metavar="KIND|GLOB",
        help="Leave out this kind, or these paths of the tree, as in '/Shared/old/*'. Repeatable.",
    ),
    click.option(
        "--paths",
        multiple=True,
        metavar="GLOB",
        help="These paths of the tree only, as in '/Shared/*'. Repeatable.",
    ),
    click.option("--full", is_flag=True, help="Read everything again, also what did not change."),
    click.option("--fresh", is_flag=True, help="Do not take up a backup that was cut off."),
    click.option(
        "--sweep-days",
        type=click.FloatRange(min=0),
        default=7.0,
        show_default=True,
        help="Read each permission again within this time; 0 for each run.",
    ),
    click.option(
        "--acls-from-audit",
        "lake",
        metavar="LAKE",
        help="The event tables of `watch ingest`: permissions that they say were changed are read "
        "again at once.",
    ),
    click.option(
        "--share",
        default="100%",
        show_default=True,
        callback=_percent,
        metavar="PERCENT",
        help="How much of each rate limit may be used; the rest is left to others.",
    ),
    click.option(
        "--max-errors",
        "most_errors",
        type=click.IntRange(min=0),
        help="Stop after more errors than this; 100, or 5 % of the objects if that is more, "
        "unless given.",
    ),
    click.option(
        "--accept-changes", "accept", is_flag=True, help="Seal it however much has changed."
    ),
    click.option(
        "--secret-values", "values", is_flag=True, help="Read values of secrets, encrypted."
    ),
    click.option(
        "--recipient",
        "recipients",
        multiple=True,
        metavar="age1…",
        help="Whom values of secrets are encrypted to. Repeatable.",
    ),
    click.option(
        "--lock-days",
        type=click.IntRange(min=1),
        help="For how long a bucket is to refuse deleting what is written (Object Lock).",
    ),
    click.option(
        "--lock-mode",
        type=click.Choice(["GOVERNANCE", "COMPLIANCE"]),
        default="GOVERNANCE",
        show_default=True,
        help="Whether somebody with a special right may delete it even so, or nobody.",
    ),
)


def _backup_options(command: F) -> F:
    return together(command, "options", Options, _OPTIONS)


@click.command()
@_backup_options
@deployment_options
@json_option
def command(options: Options, deployment: Deployment, style: str) -> int:
    """Read a workspace into a vault: everything that can be made again elsewhere.

    What did not change since the run before is not read again. A run that was cut off, however it
    was, is taken up where it stopped.

    Exits with 0 when all is there, with 4 when something could not be read, and with 3 when so much
    has changed that somebody should look before it is sealed.
    """
    wishes = _wishes(options, deployment)
    reach = reach_of(deployment, policy_of(Judged()))
    host, workspace = open_workspace(reach, options.workspace, Throttle(options.share, _WIDEST))
    with Work.open(host.host, options.target) as work:
        vault = vault_of(
            options.target,
            spool=work.folder,
            create=True,
            aws_profile=deployment.aws_profile,
            lock_days=options.lock_days,
            lock_mode=options.lock_mode,
        )
        runs = vault.runs()
        for taken in taken_out(vault.url, runs):
            click.echo(f"{taken} is missing, and was the newest that this machine made", err=True)
        sealed = {run.id for run in runs}
        with vault, _queue(work, vault.flush, sealed, options) as queue:
            _tell_resumed(queue)
            backup = begun(Calls(host), workspace, vault, queue, wishes)
            outcome = backup.run(Signer.of_this_machine(), _watch(), accept=options.accept)
        if outcome.run is not None:
            work.sealed(outcome.run, options.target)
    return _told(outcome, style)


def _wishes(options: Options, deployment: Deployment) -> Wishes:
    if options.recipients and not options.values:
        raise click.UsageError("--recipient is for --secret-values")
    selection = Selection(options.kinds, options.without, options.paths, options.values)
    selection.chosen()  # what names no kind or path is refused before anything is made
    return Wishes(
        selection,
        full=options.full,
        sweep_days=options.sweep_days,
        most_errors=options.most_errors,
        recipients=options.recipients,
        seal=_seal(options.recipients) if options.values else None,
        signal=_signal(options.lake, deployment.aws_profile) if options.lake else None,
    )


def _signal(url: str, aws_profile: str | None) -> Callable[[str, float], Signals]:
    lake = open_lake(url, aws_profile)

    def signal(workspace: str, since: float) -> Signals:
        from lakewarden.store.lake.watched import LakeEvents  # noqa: PLC0415  # slow to load

        with LakeEvents(lake, {}).opened(None) as engine:
            return signals(engine.rows, workspace, since)

    return signal


def _seal(recipients: tuple[str, ...]) -> Sealed:
    insist_recipients(recipients)
    key = ValueKey.of_this_machine()
    return lambda kind, name, value: (key.digest(kind, name, value), encrypt(value, recipients))


def _queue(work: Work, flush: Callable[[], None], sealed: set[str], options: Options) -> Queue:
    """Return the queue of the run that was cut off; a new one where that is sealed already."""
    queue = Queue(work, flush, fresh=options.fresh)
    if queue.run_id not in sealed:
        return queue
    queue.close()
    return Queue(work, flush, fresh=True)


def _tell_resumed(queue: Queue) -> None:
    if queue.resumed:
        click.echo(f"taking up the run {queue.run_id}, begun {queue.started}", err=True)


def _watch() -> Callable[[Progress], None]:
    """Return what shows on a terminal how far it is; in a pipe it shows nothing."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda far: click.echo(f"\r{_line(far)}\033[K", nl=False, err=True)


def _line(far: Progress) -> str:
    minutes, seconds = divmod(round(far.left), 60)
    failed = f", {far.failed} failed" if far.failed else ""
    return (
        f"{far.done} of {far.found} read{failed}, {far.per_second:.0f} requests a second, "
        f"{minutes}:{seconds:02} left"
    )


def _told(outcome: Outcome, style: str) -> int:
    """Print what it came to, and return the exit code."""
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
    if outcome.run is None:
        click.echo(json.dumps(_held_json(outcome)) if style == "json" else _held(outcome))
        return EXIT_FAILED
    run = outcome.run
    click.echo(
        json.dumps(_json(run), ensure_ascii=False, indent=2) if style == "json" else _text(run)
    )
    return EXIT_CLEAN if run.complete else EXIT_INCOMPLETE


def _json(run: Run) -> dict[str, Any]:
    return {
        "schema": "lakewarden.backup-result/1",
        "run": run.id,
        "root": run.root,
        "objects": run.objects,
        "bytes": run.size,
        "incomplete": [*_collections(run), *map(dict, run.incomplete)],
        "errors": [dict(error) for error in run.errors],
        "workspace": run.workspace,
        "started": run.started,
        "ended": run.ended,
        "calls": run.notes["calls"],
        "permissions": run.notes["permissions"],
        "left_out": run.notes["left_out"],
    }


def _collections(run: Run) -> list[dict[str, str]]:
    """Return the kinds of which not all could be listed or read, as what is incomplete."""
    return [
        {"kind": kind, "key": "", "what": f"{c.status}: {'; '.join(c.errors)}"}
        for kind, c in run.collections.items()
        if not c.seen
    ]


def _text(run: Run) -> str:
    lines = [f"{run.id}: {run.objects} objects, {run.size} bytes, root {run.root}"]
    for what, told in (
        ("incomplete", [*_collections(run), *run.incomplete]),
        ("error", run.errors),
    ):
        lines += [f"{what}: {one['kind']} {one['key']}: {one['what']}" for one in told]
    return "\n".join(map(visible, lines))


def _held(outcome: Outcome) -> str:
    lines = ["so much has changed that the run is not sealed:"]
    for kind in outcome.held:
        count = outcome.changes[kind]
        lines.append(f"{kind}: {count.changed} changed and {count.gone} gone of {count.before}")
    lines.append(
        "if that is right, run the same command with --accept-changes; nothing is read again"
    )
    return "\n".join(lines)


def _held_json(outcome: Outcome) -> dict[str, Any]:
    changed = {kind: outcome.changes[kind] for kind in outcome.held}
    return {
        "schema": "lakewarden.backup-result/1",
        "run": None,
        "root": "",
        "objects": 0,
        "bytes": 0,
        "incomplete": [],
        "errors": [],
        "held": {
            kind: {"before": c.before, "changed": c.changed, "gone": c.gone}
            for kind, c in changed.items()
        },
    }

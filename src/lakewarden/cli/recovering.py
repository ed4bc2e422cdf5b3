"""What the commands that give a backup back share: their options, their doors, and their run."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from lakewarden.apply.contents import Contents
from lakewarden.apply.doors import Doors
from lakewarden.apply.run import Stepped
from lakewarden.apply.side_by_side import Outcome, Watch, carry_out_side_by_side
from lakewarden.cli.options import together
from lakewarden.cli.run_options import Run
from lakewarden.cli.workspaces import open_workspace
from lakewarden.collect.caller import read_caller
from lakewarden.collect.doors import Reach
from lakewarden.errors import LakewardenError, PolicyFileError, UsageError, VaultError
from lakewarden.plan.change import Change
from lakewarden.plan.plan import Plan
from lakewarden.policyfile.policy import Policy
from lakewarden.restore.maps import Maps
from lakewarden.restore.target import TargetWorkspace
from lakewarden.store.home import expanded, state_folder
from lakewarden.store.journal import RunJournal, RunState
from lakewarden.store.kept import Kept
from lakewarden.store.vault.manifest import Run as BackupRun
from lakewarden.store.vault.signing import PublicKey, signature_problem
from lakewarden.store.vault.vault import Vault

F = TypeVar("F", bound=Callable[..., Any])
MOST_ERRORS: Final = 100
_ERRORS: Final = 5
"""How often a read is tried again that the workspace failed at."""
S3: Final = "s3://"
GIT: Final = "git+"


@dataclass(frozen=True, slots=True)
class Pace:
    """How a backup is given back, as the command line says it.

    Attributes:
        workspace: the id or name of the workspace that it goes to.
        map_file: a file of maps, beside those of the policy file.
        identity: a file with the age identity that opens values of secrets.
        share: how much of each rate limit may be used.
        most_errors: how many changes may fail before the run stops.
        any_signer: whether a backup counts that another machine signed.
    """

    workspace: str | None
    map_file: Path | None
    identity: Path | None
    share: float
    most_errors: int
    any_signer: bool


AS_GIVEN: Final = Pace(None, None, None, 1.0, MOST_ERRORS, any_signer=False)
"""What counts where nothing is said."""


def percent(_: click.Context, __: click.Parameter, text: str) -> float:
    """Return the share that a percentage names.

    Raises:
        click.BadParameter: it is none.
    """
    number = text.removesuffix("%")
    if number.isdecimal() and 0 < int(number) <= 10_000:  # noqa: PLR2004  # a hundred times a limit
        return int(number) / 100
    raise click.BadParameter(f"{text!r} is no share, as in 50%")


def absolute(target: str) -> str:
    """Return where a vault is, whatever folder is the current one."""
    if S3 in target:
        return target
    front = GIT if target.startswith(GIT) else ""
    return f"{front}{expanded(target.removeprefix(GIT)).absolute()}"


def names(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return names that may stand in one text with commas."""
    return tuple(name for text in given for name in text.split(",") if name)


_WORKSPACE: Final = click.option(
    "--to-workspace",
    "workspace",
    metavar="ID",
    help="The workspace that it goes to, by id or name; that of the backup unless given.",
)
_PACE: Final = (
    click.option(
        "--map",
        "map_file",
        type=click.Path(path_type=Path),
        help="TOML file of what is called otherwise there, over [recover] of the policy file.",
    ),
    click.option(
        "--identity",
        type=click.Path(path_type=Path),
        help="File with the age identity that values of secrets are encrypted to.",
    ),
    click.option(
        "--share",
        default="100%",
        show_default=True,
        callback=percent,
        metavar="PERCENT",
        help="How much of each rate limit may be used; the rest is left to others.",
    ),
    click.option(
        "--max-errors",
        "most_errors",
        type=click.IntRange(min=0),
        default=MOST_ERRORS,
        show_default=True,
        help="Stop after more failed changes than this.",
    ),
    click.option(
        "--any-signer", is_flag=True, help="Take a backup that another machine signed, or nobody."
    ),
)


def pace_options(command: F, workspace: Callable[[F], F] = _WORKSPACE) -> F:
    """Add the options of giving a backup back, as one `pace` argument.

    Args:
        command: the command.
        workspace: the option that names the workspace.
    """
    return together(command, "pace", Pace, (workspace, *_PACE))


def maps_of(pace: Pace, policy: Policy) -> Maps:
    """Return what is called otherwise where a backup goes.

    Raises:
        PolicyFileError: a map is none.
    """
    maps = Maps.of_table(policy.recover, str(policy.source or "lakewarden.toml"))
    if pace.map_file is None:
        return maps
    try:
        table = tomllib.loads(pace.map_file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyFileError(
            f"cannot be read ({error})", where=str(pace.map_file), next_step="Correct it"
        ) from None
    return Maps.of_table(table, str(pace.map_file)).over(maps)


def insist_signed(run: BackupRun, vault: Vault, pace: Pace) -> None:
    """Refuse a backup that somebody else signed, or nobody.

    A machine that never signed cannot know who should have; it says who did.

    Raises:
        VaultError: it is one.
    """
    key = PublicKey.of_this_machine()
    problem = "" if pace.any_signer else signature_problem(run, key)
    if key is None and not problem and not pace.any_signer:
        said = f"{run.id}: signed by {run.public_key}, which nothing here vouches for"
        click.echo(said, err=True)
    if problem:
        raise VaultError(
            f"the run {run.id}: {problem}",
            where=vault.url,
            next_step="If you trust it all the same, give --any-signer",
        )


def target_of(reach: Reach, pace: Pace, run: BackupRun, vault: Vault | None) -> TargetWorkspace:
    """Open the workspace that a backup goes to.

    Raises:
        UsageError: there is none like that.
        ConnectionFailedError: it cannot be opened.
    """
    if pace.workspace is None:
        host, workspace = run.host, run.workspace
    else:
        opened, workspace = open_workspace(reach, pace.workspace)
        host = opened.host
    doors = Doors(patient(reach), {workspace: host}, contents_of(pace, vault), pace.share)
    return TargetWorkspace(doors, f"workspace/{workspace}")


def patient(reach: Reach) -> Reach:
    """Return a way to a workspace on which no single error ends a change and what stands on it."""
    return replace(reach, patience=replace(reach.patience, errors=_ERRORS))


def whereabouts(reach: Reach, workspace: TargetWorkspace, said: tuple[str, ...]) -> tuple[str, ...]:
    """Return where the caller's calls come from: as they say, else as delivered audit logs do.

    Raises:
        UsageError: there is no such folder of audit logs.
    """
    if said or reach.events is None:
        return said
    urls = {workspace.scope.partition("/")[2]: workspace.catalogue.host.host}
    return read_caller(replace(reach, use_aws=False), urls).addresses


def contents_of(pace: Pace, vault: Vault | None) -> Contents:
    """Return the bytes of a backup, and those kept on this machine.

    Raises:
        UsageError: the identity cannot be read.
    """
    identity = ""
    if pace.identity is not None:
        try:
            identity = pace.identity.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(
                "cannot be read", where=str(pace.identity), next_step="Name another --identity"
            ) from None
    return Contents(Kept(state_folder() / "kept"), vault, identity)


def goes_ahead(run: Run, plan: Plan) -> bool:
    """Return whether a plan is carried out unasked, so that what comes of it is told instead."""
    return run.yes and not run.dry_run and bool(plan.changes)


def wanted_by(run: Run, plan: Plan) -> bool:
    """Return whether somebody wants a plan to be carried out.

    Raises:
        UsageError: nobody is there to be asked.
    """
    if run.dry_run or not plan.changes:
        return False
    if run.yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed, as nobody is there to confirm it",
            next_step="Give --yes to go ahead, or --dry-run to look only",
        )
    return click.confirm(f"Make {len(plan.changes)} changes?", default=False)


def lock_of(reach: Reach, scope: str) -> str:
    """Return by what name the journal locks: the account, or the workspace without one."""
    return reach.account_id or scope


def carried_out(
    journal: RunJournal,
    plan: Plan,
    doors: Doors,
    most_errors: int,
    *,
    quiet: bool = False,
    also: Watch = lambda *_: None,
) -> Outcome:
    """Carry out a plan, several changes at once, and note how the run ended.

    Args:
        journal: of the run.
        plan: the plan.
        doors: the open doors.
        most_errors: how many changes may fail before it stops.
        quiet: show nothing of how far it is.
        also: told of every change too.

    Raises:
        LakewardenError: the journal or a door failed.
    """
    far = _Far(len(plan.changes), also, quiet=quiet)
    try:
        outcome = carry_out_side_by_side(
            doors, plan.changes, journal, most_errors=most_errors, watch=far.tell
        )
    except LakewardenError as error:
        journal.finish(RunState.FAILED, error.what)
        raise
    except BaseException:
        journal.finish(RunState.RUNNING)
        raise
    finally:
        far.end()
    if outcome.failed:
        journal.finish(RunState.FAILED, f"{len(outcome.failed)} changes failed")
    else:
        journal.finish(RunState.APPLIED)
    return outcome


class _Far:
    """Says on a terminal how far a run is, and everywhere what failed."""

    def __init__(self, total: int, also: Watch, *, quiet: bool) -> None:
        self._total = total
        self._also = also
        self._done = 0
        self._since = time.monotonic()
        self._shown = not quiet and sys.stderr.isatty()

    def tell(self, change: Change, was: Stepped | str) -> None:
        self._done += 1
        self._also(change, was)
        if not isinstance(was, Stepped):
            lead = "\r\033[K" if self._shown else ""
            click.echo(f"{lead}failed: {change.address}: {was}", err=True)
        if self._shown:
            rate = self._done / max(time.monotonic() - self._since, 1e-3)
            left = round((self._total - self._done) / rate)
            line = f"{self._done} of {self._total}, {rate:.0f} a second, {left} s left"
            click.echo(f"\r{line}\033[K", nl=False, err=True)

    def end(self) -> None:
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)

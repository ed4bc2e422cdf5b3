"""What `apply` and `undo` share: the journal, the doors, and the way through a run."""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from lakewarden.apply.doors import Doors
from lakewarden.apply.run import State, carry_out, insist_unmoved, look
from lakewarden.cli.options import together
from lakewarden.cli.pipeline import Needs, collect
from lakewarden.clock import Clock
from lakewarden.collect.doors import Reach
from lakewarden.controls.kit.registry import needs_at
from lakewarden.errors import ApplyError, GuardError, UsageError
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Need
from lakewarden.guards.guard import Given
from lakewarden.guards.registry import refusals
from lakewarden.plan.change import Action, Change
from lakewarden.policyfile.policy import Policy
from lakewarden.store.database import default_url
from lakewarden.store.journal import Journal, RunJournal, RunRecord, RunState
from lakewarden.store.snapshots import DiskSnapshot

F = TypeVar("F", bound=Callable[..., Any])

_DONE: Final = {Action.CREATE: "made", Action.UPDATE: "changed", Action.DELETE: "removed"}


@dataclass(frozen=True, slots=True)
class Run:
    """How a run is to be carried out.

    Attributes:
        store: the address of the store; None for that of this user.
        yes: carry it out without asking.
        dry_run: show what would be done, and do nothing.
        break_lock: take the account from a run that is certainly dead.
    """

    store: str | None
    yes: bool
    dry_run: bool
    break_lock: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is allowed in so many words.

    Attributes:
        allow_permanent: to switch on what the platform never lets anybody switch off again.
        allow_irreversible: to do what cannot be undone.
    """

    allow_permanent: bool
    allow_irreversible: bool


_ALLOWED: Final = (
    click.option(
        "--allow-permanent",
        is_flag=True,
        help="Switch on what the platform never lets anybody switch off again.",
    ),
    click.option("--allow-irreversible", is_flag=True, help="Do what cannot be undone as well."),
)

_CALLER: Final = click.option(
    "--caller-address",
    "addresses",
    multiple=True,
    envvar="LAKEWARDEN_CALLER_ADDRESS",
    metavar="ADDRESS",
    help="Where your calls come from, as the platform sees it; else the audit logs are asked. "
    "May be repeated.",
)

_RUN: Final = (
    click.option(
        "--store",
        envvar="LAKEWARDEN_STORE",
        metavar="URL",
        help="The database of the journal; a file of this user unless given.",
    ),
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing."),
    click.option(
        "--break-lock", is_flag=True, help="Take the account from a run that is certainly dead."
    ),
)


def run_options(command: F) -> F:
    """Add the options of a run, as one `run` argument, and `--caller-address`."""
    return _CALLER(together(command, "run", Run, _RUN))


def allowed_options(command: F) -> F:
    """Add the options that allow what cannot be taken back, as one `allowed` argument."""
    return together(command, "allowed", Allowed, _ALLOWED)


@contextmanager
def journal_of(run: Run) -> Iterator[Journal]:
    """Open the journal for the length of a block.

    Raises:
        StoreError: it cannot be opened.
    """
    journal = Journal.open(run.store or default_url())
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def read_again(reach: Reach, policy: Policy, needs: Needs) -> Iterator[DiskSnapshot]:
    """Read the deployment as it is, for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as scratch:
        yield collect(reach, Path(scratch) / "snapshot", policy, Clock(), needs)


def needing(policy: Policy, more: set[Need]) -> Needs:
    """Return what the controls of a policy need, and more."""
    return functools.partial(_needing, policy, more)


def _needing(policy: Policy, more: set[Need], workspace: Workspace | None) -> set[Need]:
    return needs_at(policy, workspace) | more


def urls_of(reach: Reach, snapshot: DiskSnapshot) -> dict[str, str]:
    """Return the URL of every workspace that was read, by its id."""
    urls = {}
    for workspace in snapshot.collection(WORKSPACES, "account").seen():
        try:
            urls[str(workspace.id)] = reach.url_of(workspace)
        except UnreadError:
            urls[str(workspace.id)] = reach.workspace_host
    return urls


def insist_same_account(mine: str, planned: str) -> None:
    """Refuse a plan that was made for another account.

    Raises:
        UsageError: it was.
    """
    if planned and mine and planned != mine:
        raise UsageError(
            f"the plan is for the account {planned}, and this is {mine}",
            next_step="Choose the other account with --profile or --account-id",
        )


def insist_guarded(given: Given) -> None:
    """Refuse a plan that would lock somebody out, saying of each change why.

    Raises:
        GuardError: it would, or nobody can tell.
    """
    found = refusals(given)
    for refusal in found:
        click.echo(f"refused: {refusal.address}: {refusal.why}. {refusal.next_step}", err=True)
    if found:
        raise GuardError(
            f"{len({r.address for r in found})} changes are refused, so nothing was changed",
            next_step="See above for each; changes can be left out with --exclude-control",
        )


def confirmed(run: Run, changes: Sequence[Change], doors: Doors) -> bool:
    """Look whether everything is as planned, and whether somebody wants it to be changed.

    Raises:
        MovedOnError: something is neither as planned for nor as planned.
        UsageError: nobody is there to be asked.
    """
    looks = [look(doors, change) for change in changes]
    insist_unmoved(looks)
    made = sum(one.state is State.AFTER for one in looks)
    if made:
        click.echo(f"{made} of {len(looks)} changes are made already.")
    if run.dry_run:
        click.echo("Nothing was changed (--dry-run).")
        return False
    if run.yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed, as nobody is there to confirm it",
            next_step="Give --yes to go ahead, or --dry-run to look only",
        )
    if click.confirm(f"Make {len(looks) - made} changes?", default=False):
        return True
    click.echo("Nothing was changed.")
    return False


def carried_out(journal: RunJournal, changes: Sequence[Change], doors: Doors) -> None:
    """Carry out changes, telling of each, and note how the run ended.

    Raises:
        ApplyError: it stopped; the message says where, and how to go on.
    """
    done = 0

    def tell(change: Change, was: State) -> None:
        nonlocal done
        done += 1
        verb = "already so" if was is State.AFTER else _DONE[change.action]
        click.echo(f"  {done}/{len(changes)} {verb}: {change.address}")

    try:
        carry_out(doors, changes, journal, tell)
    except ApplyError as error:
        journal.finish(RunState.FAILED, error.what)
        stopped = f"The run {journal.run.id} stopped after {done} of {len(changes)} changes"
        raise type(error)(
            f"{error.what}. {stopped}",
            where=error.where,
            next_step=_way_on(journal.run),
        ) from None
    except BaseException:
        journal.finish(RunState.RUNNING)
        raise
    journal.finish(RunState.APPLIED)


def _way_on(run: RunRecord) -> str:
    if run.verb == "undo":
        return f"When that is mended, go on with `lakewarden undo {run.of}`"
    return (
        f"When that is mended, go on with `lakewarden apply --resume {run.id}`, "
        f"or take back what was done with `lakewarden undo {run.id}`"
    )

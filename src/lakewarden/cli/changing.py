"""What `apply` and `undo` share: the journal, the guarded doors, and the way through a run."""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from lakewarden.apply.doors import Doors
from lakewarden.apply.run import State, carry_out, insist_unmoved, look
from lakewarden.cli.pipeline import Needs, collect
from lakewarden.cli.run_options import NOTHING_ALLOWED, Allowed, Run
from lakewarden.clock import Clock
from lakewarden.collect.caller import read_caller
from lakewarden.collect.doors import Reach
from lakewarden.controls.kit.registry import needs_at
from lakewarden.errors import GuardError, LakewardenError, UsageError
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Need
from lakewarden.guards.guard import Given
from lakewarden.guards.registry import refusals
from lakewarden.plan.change import Action, Change
from lakewarden.plan.plan import Plan
from lakewarden.policyfile.policy import Policy
from lakewarden.store.database import default_url
from lakewarden.store.journal import Journal, RunJournal, RunRecord, RunState
from lakewarden.store.snapshots import DiskSnapshot

_DONE: Final = {Action.CREATE: "made", Action.UPDATE: "changed", Action.DELETE: "removed"}


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


def guarded_doors(
    plan: Plan,
    policy: Policy,
    reach: Reach,
    wanted: Needs,
    addresses: tuple[str, ...],
    allowed: Allowed = NOTHING_ALLOWED,
) -> Doors:
    """Read the deployment again, and open its doors unless a plan would lock somebody out.

    Args:
        plan: what is to be carried out.
        policy: what the organisation wants.
        reach: what the caller gave us to work with.
        wanted: what the guards need, and more.
        addresses: where the caller says that their calls come from.
        allowed: what may be done that nobody can take back.

    Raises:
        GuardError: it would lock somebody out, or nobody can tell.
    """
    with read_again(reach, policy, wanted) as snapshot:
        urls = urls_of(reach, snapshot)
        caller = read_caller(reach, urls, addresses)
        permanent, irreversible = allowed.allow_permanent, allowed.allow_irreversible
        estate = Estate(snapshot)
        _insist_guarded(Given(plan, estate, caller, policy, permanent, irreversible))
    return Doors(reach, urls)


def _insist_guarded(given: Given) -> None:
    """Say of each change that locks somebody out why it does, and refuse the plan.

    Raises:
        GuardError: some do, or nobody can tell.
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


def begun(journal: Journal, verb: str, of: str, plan: Plan, account_id: str) -> RunJournal:
    """Note a new run.

    Args:
        journal: where.
        verb: `apply` or `undo`.
        of: the run that an undo takes back.
        plan: what it carries out.
        account_id: the account that it changes.

    Raises:
        LockedError: another run holds the account.
    """
    clock = Clock()
    identity, started = clock.run_id(), clock.now().isoformat()
    state, content = RunState.RUNNING, plan.as_json()
    return journal.begin(RunRecord(identity, verb, of, account_id, started, state, "", content))


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
    except LakewardenError as error:
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

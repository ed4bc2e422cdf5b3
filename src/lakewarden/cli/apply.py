"""`lakewarden apply`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import click

from lakewarden.cli.changing import (
    begun,
    carried_out,
    confirmed,
    guarded_doors,
    insist_same_account,
    journal_of,
    needing,
    read_again,
)
from lakewarden.cli.given_back import applied, code_of
from lakewarden.cli.options import Deployment, Selection, deployment_options
from lakewarden.cli.run_options import Allowed, Run, allowed_options, run_options
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.clock import parse_time
from lakewarden.collect.doors import Reach
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.judge import judge
from lakewarden.controls.kit.registry import chosen
from lakewarden.errors import UsageError
from lakewarden.estate.estate import Estate
from lakewarden.guards.registry import needs
from lakewarden.ledger.finding import Finding, Verdict
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED
from lakewarden.plan.describe import described, summary
from lakewarden.plan.plan import Plan, plan_from_json
from lakewarden.policyfile.policy import Policy
from lakewarden.store.journal import RunJournal, RunRecord, RunState
from lakewarden.store.plans import read_plan

_SETTLED: Final = frozenset(Verdict) - {Verdict.FAIL, Verdict.UNKNOWN}


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[PLAN]")
@deployment_options
@click.option(
    "--policy-file",
    envvar="LAKEWARDEN_POLICY_FILE",
    type=click.Path(path_type=Path),
    help="The policy file; lakewarden.toml in this folder when it is there.",
)
@click.option("--resume", metavar="RUN", help="Take up a run that stopped or was cut off.")
@run_options
@allowed_options
def command(
    file: Path | None,
    deployment: Deployment,
    policy_file: Path | None,
    resume: str | None,
    run: Run,
    addresses: tuple[str, ...],
    allowed: Allowed,
) -> int:
    """Carry out a plan, or take up a run that stopped.

    Everything is looked at first: when the deployment is no longer as it was planned for, or
    somebody would be locked out, nothing is changed. Every change is journalled before it is made
    and read back after; at the first that does not come out, the run stops. At the end the
    controls of the plan are judged anew.

    Exits with 0 when all of them pass, with 3 when one does not, and with 1 when the run stopped. A
    plan of giving a backup back exits with 4 when something is left to do.
    """
    if (file is None) == (resume is None):
        raise UsageError("give a plan, or --resume RUN", next_step="See `lakewarden apply --help`")
    with journal_of(run) as journal:
        old = journal.find(resume) if resume else None
        plan = _plan_of(old) if old else read_plan(file or Path())
        if not plan.changes:
            click.echo(summary(plan))
            return code_of(plan) if plan.origin.vault else EXIT_CLEAN
        if plan.origin.vault:
            reach = reach_of(deployment, policy_of(Selection(policy_file)))
            insist_same_account(reach.account_id, plan.origin.account_id)
            return applied(journal, plan, old, reach, run)
        policy = _policy(plan, policy_file)
        reach = reach_of(deployment, policy)
        insist_same_account(reach.account_id, plan.origin.account_id)
        for line in described(plan):
            click.echo(line)
        wanted = needing(policy, needs(plan))
        doors = guarded_doors(plan, policy, reach, wanted, addresses, allowed)
        if not confirmed(run, plan.changes, doors):
            return EXIT_CLEAN
        if run.break_lock:
            journal.break_lock(reach.account_id)
        under_way = (
            journal.resume(old) if old else begun(journal, "apply", "", plan, reach.account_id)
        )
        click.echo(f"run {under_way.run.id}")
        carried_out(under_way, plan.changes, doors)
        return _verified(plan, policy, reach, under_way)


def _plan_of(run: RunRecord) -> Plan:
    if run.verb != "apply" or run.state is RunState.UNDONE:
        raise UsageError(
            f"the run {run.id} is no run to take up: it was undone, or is an undo itself",
            next_step="`lakewarden runs` lists them",
        )
    return plan_from_json(run.plan)


def _policy(plan: Plan, file: Path | None) -> Policy:
    """Return the policy by which the plan was made, for its controls alone."""
    names = {reason.control for change in plan.changes for reason in change.reasons}
    posture = plan.origin.posture or None
    return policy_of(Selection(file, posture, controls=tuple(sorted(names))))


def _verified(plan: Plan, policy: Policy, reach: Reach, run: RunJournal) -> int:
    """Judge what the plan was to mend, and say what is still not right."""
    planned = {(r.control, r.subject) for c in plan.changes for r in c.reasons}
    with read_again(reach, policy, needing(policy, set())) as snapshot:
        estate = Estate(snapshot, policy.include.workspaces, policy.exclude.workspaces)
        at = Context(estate, policy, parse_time(snapshot.meta.taken))
        findings = list(judge(estate, chosen(policy), at))
    left = unmended(findings, planned)
    silent = {control for control, _ in planned} - {f.control for f in findings}
    by_hand = {(entry.reason.control, entry.reason.subject) for entry in plan.manual}
    wrong = [f for f in left if not _is_of(f, by_hand)]
    for finding in wrong:
        click.echo(
            f"{finding.verdict}: {finding.control} ({finding.subject.name}): {finding.reason}"
        )
    for control in sorted(silent):
        click.echo(f"UNKNOWN: {control}: it judged nothing, so nobody knows whether it is mended")
    mended = max(0, sum(control not in silent for control, _ in planned) - len(left))
    click.echo(f"{mended} of {len(planned)} failures are mended.")
    if len(left) > len(wrong):
        click.echo(f"{len(left) - len(wrong)} need a step by hand as well, which the plan has.")
    click.echo(f"Take it back with: lakewarden undo {run.run.id}")
    return EXIT_FAILED if wrong or silent else EXIT_CLEAN


def unmended(findings: Iterable[Finding], planned: Collection[tuple[str, str]]) -> list[Finding]:
    """Return the findings by which something of a plan is not shown to be mended.

    A subject that is gone is mended, as a revoked token is; but where a list was not read to its
    end, nobody knows whether it is gone.

    Args:
        findings: of the controls of the plan, after it was carried out.
        planned: control and subject of each failure that it was to mend.
    """
    open_ones = [f for f in findings if f.verdict not in _SETTLED or _is_of(f, planned)]
    seen = {(f.control, f.subject.id) for f in open_ones}
    lost = {control for control, subject in planned if (control, subject) not in seen}
    return [
        f
        for f in open_ones
        if f.verdict not in _SETTLED
        and (_is_of(f, planned) or (f.control in lost and f.verdict is Verdict.UNKNOWN))
    ]


def _is_of(finding: Finding, planned: Collection[tuple[str, str]]) -> bool:
    return (finding.control, finding.subject.id) in planned

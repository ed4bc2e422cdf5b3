"""`lakewarden verify`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.vaults import as_of_option, aws_profile_option, vault_of
from lakewarden.clock import from_millis
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.report.view import visible
from lakewarden.store.vault.as_of import chosen
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.prune import held
from lakewarden.store.vault.signing import PublicKey
from lakewarden.store.vault.vault import Vault
from lakewarden.store.vault.verify import Problem, gaps, verified
from lakewarden.store.vault.work import taken_out


@click.command()
@click.argument("target")
@click.option("--run", "run_id", metavar="ID", help="This run; the newest unless given.")
@as_of_option
@click.option("--all", "every", is_flag=True, help="All runs.")
@click.option("--host", help="Runs of this workspace only, where the vault has several.")
@click.option(
    "--public-key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who must have signed; this machine unless given, or anybody where it never did.",
)
@aws_profile_option
@json_option
def command(
    target: str,
    run_id: str | None,
    moment: int | None,
    every: bool,  # noqa: FBT001  # a flag of the command line
    host: str | None,
    key_file: Path | None,
    aws_profile: str | None,
    style: str,
) -> int:
    """Check that all of a backup is there and whole.

    Reads every blob, and checks digests, references, root and signature. Exits with 0 when nothing
    is wrong, with 1 when something is missing, damaged or not signed as it should be, and with 4
    when only what the backup itself could not read is missing.
    """
    if sum((run_id is not None, moment is not None, every)) > 1:
        raise click.UsageError("--run, --as-of and --all exclude each other")
    key = PublicKey.read(key_file) if key_file else PublicKey.of_this_machine()
    with vault_of(target, aws_profile=aws_profile) as vault:
        if every:
            runs = vault.runs(host)
        else:
            when = None if moment is None else from_millis(moment)
            runs = (chosen(vault, run_id, when, host),)
        named = run_id is not None or moment is not None
        problems = _all_problems(vault, runs, key, every=every, newest=not named)
        others = 0 if every else len(vault.runs()) - len(runs)
        if style == "json":
            found = _tell_json(runs, problems, vouched=key is not None, others=others)
        else:
            found = _tell(runs, problems, key, others)
    if any(not problem.incomplete for problem in found):
        return 1
    return EXIT_INCOMPLETE if found else EXIT_CLEAN


def _all_problems(
    vault: Vault, runs: tuple[Run, ...], key: PublicKey | None, *, every: bool, newest: bool
) -> Iterator[Problem]:
    damaged = vault.damaged() if every else ()
    for run_id in taken_out(vault.url, vault.runs()) if newest else ():
        what = "is missing, and was the newest that this machine made"
        yield Problem(run_id, "", "", what, vault.url)
    for error in damaged:
        yield Problem("", "", "", error.what, error.where)
    if every and not damaged:
        yield from gaps(runs, held(vault, ever=True))
    if not runs:
        yield Problem("", "", "", "there is no run", vault.url)
    yield from verified(vault, runs, key)


def _tell(
    runs: tuple[Run, ...], problems: Iterator[Problem], key: PublicKey | None, others: int
) -> list[Problem]:
    found = []
    for problem in problems:
        click.echo(visible(str(problem)))
        found.append(problem)
    for run in runs:
        part = f" ({run.part})" if run.part else ""
        click.echo(visible(f"{run.id}  {run.host}  {run.objects} objects{part}  root {run.root}"))
        if key is None and run.signature:
            click.echo(
                f"{run.id}: signed by {run.public_key}, which nothing here vouches for; "
                "give --public-key",
                err=True,
            )
    damaged = sum(not problem.incomplete for problem in found)
    click.echo(
        f"{damaged} missing, damaged or not signed as it should be, "
        f"{len(found) - damaged} not read by the backup"
        if found
        else "all is there and whole"
    )
    if others:
        click.echo(f"runs of this vault that were not looked at (--all): {others}")
    return found


def _tell_json(
    runs: tuple[Run, ...], problems: Iterator[Problem], *, vouched: bool, others: int
) -> list[Problem]:
    found = list(problems)
    told: dict[str, Any] = {
        "schema": "lakewarden.verify/1",
        "runs": [
            {
                "run": run.id,
                "host": run.host,
                "ended": run.ended,
                "part": run.part,
                "root": run.root,
                "objects": run.objects,
                "bytes": run.size,
                "public_key": run.public_key,
            }
            for run in runs
        ],
        "others": others,
        "vouched": vouched,
        "problems": [problem.as_json() for problem in found],
        "whole": not found,
    }
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    return found

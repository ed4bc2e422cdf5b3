"""`lakewarden vault diff`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.vaults import aws_profile_option, vault_of
from lakewarden.errors import UsageError
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_DIFFERENT, EXIT_INCOMPLETE
from lakewarden.report.view import visible
from lakewarden.store.vault.as_of import chosen, insist_readable
from lakewarden.store.vault.compare import Difference, What, compare, patch
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.vault import Vault


@click.command()
@click.argument("target")
@click.argument("before_id", metavar="[BEFORE]", required=False)
@click.argument("after_id", metavar="[AFTER]", required=False)
@click.option("--patch", "with_patch", is_flag=True, help="Show old and new text, line by line.")
@aws_profile_option
@json_option
def command(
    target: str,
    before_id: str | None,
    after_id: str | None,
    aws_profile: str | None,
    style: str,
    *,
    with_patch: bool,
) -> int:
    """Show what changed between two runs of a workspace.

    Unless they are named, these are the newest run and the one before it; of one that is named,
    the newest is the other.

    Exits with 0 when they are equal, with 3 when they are not, and with 4 when no difference is
    certain and something was not seen by both.
    """
    with vault_of(target, aws_profile=aws_profile) as vault:
        before, after = _runs(vault, before_id, after_id)
        if style == "table":
            click.echo(f"{before.id} -> {after.id}", err=True)
        found = set()
        for difference in compare(vault, before, after):
            found.add(difference.what)
            _tell(vault, difference, style, with_patch=with_patch)
    if found - {What.UNKNOWN}:
        return EXIT_DIFFERENT
    return EXIT_INCOMPLETE if found else EXIT_CLEAN


def _runs(vault: Vault, before_id: str | None, after_id: str | None) -> tuple[Run, Run]:
    named = vault.manifest(before_id) if before_id else None
    after = chosen(vault, after_id, host=named.host if named else None)
    before = named or _previous(vault, after)
    if before.host != after.host:
        raise UsageError(
            f"{before.id} is of {before.host} and {after.id} of {after.host}",
            where=vault.url,
            next_step="Name two runs of one workspace",
        )
    return before, after


def _previous(vault: Vault, run: Run) -> Run:
    insist_readable(vault)
    runs = vault.runs(run.host)
    number = [each.id for each in runs].index(run.id)
    if number == 0:
        raise UsageError(
            f"there is no run of {run.host} before {run.id}",
            where=vault.url,
            next_step="`lakewarden backup --to` makes another",
        )
    return runs[number - 1]


def _tell(vault: Vault, difference: Difference, style: str, *, with_patch: bool) -> None:
    changed = patch(vault.get, difference) if with_patch else iter(())
    if style == "json":
        more = {"patch": list(changed)} if with_patch else {}
        click.echo(json.dumps(difference.as_json() | more, ensure_ascii=False))
        return
    for line in (*_lines(difference), *changed):
        click.echo(visible(line))


def _lines(difference: Difference) -> Iterator[str]:
    yield f"{difference.what} {difference.kind} {difference.key}".rstrip() + (
        f": {difference.why}" if difference.why else ""
    )
    yield from (f"    {place}" for place in difference.places)

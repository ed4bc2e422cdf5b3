"""`lakewarden watch test`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.watch.common import FOLDERS
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED
from lakewarden.watch.sinks.notice import moment

if TYPE_CHECKING:
    from lakewarden.watch.found import Found
    from lakewarden.watch.trying import Outcome

_SHOWN: Final = 5


@click.command()
@click.argument("rules", metavar="[RULE]...", nargs=-1)
@FOLDERS
@click.option("--sql", is_flag=True, help="Show the query of each rule as well.")
@json_option
def command(*, rules: tuple[str, ...], folders: tuple[Path, ...], sql: bool, style: str) -> int:
    """Try rules on their examples, and show what each example ended in.

    RULE is a rule, `login.failed_burst`, or an area, `login`; all rules when none is named. Exit
    code 3 when an example ends in other alerts than it says.
    """
    tried = list(_tried(rules, folders, sql=sql))
    wrong = sum(bool(outcome.wrong) for _, outcomes, _ in tried for outcome in outcomes)
    if style == "json":
        click.echo(json.dumps([_as_json(*each) for each in tried], indent=2))
    else:
        for identity, outcomes, query in tried:
            _print(identity, outcomes, query, loud=len(tried) == 1)
        total = sum(len(outcomes) for _, outcomes, _ in tried)
        click.echo(f"{len(tried)} rules, {total} examples, {wrong} wrong.")
    return EXIT_FAILED if wrong else EXIT_CLEAN


def _tried(
    names: tuple[str, ...], folders: tuple[Path, ...], *, sql: bool
) -> Iterator[tuple[str, list[Outcome], str]]:
    from lakewarden.watch.bench import bench  # noqa: PLC0415  # duckdb loads when it is needed

    for tried in bench(names, folders):
        yield tried.rule.id, list(tried.outcomes()), tried.query() if sql else ""


def _print(identity: str, outcomes: list[Outcome], query: str, *, loud: bool) -> None:
    click.echo(identity)
    for outcome in outcomes:
        if outcome.wrong or loud:
            mark = f"WRONG: {outcome.wrong}" if outcome.wrong else "as it says"
            click.echo(f"  {outcome.example.number:3} {outcome.example.name}: {mark}")
            for found in outcome.found:
                click.echo(f"        {found.severity} {found.entity}, {found.count} events")
                for line in _evidence(found):
                    click.echo(f"          {line}")
    if query:
        click.echo(f"\n{query}\n")


def _evidence(found: Found) -> Iterator[str]:
    for event in found.evidence[:_SHOWN]:
        what = f"{event['service']}.{event['action']} {event['actor']} {event['src_ip']}"
        yield f"{moment(event['ts'])} {what} {event['status']}"
    if found.count > _SHOWN:
        yield f"and {found.count - _SHOWN} more"


def _as_json(identity: str, outcomes: list[Outcome], query: str) -> dict[str, Any]:
    return {
        "rule": identity,
        "examples": [
            {
                "name": outcome.example.name,
                "expected": outcome.example.expected,
                "found": len(outcome.found),
                "wrong": outcome.wrong or None,
            }
            for outcome in outcomes
        ],
        **({"sql": query} if query else {}),
    }

"""`lakewarden watch alerts suppress`, `suppressions` and `lift`: alerts that are expected."""

from __future__ import annotations

import json
import secrets
from typing import Final

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.watch.stored import (
    by_option,
    opened,
    reason_option,
    span,
    store_option,
    until,
)
from lakewarden.clock import now_ms
from lakewarden.errors import UsageError
from lakewarden.ledger.alert import Suppression
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.watch.sinks.notice import moment
from lakewarden.watch.sinks.story import shown

_LAST: Final = 253_402_300_799_999
"""The last moment that can be written, in the year 9999."""


@click.command("suppress")
@store_option
@click.option("--rule", required=True, metavar="PATTERN", help="Of these rules, like 'login.*'.")
@click.option("--entity", required=True, metavar="PATTERN", help="About whom, '*' for anybody.")
@click.option("--until", "end", callback=until, metavar="TIME", help="To the end of this day.")
@click.option("--for", "length", callback=span, metavar="SPAN", help="For so long, like 7d.")
@reason_option
@by_option
def suppress_command(
    *,
    store: str,
    rule: str,
    entity: str,
    end: int | None,
    length: int | None,
    reason: str,
    by: str,
) -> int:
    """Expect alerts for a while: new ones are noted as suppressed, and nobody is told.

    Those that wait already are not touched.
    """
    if (end is None) == (length is None):
        raise UsageError(
            "until when they are expected is not said once", next_step="Give --until or --for"
        )
    last = end if end is not None else now_ms() + (length or 0)
    if last <= now_ms():
        raise UsageError("that is over already", next_step="Name a time to come")
    made = Suppression(secrets.token_hex(4), rule, entity, reason, by, last)
    with opened(store) as alerts:
        alerts.suppress(made)
    click.echo(f"{made.id} until {_moment(made.until)}")
    return EXIT_CLEAN


@click.command("suppressions")
@store_option
@json_option
def suppressions_command(*, store: str, style: str) -> int:
    """List what is expected, or was, the last to end first."""
    with opened(store) as alerts:
        found = alerts.suppressions()
    if style == "json":
        names = Suppression.__slots__
        rows = [{name: getattr(each, name) for name in names} for each in found]
        click.echo(json.dumps([{**r, "until": _moment(r["until"])} for r in rows], indent=2))
        return EXIT_CLEAN
    for each in found:
        over = "" if each.until >= now_ms() else " (over)"
        whom = f"{each.rule}  {each.entity}"
        click.echo(f"{each.id}  {shown(whom)}  until {_moment(each.until)}{over}")
        click.echo(f"    {shown(f'{each.reason}, by {each.by}')}")
    click.echo(f"{len(found)} suppressions")
    return EXIT_CLEAN


@click.command("lift")
@click.argument("identity", metavar="ID")
@store_option
def lift_command(*, identity: str, store: str) -> int:
    """Expect alerts no more. Those that were suppressed stay so until more happens."""
    with opened(store) as alerts:
        alerts.lift(identity)
    click.echo(f"{identity} is lifted")
    return EXIT_CLEAN


def add_to(group: click.Group) -> None:
    """Add these commands to a group."""
    for command in (suppress_command, suppressions_command, lift_command):
        group.add_command(command)


def _moment(millis: int) -> str:
    return moment(min(millis, _LAST))

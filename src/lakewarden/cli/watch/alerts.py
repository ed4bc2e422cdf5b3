"""`lakewarden watch alerts`: what was found, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lakewarden.cli.options import json_option, together
from lakewarden.cli.settings import load_policy
from lakewarden.cli.watch import expecting
from lakewarden.cli.watch.common import FOLDERS, policy_option
from lakewarden.cli.watch.stored import (
    by_option,
    opened,
    reason_option,
    since,
    store_option,
)
from lakewarden.cli.watch.telling import tell_sinks
from lakewarden.clock import now_ms
from lakewarden.errors import UsageError
from lakewarden.ledger.alert import Alert, AlertState
from lakewarden.ledger.finding import Severity
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.store.alerts import Alerts
from lakewarden.store.deliveries import Deliveries
from lakewarden.watch.sinks.notice import Notice, moment
from lakewarden.watch.sinks.story import shown, story_of

if TYPE_CHECKING:
    from lakewarden.watch.rule import Rule

_WAITING: Final = (AlertState.OPEN, AlertState.ACKNOWLEDGED)
_EXIT_ERROR: Final = 1
_SHOWN: Final = 100


@click.group()
def command() -> None:
    """List alerts, and say what becomes of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts to list.

    Attributes:
        states: in these states, `all` for any; none for those that wait.
        rule: a pattern of ids of rules.
        entity: a pattern of entities, whatever their case.
        severity: as severe as this, or more.
        since: with events since then, Unix time in ms.
    """

    states: tuple[str, ...]
    rule: str
    entity: str
    severity: str
    since: int | None

    def of(self, alerts: Alerts) -> list[Alert]:
        """Return them, the newest first."""
        states = [AlertState(state) for state in self.states if state != "all"] or _WAITING
        found = alerts.alerts(states=() if "all" in self.states else states, since=self.since)
        return [
            alert
            for alert in found
            if fnmatchcase(alert.rule, self.rule)
            and fnmatchcase(alert.entity.lower(), self.entity.lower())
            and alert.severity.rank >= Severity(self.severity).rank
        ]


_WANTED: Final = (
    click.option(
        "--state",
        "states",
        multiple=True,
        type=click.Choice([*(state.value for state in AlertState), "all"]),
        help="Those in this state; open and acknowledged ones unless given. Repeatable.",
    ),
    click.option("--rule", default="*", metavar="PATTERN", help="Of these rules, like 'login.*'."),
    click.option("--entity", default="*", metavar="PATTERN", help="About whom, like 'ann@*'."),
    click.option(
        "--severity",
        type=click.Choice([severity.value for severity in Severity]),
        default=Severity.LOW.value,
        help="As severe as this, or more.",
    ),
    click.option("--since", callback=since, metavar="TIME", help="With events since: 24h, a day."),
)


@command.command("list")
@store_option
@partial(together, name="wanted", group=Wanted, options=_WANTED)
@click.option(
    "--limit", type=click.IntRange(min=1), help="So many at most; 100 unless given, all as JSON."
)
@FOLDERS
@json_option
def list_command(
    *, store: str, wanted: Wanted, limit: int | None, folders: tuple[Path, ...], style: str
) -> int:
    """List alerts, the newest first."""
    with opened(store) as alerts:
        found = wanted.of(alerts)
    if style == "json":
        rules = _rules(folders)
        click.echo(json.dumps([_report(alert, rules) for alert in found[:limit]], indent=2))
    else:
        _print(found, limit or _SHOWN)
    return EXIT_CLEAN


@command.command("show")
@click.argument("identity", metavar="ID")
@store_option
@FOLDERS
@json_option
def show_command(*, identity: str, store: str, folders: tuple[Path, ...], style: str) -> int:
    """Show one alert with its evidence, what it means, and what to do.

    ID may be the beginning of an id.
    """
    with opened(store) as alerts:
        alert = alerts.alert(identity)
    rules = _rules(folders)
    if style == "json":
        click.echo(json.dumps(_report(alert, rules), indent=2))
        return EXIT_CLEAN
    click.echo(story_of(Notice.of(alert, rules)).text)
    said = ", ".join(filter(None, (alert.reason, alert.by and f"by {alert.by}")))
    click.echo(f"It is {alert.state.value}{': ' if said else ''}{shown(said)}")
    return EXIT_CLEAN


@command.command("ack")
@click.argument("identities", metavar="ID...", nargs=-1, required=True)
@store_option
@reason_option
@by_option
def ack_command(*, identities: tuple[str, ...], store: str, reason: str, by: str) -> int:
    """Say that somebody looks at alerts."""
    return _put(identities, store, AlertState.ACKNOWLEDGED, (reason, by))


@command.command("close")
@click.argument("identities", metavar="ID...", nargs=-1, required=True)
@store_option
@reason_option
@by_option
def close_command(*, identities: tuple[str, ...], store: str, reason: str, by: str) -> int:
    """Close alerts. One of which there is more later opens again."""
    return _put(identities, store, AlertState.CLOSED, (reason, by))


@command.command("reopen")
@click.argument("identities", metavar="ID...", nargs=-1, required=True)
@store_option
@reason_option
@by_option
def reopen_command(*, identities: tuple[str, ...], store: str, reason: str, by: str) -> int:
    """Open alerts again."""
    return _put(identities, store, AlertState.OPEN, (reason, by))


@command.command("send")
@store_option
@policy_option("whose [[sinks]] are told")
@click.option("--sink", "names", multiple=True, metavar="NAME", help="This sink. Repeatable.")
@click.option("--skip", is_flag=True, help="Tell nobody; take what waits for told.")
@FOLDERS
def send_command(
    *,
    store: str,
    policy_file: Path | None,
    names: tuple[str, ...],
    skip: bool,
    folders: tuple[Path, ...],
) -> int:
    """Tell sinks of the alerts that they were not told of, as `detect` does.

    A sink that is new is told of every alert that waits; `--skip` leaves those out.
    """
    policy = load_policy(policy_file)
    unknown = sorted(set(names) - {table.name for table in policy.sinks})
    if unknown or not policy.sinks:
        raise UsageError(
            f"there is no sink {unknown[0]}" if unknown else "there are no sinks",
            where=policy.source,
            next_step="Describe it as [[sinks]] in lakewarden.toml",
        )
    tables = [table for table in policy.sinks if not names or table.name in names]
    with closing(Deliveries.open(store)) as deliveries:
        if not skip:
            whole = tell_sinks(tables, deliveries, _rules(folders))
            return EXIT_CLEAN if whole else _EXIT_ERROR
        for table in tables:
            waiting = [alert for alert, _ in deliveries.waiting(table.name)]
            deliveries.remember(table.name, waiting, now_ms())
    return EXIT_CLEAN


expecting.add_to(command)


def _put(identities: tuple[str, ...], store: str, state: AlertState, said: tuple[str, str]) -> int:
    with opened(store) as alerts:
        found = [alerts.alert(identity) for identity in identities]  # all of them, or none
        for alert in found:
            alerts.put(alert.id, state, *said)
            click.echo(f"{alert.id} is {state.value}")
    if state is AlertState.CLOSED:
        with closing(Deliveries.open(store)) as deliveries:
            for alert in found:
                deliveries.forget(alert.id)
    return EXIT_CLEAN


def _rules(folders: tuple[Path, ...]) -> Mapping[str, Rule]:
    from lakewarden.watch.library import rules  # noqa: PLC0415  # yaml is slow to load

    return rules(*folders)


def _report(alert: Alert, rules: Mapping[str, Rule]) -> dict[str, Any]:
    return {**Notice.of(alert, rules).report, "by": alert.by or None}


def _print(alerts: list[Alert], limit: int) -> None:
    for alert in alerts[:limit]:
        state = "" if alert.state is AlertState.OPEN else f"  ({alert.state.value})"
        click.echo(f"{alert.id}  {alert.severity.value:8}  {alert.rule}{state}")
        click.echo(f"    {shown(alert.title)}: {shown(alert.entity)}, {alert.count} events")
        click.echo(f"    {moment(alert.first)} to {moment(alert.last)}")
    left = len(alerts) - limit
    click.echo(f"and {left} more; --limit shows them" if left > 0 else f"{len(alerts)} alerts")

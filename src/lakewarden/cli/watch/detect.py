"""`lakewarden watch detect`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lakewarden.cli.options import json_option, together
from lakewarden.cli.settings import load_policy
from lakewarden.cli.watch.common import ASKED, FOLDERS
from lakewarden.cli.watch.engines import BY, By, Tables, events_of
from lakewarden.cli.watch.keeping import KEPT, Kept, alerts_of
from lakewarden.cli.watch.lateness import tell_of_late
from lakewarden.cli.watch.maps import MAPS, Maps, atlas_of
from lakewarden.clock import now_ms, parse_time
from lakewarden.errors import UsageError
from lakewarden.ledger.finding import Severity
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED
from lakewarden.policyfile.watching import values_of
from lakewarden.watch.sinks.notice import Notice, moment
from lakewarden.watch.sinks.story import shown

if TYPE_CHECKING:
    from lakewarden.ledger.alert import Alert
    from lakewarden.policyfile.sinks import SinkTable
    from lakewarden.watch.detect import Detected
    from lakewarden.watch.rule import Rule

_SHOWN: Final = 40
_EXIT_ERROR: Final = 1


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rules to run.

    Attributes:
        all: every rule there is, by id.
        run: those that are to be run.
    """

    all: Mapping[str, Rule]
    run: list[Rule]


@dataclass(frozen=True, slots=True)
class Look:
    """What a run looks at, and by what.

    Attributes:
        names: these rules and areas only.
        folders: folders of rules beside those that come along.
        policy_file: the policy file.
        snapshots: snapshots of the deployment.
        again: look at all events.
        as_of: the time that counts as the present.
    """

    names: tuple[str, ...]
    folders: tuple[Path, ...]
    policy_file: Path | None
    snapshots: tuple[Path, ...]
    again: bool
    as_of: str | None


_LOOK: Final = (
    click.option("--rule", "names", multiple=True, metavar="ID", help="This rule or area only."),
    FOLDERS,
    ASKED,
    click.option(
        "--snapshot",
        "snapshots",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A snapshot of the deployment, for what events do not say. Repeatable.",
    ),
    click.option("--again", is_flag=True, help="Look at all events, not only at what is new."),
    click.option("--as-of", metavar="TIME", help="The time that counts as the present, ISO 8601."),
)


@click.command()
@partial(together, name="by", group=By, options=BY)
@partial(together, name="kept", group=Kept, options=KEPT)
@partial(together, name="look", group=Look, options=_LOOK)
@partial(together, name="maps", group=Maps, options=MAPS)
@click.option(
    "--send/--no-send",
    default=True,
    help="Tell the [[sinks]] of the policy file of what waits for them, or not.",
)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="Exit with 3 when an alert this severe is new, got worse, or opened again.",
)
@json_option
def command(
    *,
    by: By,
    kept: Kept,
    look: Look,
    maps: Maps,
    send: bool,
    fail_on: str | None,
    style: str,
) -> int:
    """Run the rules over what is new, in the event tables or in a table of Databricks.

    A rule looks at every event once, and again at those that later ones may explain; running it
    twice changes nothing. Rules that cannot tell anything here are listed with the reason. Sinks of
    the policy file are told of what is new; exit code 1 when one of them took less than all.
    """
    from lakewarden.watch.alert_table import Run  # noqa: PLC0415  # slow to load
    from lakewarden.watch.detect import Watch, detect  # noqa: PLC0415  # likewise
    from lakewarden.watch.site import Site  # noqa: PLC0415  # likewise

    chosen = _chosen(look.names, look.folders)
    policy = load_policy(look.policy_file)
    if send and style == "json":
        _insist_apart(policy.sinks)
    values = values_of(policy)
    tables, known = _beside(look.snapshots)
    site, atlas = Site(values, str(values["timezone"])), atlas_of(maps, policy)
    with events_of(by, tables, policy) as events, alerts_of(kept, by, policy) as keeping:
        present = _present(look.as_of)
        seen = look.again and not look.names
        late = tell_of_late(events, keeping.alerts, again=seen, now=present)
        with late, _progress(len(chosen.run)) as progress:
            watch = Watch(chosen.run, site, present, atlas, known, progress)
            done = detect(events, keeping.alerts, watch, again=look.again)
        keeping.keep(Run(events.name, chosen.run, done.idle, watch.now))
        (_print_json if style == "json" else _print)(done, chosen.all)
        if send and not keeping.tell(policy.sinks, chosen.all):
            return _EXIT_ERROR
    news = (*_waiting(done.noted.new), *done.noted.worse)
    worst = max((alert.severity.rank for alert in news), default=-1)
    return EXIT_FAILED if fail_on and worst >= Severity(fail_on).rank else EXIT_CLEAN


def _chosen(names: tuple[str, ...], folders: tuple[Path, ...]) -> Chosen:
    from lakewarden.watch.library import chosen, places, rules  # noqa: PLC0415  # yaml is slow

    every = rules(*folders)
    run = chosen(every, names)
    if folders:
        own = places(*folders).keys() - places().keys()
        _say_what_is_blind(rule for rule in run if rule.id in own)
    return Chosen(every, run)


def _say_what_is_blind(rules: Iterable[Rule]) -> None:
    """Say of rules of one's own what they wait for that nobody records: they find nothing."""
    from lakewarden.watch.lint import blind  # noqa: PLC0415  # slow to load

    for rule in rules:
        for what in blind(rule):
            click.echo(f"rule {rule.id}: {what}", err=True)


def _insist_apart(sinks: Sequence[SinkTable]) -> None:
    """Refuse to mix the report with lines of a sink.

    Raises:
        UsageError: a sink writes to standard output as well.
    """
    for sink in sinks:
        if sink.options.get("file") == "-":
            raise UsageError(
                f"sink {sink.name} writes to standard output, where the report is to be",
                next_step="Give --no-send, or name a file for it in lakewarden.toml",
            )


def _beside(snapshots: tuple[Path, ...]) -> tuple[Tables, str]:
    """Return what snapshots tell beside the events, and what tells them from others."""
    if not snapshots:
        return {}, ""
    from lakewarden.store.snapshots import DiskSnapshot  # noqa: PLC0415  # only when asked
    from lakewarden.watch.lists import digest_of, rows_of  # noqa: PLC0415  # likewise

    rows = list(rows_of(DiskSnapshot.open(folder) for folder in snapshots))
    return {"ip_lists": rows}, digest_of(rows)


def _present(as_of: str | None) -> int:
    """Return the time that counts as the present, Unix time in ms."""
    if as_of is None:
        return now_ms()
    try:
        return int(parse_time(as_of).timestamp() * 1000)
    except ValueError:
        raise UsageError(
            f"{as_of!r} is no time", next_step="Write it as 2026-11-27T20:00:00Z"
        ) from None


def _waiting(alerts: Iterable[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.waits]


def _print(done: Detected, rules: Mapping[str, Rule]) -> None:
    noted = done.noted
    new, more = _waiting(noted.new), _waiting(noted.grown)
    for alert in (*new, *more)[:_SHOWN]:
        grown = " (more of it)" if alert in more else ""
        click.echo(f"{alert.id}  {alert.severity.value:8}  {alert.rule}{grown}")
        click.echo(f"    {shown(alert.title)}: {shown(alert.entity)}, {alert.count} events")
        click.echo(f"    {moment(alert.first)} to {moment(alert.last)}")
        click.echo(f"    Do: {rules[alert.rule].spec['response']['do'].strip()}")
    left = len(new) + len(more) - _SHOWN
    if left > 0:
        click.echo(f"and {left} more; `lakewarden watch alerts list` shows them")
    click.echo(
        f"{len(new)} new alerts, {len(more)} grown, {len(noted.withdrawn)} withdrawn, "
        f"{len(noted.new) - len(new)} suppressed. "
        f"{done.fresh} events; {done.ran} rules looked at them, {done.quiet} had nothing new."
    )
    if done.idle:
        click.echo(f"{len(done.idle)} rules cannot tell anything here:")
        for why in sorted(set(done.idle.values())):
            mine = sorted(rule for rule, reason in done.idle.items() if reason == why)
            click.echo(f"    {why}: {', '.join(mine)}")


def _print_json(done: Detected, rules: Mapping[str, Rule]) -> None:
    noted = done.noted
    new, more = _waiting(noted.new), _waiting(noted.grown)
    report = {
        "alerts": [Notice.of(alert, rules).report for alert in (*new, *more)],
        "new": len(new),
        "grown": len(more),
        "suppressed": len(noted.new) - len(new),
        "withdrawn": [alert.id for alert in noted.withdrawn],
        "events": done.fresh,
        "ran": done.ran,
        "quiet": done.quiet,
        "idle": dict(sorted(done.idle.items())),
    }
    click.echo(json.dumps(report, indent=2))


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """Show on standard error which rule is run, when that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  # only on a terminal
    from rich.progress import Progress as Bar  # noqa: PLC0415  # likewise

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking", total=total)
        yield lambda rule: bar.update(task, advance=1, description=rule)

"""`lakewarden watch rules`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lakewarden.cli.options import json_option, together
from lakewarden.cli.settings import load_policy
from lakewarden.cli.watch.common import ASKED, FOLDERS
from lakewarden.cli.watch.lakes import lake_options, open_lake
from lakewarden.cli.watch.maps import Maps, atlas_of
from lakewarden.errors import UsageError
from lakewarden.events.columns import Source
from lakewarden.ledger.finding import Severity
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED
from lakewarden.policyfile.watching import declared, values_of, written
from lakewarden.watch.sinks.notice import moment

if TYPE_CHECKING:
    from lakewarden.watch.detect import Watch
    from lakewarden.watch.rule import Rule

_DAY: Final = len("2026-11-27")
_PIPED: Final = 220
"""Columns for a reader that is a program: a line for each rule."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rules to list, and for whom.

    Attributes:
        areas: of these areas only.
        source: of this source only.
        severity: at least this severe.
        folders: folders of rules beside those that come along.
        policy_file: the policy file.
    """

    areas: tuple[str, ...]
    source: str | None
    severity: str | None
    folders: tuple[Path, ...]
    policy_file: Path | None

    def meets(self, rule: Rule) -> bool:
        """Return whether a rule is wanted."""
        return (
            (not self.areas or rule.id.partition(".")[0] in self.areas)
            and (self.source is None or self.source in rule.sources)
            and (self.severity is None or rule.severity.rank >= Severity(self.severity).rank)
        )


_WANTED: Final = (
    click.option("--area", "areas", multiple=True, help="Of this area only. Repeatable."),
    click.option(
        "--source", type=click.Choice([each.value for each in Source]), help="Of this source only."
    ),
    click.option(
        "--severity",
        type=click.Choice([each.value for each in Severity]),
        help="At least this severe.",
    ),
    FOLDERS,
    ASKED,
)


@click.command()
@click.argument("identity", metavar="[RULE]", required=False)
@partial(together, name="wanted", group=Wanted, options=_WANTED)
@click.option("--site", is_flag=True, help="List the site values that rules ask for instead.")
@click.option("--seen", is_flag=True, help="Say when the actions of each rule were last seen.")
@click.option(
    "--lint",
    "linted",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Say what is wrong about the rules of a folder instead.",
)
@lake_options
@json_option
def command(
    *,
    identity: str | None,
    wanted: Wanted,
    site: bool,
    seen: bool,
    linted: Path | None,
    url: str | None,
    aws_profile: str | None,
    style: str,
) -> int:
    """List the rules, with what each needs and whether it can tell anything here.

    RULE shows one in full. `--seen` reads the event tables: a rule whose actions were never seen
    has never had a chance. Exit code 3 when `--lint` finds anything.
    """
    if linted is not None:
        return _lint(linted, style)
    every = [rule for rule in _rules(wanted.folders) if wanted.meets(rule)]
    watch = _watch(wanted.policy_file)
    if site:
        _show(style, "values", list(_values(every, watch)), _VALUE)
        return EXIT_CLEAN
    if identity is not None:
        every = [_named(identity, every)]
    events = _seen(url, aws_profile) if seen else None
    entries = [_described(rule, watch, events) for rule in every]
    if identity is not None and style != "json":
        _explain(every[0], entries[0])
        return EXIT_CLEAN
    _show(style, "rules", entries, {**_RULE, **(_SEEN if seen else {})})
    return EXIT_CLEAN


def _rules(folders: tuple[Path, ...]) -> list[Rule]:
    from lakewarden.watch.library import rules  # noqa: PLC0415  # yaml is slow to load

    return list(rules(*folders).values())


def _named(identity: str, every: Sequence[Rule]) -> Rule:
    found = [rule for rule in every if rule.id == identity]
    if not found:
        raise UsageError(
            f"there is no rule {identity}", next_step="`lakewarden watch rules` lists them"
        )
    return found[0]


def _watch(policy_file: Path | None) -> Watch:
    from lakewarden.watch.detect import Watch  # noqa: PLC0415  # slow to load
    from lakewarden.watch.site import Site  # noqa: PLC0415  # likewise

    policy = load_policy(policy_file)
    values, atlas = values_of(policy), atlas_of(Maps.from_environment(), policy)
    return Watch((), Site(values, str(values["timezone"])), 0, atlas)


def _seen(url: str | None, aws_profile: str | None) -> list[tuple[Any, ...]]:
    from lakewarden.store.lake.watched import LakeEvents  # noqa: PLC0415  # duckdb is slow to load
    from lakewarden.watch.coverage import SEEN  # noqa: PLC0415  # likewise

    with LakeEvents(open_lake(url, aws_profile), {}).opened(None) as engine:
        return engine.rows(SEEN)


def _described(rule: Rule, watch: Watch, events: list[tuple[Any, ...]] | None) -> dict[str, Any]:
    from lakewarden.watch.coverage import last_seen  # noqa: PLC0415  # slow to load

    idle = watch.idle(rule)
    entry: dict[str, Any] = {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "kind": rule.kind,
        "sources": [source.value for source in rule.sources],
        "needs": list(rule.spec.get("needs", ())),
        "requires": [written(name) for name in rule.requires],
        "active": not idle,
        "idle": idle or None,
        "unconfirmed": " ".join(rule.unconfirmed.split()) or None,
        "attack": list(rule.spec["attack"]),
        "paper": list(rule.spec["paper"]),
    }
    if events is not None:
        times = last_seen(rule, watch.site, events)
        entry["seen"] = {name: time and moment(time)[:_DAY] for name, time in times.items()}
    return entry


def _values(every: Iterable[Rule], watch: Watch) -> Iterator[dict[str, Any]]:
    """Yield the site values that some rules ask for."""
    from lakewarden.watch.site import asked_of  # noqa: PLC0415  # slow to load

    by: dict[str, set[str]] = {}
    for rule in every:
        for name in asked_of(rule.spec):
            by.setdefault(name, set()).add(rule.id)
    for place, group in groupby(sorted(by, key=lambda name: (written(name), name)), key=written):
        first, *others = group
        one = declared().get(first)
        yield {
            "name": place,
            "value": watch.site.values[first],
            "given": not watch.site.empty(first),
            "type": one.type if one else None,
            "about": one.about if one else None,
            "rules": sorted(by[first].union(*(by[other] for other in others))),
        }


def _lint(folder: Path, style: str) -> int:
    from lakewarden.watch.lint import of_folder  # noqa: PLC0415  # slow to load

    found = list(of_folder(folder))
    if style == "json":
        click.echo(json.dumps([{"file": str(f), "what": what} for f, what in found], indent=2))
    else:
        for file, what in found:
            click.echo(f"{file}: {what}")
        click.echo(f"{len(found)} faults" if found else "Nothing is wrong.")
    return EXIT_FAILED if found else EXIT_CLEAN


def _explain(rule: Rule, entry: Mapping[str, Any]) -> None:
    spec = rule.spec
    lines = [
        f"{rule.id}: {rule.title}",
        "",
        " ".join(str(spec["why"]).split()),
        "",
        f"Severity     {rule.severity.value}",
        f"Kind         {rule.kind}, over {', '.join(entry['sources'])}",
        f"Paper        {' '.join(entry['paper'])}",
        f"ATT&CK       {' '.join(entry['attack']) or '-'}",
        f"Needs        {', '.join(entry['needs']) or '-'}",
        f"Here         {entry['idle'] or 'active'}",
        *([f"Unconfirmed  {entry['unconfirmed']}"] if entry["unconfirmed"] else []),
        *(f"Seen         {name} {day or 'never'}" for name, day in entry.get("seen", {}).items()),
        "",
        "Fires for nothing when",
        *(f"  {' '.join(str(text).split())}" for text in spec["false_positives"]),
        "",
        "What to do",
        f"  {' '.join(str(spec['response']['do']).split())}",
        *([f"  Runbook  {spec['response']['runbook']}"] if "runbook" in spec["response"] else []),
    ]
    click.echo("\n".join(lines))


_Column = Callable[[Mapping[str, Any]], str]
_RULE: Final[Mapping[str, _Column]] = {
    "Rule": lambda e: e["id"],
    "Severity": lambda e: e["severity"],
    "Kind": lambda e: e["kind"],
    "Finds": lambda e: e["title"],
    "Needs": lambda e: " ".join(e["needs"]),
    "Here": lambda e: "active" if e["active"] else e["idle"],
    "Unconfirmed": lambda e: "yes" if e["unconfirmed"] else "",
}
_SEEN: Final[Mapping[str, _Column]] = {
    "Seen": lambda e: max(filter(None, e["seen"].values()), default="never"),
}
_VALUE: Final[Mapping[str, _Column]] = {
    "Value": lambda e: e["name"],
    "Type": lambda e: e["type"] or "",
    "Is": lambda e: json.dumps(e["value"]) if e["given"] else "not set",
    "What it is": lambda e: e["about"] or "",
    "Rules": lambda e: str(len(e["rules"])),
}


def _show(
    style: str, name: str, entries: list[dict[str, Any]], columns: Mapping[str, _Column]
) -> None:
    if style == "json":
        click.echo(json.dumps({name: entries}, indent=2))
        return
    from rich.console import Console  # noqa: PLC0415  # tables only
    from rich.table import Table  # noqa: PLC0415  # likewise
    from rich.text import Text  # noqa: PLC0415  # likewise

    table = Table(box=None)
    for head in columns:
        table.add_column(head, no_wrap=head in {"Rule", "Severity", "Value", "Seen"})
    for entry in entries:
        table.add_row(*(Text(read(entry)) for read in columns.values()))
    Console(width=None if sys.stdout.isatty() else _PIPED).print(table)
    idle = sum(not entry.get("active", True) for entry in entries)
    click.echo(f"{len(entries)} {name}" + (f", {idle} cannot tell anything here" if idle else ""))

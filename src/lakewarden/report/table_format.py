"""An assessment for a terminal, or for the log of a pipeline: worst first, and short."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lakewarden.clock import parse_time
from lakewarden.ledger.finding import Finding, Verdict
from lakewarden.report.board import Board, Group, lay_out
from lakewarden.report.view import WORST_FIRST, Report, visible

SAMPLES: Final = 8
UNREAD: Final = 10
_PIPE_WIDTH: Final = 120
_STYLES: Final = {
    Verdict.FAIL: "bold red",
    Verdict.UNKNOWN: "bold yellow",
    Verdict.WAIVED: "magenta",
    Verdict.ATTESTED: "cyan",
    Verdict.PASS: "green",
    Verdict.NOT_APPLICABLE: "dim",
}


def write(report: Report, stream: TextIO) -> None:
    """Write the terminal report; colours only when the stream is a terminal."""
    width = None if stream.isatty() else _PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    board = lay_out(report, SAMPLES)
    with console.capture() as written:
        _headline(console, report)
        _sections(console, board)
        for group in board.groups:
            if group.open:
                _group(console, report, group)
        _lines(console, "Not read", report.unread)
        _lines(console, "Limits looser than the default", report.loosened)
    stream.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())


def _headline(console: Console, report: Report) -> None:
    run = report.run
    taken = f"{parse_time(run.taken).astimezone(UTC):%Y-%m-%d %H:%M} UTC" if run.taken else "never"
    console.print(
        _line(f"Account {run.account_id or 'not read'}, posture {run.posture}, read {taken}")
    )
    names = ", ".join(_line(name) for name in run.workspaces.values())
    console.print(f"Workspaces: {names or 'none read'}")
    console.print(_counts(report.tally.by_verdict) or "No findings", "", sep="\n")


def _sections(console: Console, board: Board) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column()
    for state in board.judged:
        grid.add_row(state.section.id, state.section.title, _counts(state.counts))
    console.print(grid)


def _group(console: Console, report: Report, group: Group) -> None:
    card = group.card
    console.print()
    about = f"  {card.severity}, {', '.join(card.paper)}: {_line(card.title)}"
    console.print(Text.assemble((card.id, "bold"), about))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(max_width=40, overflow="fold")
    grid.add_column(overflow="fold")
    for finding in group.open:
        verdict = Text(finding.verdict.value, _STYLES[finding.verdict])
        grid.add_row(verdict, _subject(report, finding), _reason(finding))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    if group.open_left_out:
        console.print(f"  and {group.open_left_out} more: --format json lists them")
    console.print(Padding(Text(f"Next: {_next(group)}", "italic"), (0, 0, 0, 2), expand=False))


def _reason(finding: Finding) -> str:
    """Return why, and where it is written when that is known."""
    return _line(f"{finding.reason} ({finding.location})" if finding.location else finding.reason)


def _next(group: Group) -> str:
    """Return what to do: the fix, or the permissions to grant when all is unknown."""
    if group.worst is Verdict.FAIL:
        return _line(group.card.fix)
    needs = dict.fromkeys(need for finding in group.open for need in finding.needs)
    return _line(f"grant {', '.join(needs)}" if needs else group.open[0].fix or group.card.fix)


def _subject(report: Report, finding: Finding) -> str:
    place = report.place(finding.subject)
    where = f" in {place}" if place and finding.subject.kind != "workspace" else ""
    name = finding.subject.name or finding.subject.id
    kind = "" if name == finding.subject.kind else f"{finding.subject.kind} "
    return _line(f"{kind}{name}{where}")


def _counts(counts: Mapping[str, int]) -> Text:
    parts = [
        (f"{verdict.value} {counts[verdict.value]}", _STYLES[verdict])
        for verdict in WORST_FIRST
        if counts.get(verdict.value)
    ]
    return Text("  ").join(Text(*part) for part in parts)


def _lines(console: Console, heading: str, lines: tuple[str, ...]) -> None:
    if not lines:
        return
    console.print(f"\n{heading}")
    for line in lines[:UNREAD]:
        console.print(f"  {_line(line)}")
    if len(lines) > UNREAD:
        console.print(f"  and {len(lines) - UNREAD} more")


def _line(text: str) -> str:
    """Return a text that stays on its line, whatever is in it."""
    return visible(text).replace("\n", "\\n")

"""An assessment as one HTML page that asks nothing of any network.

Style and script stand inside the page and are allowed by their hashes alone, so nothing that a
deployment puts into a name can become either. The page works without its script.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from importlib.resources import files
from typing import Any, Final, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lakewarden.clock import parse_time
from lakewarden.ledger.finding import Severity, Verdict
from lakewarden.paper.paper import paper
from lakewarden.report.board import Board, Group, lay_out
from lakewarden.report.view import WORST_FIRST, Report, all_six, visible

_WORST_SHOWN: Final = 5
_LONGEST_VALUE: Final = 2000
_MEANINGS: Final = {
    Verdict.FAIL: ("does not hold", "The facts were read and contradict the control."),
    Verdict.UNKNOWN: (
        "could not be read",
        "Something that the control needs could not be read, so nothing is concluded.",
    ),
    Verdict.WAIVED: (
        "accepted for now",
        "It fails, and the policy file accepts that until a date, for a reason, with an owner.",
    ),
    Verdict.ATTESTED: (
        "vouched for",
        "A named person vouches for it until a date, and no fact that was read contradicts them.",
    ),
    Verdict.PASS: ("holds", "The facts were read and they meet the control."),
    Verdict.NOT_APPLICABLE: (
        "does not apply",
        "There is nothing to judge here, or the pricing tier has no such feature.",
    ),
}


def write(report: Report, stream: TextIO) -> None:
    """Write the page; findings beyond `board.SAMPLES` a control are counted, not listed."""
    board = lay_out(report)
    style, script = _asset("page.css"), _asset("page.js")
    page = _environment(report).get_template("page.html.j2")
    chunks = page.generate(
        report=report,
        run=report.run,
        board=board,
        paper=paper(),
        totals=all_six(report.tally.by_verdict),
        headline=_headline(report),
        worst=_worst(board),
        meanings=_MEANINGS,
        style=style,
        script=script,
        policy=_content_policy(style, script),
    )
    stream.writelines(chunks)


def _environment(report: Report) -> Environment:
    environment = Environment(
        loader=PackageLoader("lakewarden.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(value=_value, moment=_moment, words=_words)
    environment.globals.update(bar=_bar, place=report.place, verdicts=WORST_FIRST)
    return environment


def _finalize(value: Any) -> Any:
    """Show what would otherwise act on the text around it; markup of our own stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> Markup:
    """Return a style or script of ours as it will stand in the page."""
    return Markup(files(__package__).joinpath("templates", name).read_text("utf-8"))  # noqa: S704  # our own file


def _content_policy(style: str, script: str) -> str:
    """Return a policy that allows the two inline assets and the inline icon, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _headline(report: Report) -> str:
    """Return the state of the deployment in one sentence."""
    tally = report.tally
    failed, unknown = (tally.by_verdict[v.value] for v in (Verdict.FAIL, Verdict.UNKNOWN))
    grave = [
        f"{tally.failed_by_severity[severity]} {severity}"
        for severity in (Severity.CRITICAL, Severity.HIGH)
        if tally.failed_by_severity[severity]
    ]
    parts = []
    if failed:
        parts.append(
            f"{failed} failure{'s' * (failed != 1)}" + f" ({', '.join(grave)})" * bool(grave)
        )
    if unknown:
        parts.append(f"{unknown} question{'s' * (unknown != 1)} without an answer")
    if parts:
        return " and ".join(parts)
    return "Nothing fails, nothing is unknown" if tally.by_verdict else "Nothing was judged"


def _worst(board: Board) -> tuple[Group, ...]:
    """Return the gravest failed controls, or the gravest unknown ones when none failed."""
    failed = tuple(g for g in board.groups if g.worst is Verdict.FAIL)
    return (failed or tuple(g for g in board.groups if g.open))[:_WORST_SHOWN]


def _bar(counts: Mapping[str, int], width: int = 100) -> list[tuple[Verdict, float, float]]:
    """Return a stacked bar: verdict, start and width of each part that is not empty."""
    total = sum(counts.values())
    parts, start = [], 0.0
    for verdict in WORST_FIRST:
        if count := counts.get(verdict.value, 0):
            size = count * width / total
            parts.append((verdict, round(start, 2), round(size, 2)))
            start += size
    return parts


def _value(value: Any) -> str:
    """Write a fact as JSON, cut where it is longer than anybody reads on a page."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"{text[:_LONGEST_VALUE]}… ({len(text)} characters; the JSON format has all)"


def _moment(text: str) -> str:
    """Write an ISO 8601 time for people, in UTC."""
    if not text:
        return "unknown"
    moment = parse_time(text).astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _words(name: str) -> str:
    """Write an identifier as words: NOT_APPLICABLE as `not applicable`."""
    return name.replace("_", " ").lower()

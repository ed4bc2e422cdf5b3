"""`lakewarden hunt`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Final

import click

from lakewarden.cli.hunted import Scope, scope_options, source_of
from lakewarden.cli.options import Deployment, deployment_options
from lakewarden.clock import Clock
from lakewarden.errors import UsageError
from lakewarden.hunt.baseline import Accepted, Sifted, parse, sift, written
from lakewarden.hunt.detector import Detector
from lakewarden.hunt.finding import Key, Result, key_at
from lakewarden.hunt.hunting import hunt
from lakewarden.hunt.report import write_json, write_table
from lakewarden.hunt.rule import Rule, library
from lakewarden.hunt.rule import parse as parse_rules
from lakewarden.hunt.sarif import write as write_sarif
from lakewarden.hunt.scanners import scanner
from lakewarden.hunt.trying import failure
from lakewarden.ledger.finding import Severity
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED, EXIT_INCOMPLETE
from lakewarden.store.home import expanded, state_folder

_BASELINE: Final = Path("lakewarden-hunt.toml")
_TICK: Final = 0.5
"""Seconds between two counts on a terminal."""


@click.command()
@click.argument("target", default=".")
@scope_options
@deployment_options
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help=f"What is accepted; {_BASELINE} in this folder when it is there.",
)
@click.option(
    "--rules",
    "own",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file of further rules. Repeatable.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "sarif", "baseline"]),
    default="table",
    show_default=True,
)
@click.option(
    "--fail-on",
    type=click.Choice([s.value for s in Severity]),
    default=Severity.LOW.value,
    show_default=True,
    help="The least severity at which a finding makes the exit code 3.",
)
def command(
    target: str,
    scope: Scope,
    deployment: Deployment,
    baseline: Path | None,
    own: tuple[Path, ...],
    style: str,
    fail_on: str,
) -> int:
    """Look for secrets in the clear.

    TARGET is a file, a folder, - for standard input, a backup, or live for a workspace. Secrets are
    never shown or kept; a keyed hash tells one from another. Exits with 0 when none is found, 3
    when one is, and 4 when none is found and something could not be read.
    """
    rules = _rules(own)
    key = key_at(_key_file())
    accepted = _accepted(baseline, key)
    detector = Detector(rules, scanner(rules, _cache()))
    with source_of(target, scope, deployment) as source, _progress() as told:
        result = hunt(source, detector, key, told)
    sifted = sift(result.findings, accepted, Clock().now().astimezone(UTC).date())
    _write(result, sifted, rules, key, style)
    if any(f.severity.rank >= Severity(fail_on).rank for f in sifted.open):
        return EXIT_FAILED
    return EXIT_INCOMPLETE if result.unread else EXIT_CLEAN


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Count documents on standard error, when it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    shown = 0.0

    def told(count: int) -> None:
        nonlocal shown
        if time.monotonic() - shown > _TICK:
            shown = time.monotonic()
            click.echo(f"\r{count} documents", nl=False, err=True)

    try:
        yield told
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


def _write(result: Result, sifted: Sifted, rules: tuple[Rule, ...], key: Key, style: str) -> None:
    if style == "sarif":
        write_sarif(result, sifted, rules, sys.stdout)
    elif style == "baseline":
        click.echo(written(sifted.open, key.id, result.unread), nl=False)
    else:
        write = write_json if style == "json" else write_table
        write(result, sifted, sys.stdout)


def _rules(own: tuple[Path, ...]) -> tuple[Rule, ...]:
    """Return the rules of the package and of the files that a user named.

    Raises:
        UsageError: a file cannot be read, or one of its rules is there already or fails.
    """
    rules = list(library())
    for file in own:
        for rule in parse_rules(_text(file), str(file)):
            if any(rule.id == other.id for other in rules):
                raise UsageError(f"there is a rule {rule.id} already", where=str(file))
            if what := failure(rule):
                raise UsageError(f"the rule {rule.id} {what}", where=str(file))
            rules.append(rule)
    return tuple(rules)


def _accepted(file: Path | None, key: Key) -> tuple[Accepted, ...]:
    if file is None:
        if not _BASELINE.exists():
            return ()
        file = _BASELINE
    return parse(_text(file), str(file), key.id)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(
            f"cannot be read ({what})", where=str(file), next_step="Check its name and rights"
        ) from None


def _key_file() -> Path:
    named = os.environ.get("LAKEWARDEN_HUNT_KEY")
    return expanded(named) if named else state_folder() / "hunt.key"


def _cache() -> Path:
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "lakewarden"

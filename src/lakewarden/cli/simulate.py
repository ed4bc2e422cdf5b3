"""`lakewarden simulate`."""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import click

from lakewarden.cli.simulation import environment, start


def _drawn(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    seed, _, count = text.partition(":")
    if not (seed.isdigit() and count.isdigit() and int(count)):
        raise click.BadParameter(f"{text!r} is not SEED:N, as in 7:500")
    return int(seed), int(count)


@click.command()
@click.option("--world", default="typical", show_default=True, help="The world to serve.")
@click.option("--port", type=click.IntRange(0, 65_000), default=0, help="First port; 0 for any.")
@click.option("--aws-port", type=click.IntRange(0, 65_535), default=0, help="AWS port; 0 for any.")
@click.option(
    "--audit-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Deliver audit logs to this folder.",
)
@click.option(
    "--cloudtrail-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Deliver what CloudTrail records to this folder; what is left over, when it ends.",
)
@click.option(
    "--latency",
    "latency_ms",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Milliseconds before each answer.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="SPEC",
    help="'METHOD PATH_GLOB=[page2:]401|403|404|429|429-bare|500|timeout|reset|truncate|drop:FIELD"
    "[@20%[#SEED]]'. May be repeated.",
)
@click.option(
    "--request-log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write each request to this file, as JSON lines.",
)
@click.option("--scale", type=click.IntRange(min=1), help="Add this many generated objects.")
@click.option(
    "--notebooks",
    type=click.IntRange(min=1),
    help="Add this many notebooks to the first workspace.",
)
@click.option(
    "--random",
    "drawn",
    metavar="SEED:N",
    callback=lambda _context, _option, text: _drawn(text),
    help="Add about N objects of all kinds to the first workspace; they follow from SEED.",
)
@click.option("--standby", is_flag=True, help="Add an empty workspace in another region.")
@click.option(
    "--rate-limits",
    type=click.FloatRange(min=0, min_open=True),
    is_flag=False,
    flag_value=1.0,
    metavar="[FACTOR]",
    help="Answer 429 beyond the documented limits, or this many times as many calls.",
)
@click.option(
    "--retry-after/--no-retry-after",
    default=True,
    help="Whether such a 429 says when to come again.",
)
def command(world: str, audit_dir: Path | None, **options: Any) -> None:
    """Serve a simulated deployment in the foreground.

    Prints the environment that points any client at it, then serves until it is interrupted. It
    listens on this machine only.
    """
    with tempfile.TemporaryDirectory(prefix="lakewarden-audit-") as scratch:
        events = audit_dir or Path(scratch)
        running = start(world, events, **options)
        with running:
            for name, value in environment(running, world, events).items():
                click.echo(f"export {name}={shlex.quote(value)}")
            sys.stdout.flush()
            _until_interrupted()


def _until_interrupted() -> None:
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()

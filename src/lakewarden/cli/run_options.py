"""Options of the commands that change something, and what they are read into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

from lakewarden.cli.options import together

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Run:
    """How a run is to be carried out.

    Attributes:
        store: the address of the store; None for that of this user.
        yes: carry it out without asking.
        dry_run: show what would be done, and do nothing.
        break_lock: take the account from a run that is certainly dead.
    """

    store: str | None
    yes: bool
    dry_run: bool
    break_lock: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is allowed in so many words.

    Attributes:
        allow_permanent: to switch on what the platform never lets anybody switch off again.
        allow_irreversible: to do what cannot be undone.
    """

    allow_permanent: bool
    allow_irreversible: bool


NOTHING_ALLOWED: Final = Allowed(allow_permanent=False, allow_irreversible=False)

_ALLOWED: Final = (
    click.option(
        "--allow-permanent",
        is_flag=True,
        help="Switch on what the platform never lets anybody switch off again.",
    ),
    click.option("--allow-irreversible", is_flag=True, help="Do what cannot be undone as well."),
)

_CALLER: Final = click.option(
    "--caller-address",
    "addresses",
    multiple=True,
    envvar="LAKEWARDEN_CALLER_ADDRESS",
    metavar="ADDRESS",
    help="Where your calls come from, as the platform sees it; else the audit logs are asked. "
    "May be repeated.",
)

_RUN: Final = (
    click.option(
        "--store",
        envvar="LAKEWARDEN_STORE",
        metavar="URL",
        help="The database of the journal; a file of this user unless given.",
    ),
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing."),
    click.option(
        "--break-lock", is_flag=True, help="Take the account from a run that is certainly dead."
    ),
)


def run_options(command: F) -> F:
    """Add the options of a run, as one `run` argument, and `--caller-address`."""
    return _CALLER(together(command, "run", Run, _RUN))


def allowed_options(command: F) -> F:
    """Add the options that allow what cannot be taken back, as one `allowed` argument."""
    return together(command, "allowed", Allowed, _ALLOWED)

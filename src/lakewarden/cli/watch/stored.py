"""What the commands about stored alerts share: the store, who acts, times as people write them."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

import click

from lakewarden.clock import now_ms, parse_time
from lakewarden.store.alerts import Alerts
from lakewarden.store.database import default_url

F = TypeVar("F", bound=Callable[..., Any])

_DATE: Final = len("2026-11-27")
_LONGEST: Final = 36_500 * 86_400_000
"""The longest span of time, a hundred years."""


def store_option(command: F) -> F:
    """Add `--store`; the command gets the address, that of this user where none is given."""
    return click.option(
        "--store",
        envvar="LAKEWARDEN_STORE",
        metavar="URL",
        callback=lambda _context, _parameter, given: given or default_url(),
        help="The database of alerts; a file of this user unless given.",
    )(command)


def by_option(command: F) -> F:
    """Add `--by`; the command gets the user's name where none is given."""
    return click.option(
        "--by",
        metavar="NAME",
        callback=lambda _context, _parameter, given: given or getpass.getuser(),
        help="Who does it; the user of this process unless given.",
    )(command)


def reason_option(command: F) -> F:
    """Add `--reason`, which has to say something."""
    return click.option(
        "--reason", required=True, callback=_insisted, help="Why; it is kept with the alert."
    )(command)


def _insisted(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    if not given.strip():
        raise click.BadParameter("says nothing")
    return given


@contextmanager
def opened(store: str) -> Iterator[Alerts]:
    """Open the alerts of a store, for the length of a block.

    Raises:
        StoreError: it cannot be opened.
    """
    alerts = Alerts.open(store)
    try:
        yield alerts
    finally:
        alerts.close()


def since(_: click.Context, __: click.Parameter, given: str | None) -> int | None:
    """Return a time in the past, given as one or as `24h` before now, in ms.

    Raises:
        click.BadParameter: it is neither.
    """
    if given is None:
        return None
    ago = _span(given)
    return now_ms() - ago if ago is not None else _moment(given, last=False)


def until(_: click.Context, __: click.Parameter, given: str | None) -> int | None:
    """Return the last moment of a time, or of a day, in ms.

    Raises:
        click.BadParameter: it is none.
    """
    return None if given is None else _moment(given, last=True)


def span(_: click.Context, __: click.Parameter, given: str | None) -> int | None:
    """Return a span of time, `7d`, in ms.

    Raises:
        click.BadParameter: it is none.
    """
    if given is None:
        return None
    found = _span(given)
    if found is None:
        what = "is no span of time of up to 36500d; write it like 24h or 7d"
        raise click.BadParameter(f"{given!r} {what}")
    return found


def _span(given: str) -> int | None:
    from lakewarden.watch.rule import duration  # noqa: PLC0415  # only where one is given

    try:
        found = duration(given)
    except ValueError:
        return None
    return found if found <= _LONGEST else None


def _moment(given: str, *, last: bool) -> int:
    try:
        moment = parse_time(given)
        if last and len(given) == _DATE:
            moment += timedelta(days=1, milliseconds=-1)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{given!r} is no time; write it like 2026-11-27") from None

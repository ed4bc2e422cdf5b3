"""Days and numbers of days on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import click

from lakewarden.events.columns import Source

_MOST: Final = 36_500


def day(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    """Return a day as events have it.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        return date.fromisoformat(given).isoformat() if given else None
    except ValueError:
        raise click.BadParameter(f"{given!r} is no day, as in 2026-11-27") from None


def kept(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> Mapping[str, int]:
    """Return for how many days each source is kept, from entries as `vpcflow=30`.

    Raises:
        click.BadParameter: an entry is none.
    """
    found = {}
    for entry in given:
        source, _sign, days = entry.partition("=")
        if source not in set(Source) or not days.isdecimal():
            raise click.BadParameter(f"{entry!r} is not SOURCE=DAYS, as in vpcflow=30")
        if len(days) > len(str(_MOST)) or int(days) > _MOST:
            raise click.BadParameter(f"{entry!r} is more than {_MOST} days")
        found[source] = int(days)
    return found

"""How far each standby is, as `sync --status` says it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import click

from lakewarden.apply.doors import Doors
from lakewarden.assets.registry import kinds
from lakewarden.clock import parse_time
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.restore.managed import groups
from lakewarden.store.pairs import Deed, Pairs, Verb

_STANDS: Final = "stands by"


def status(pairs: Pairs, doors: Doors, style: str) -> int:
    """Say of every pair how far the standby is; return the exit code."""
    found = [_pair(deeds) for deeds in _by_pair(pairs.deeds())]
    managed = groups(doors)
    if style == "json":
        result = {"pairs": found, "failover_groups": [group.as_json() for group in managed]}
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return EXIT_CLEAN
    for pair in found:
        click.echo(
            f"{pair['source']} -> {pair['standby']}: {pair['role']}, "
            f"recovery point {said(pair['recovery_point_seconds'])}"
        )
        for kind, age in pair["kinds"].items():
            if age != pair["recovery_point_seconds"]:
                click.echo(f"    {kind}: {span(age)} ago")
        if pair["never"]:
            click.echo(f"    never as a whole: {', '.join(pair['never'])}")
    for group in managed:
        age = group.age(datetime.now(UTC))
        point = "nobody says when" if age is None else f"{span(round(age))} ago"
        click.echo(f"failover group {group.name}: {group.state}, replication point {point}")
    if not found and not managed:
        click.echo("Nothing was synced yet.")
    return EXIT_CLEAN


def point_of(pairs: Pairs, source: str, standby: str) -> int | None:
    """Return how many seconds of work would be lost; None while no kind is there as a whole."""
    found = (_pair(deeds) for deeds in _by_pair(pairs.deeds(source, standby)))
    ours = (pair for pair in found if (pair["source"], pair["standby"]) == (source, standby))
    point: int | None = next((pair["recovery_point_seconds"] for pair in ours), None)
    return point


def stands_by(pairs: Pairs, workspace: str) -> bool:
    """Return whether a workspace is the standby of another one, and has not taken over."""
    found = [_pair(deeds) for deeds in _by_pair(pairs.deeds())]
    return any(p["standby"] == workspace and p["role"] == _STANDS for p in found)


def said(point: int | None) -> str:
    """Return a recovery point as people say it."""
    return "none yet" if point is None else f"{span(point)} ago"


def _by_pair(deeds: tuple[Deed, ...]) -> list[list[Deed]]:
    found: dict[tuple[str, str], list[Deed]] = {}
    for deed in deeds:
        if deed.verb is Verb.SYNC:
            found.setdefault((deed.source, deed.target), []).append(deed)
    for deed in deeds:
        for pair in ((deed.source, deed.target), (deed.target, deed.source)):
            if deed.verb is Verb.FAILOVER and pair in found:
                found[pair].append(deed)
    return list(found.values())


def _pair(deeds: list[Deed]) -> dict[str, Any]:
    syncs = [deed for deed in deeds if deed.verb is Verb.SYNC]
    ages: dict[str, int] = {}
    for deed in syncs:
        ages |= dict.fromkeys(deed.kinds, age_of(deed.taken))
    over = [deed for deed in deeds if deed.verb is Verb.FAILOVER]
    return {
        "source": syncs[-1].source,
        "standby": syncs[-1].target,
        "role": _role(syncs[-1].target, over[-1] if over else None),
        "backup": syncs[-1].backup,
        "recovery_point_seconds": max(ages.values(), default=None),
        "kinds": ages,
        "never": [kind for kind in kinds() if kind not in ages],
    }


def _role(standby: str, last: Deed | None) -> str:
    return _STANDS if last is None or last.target != standby else f"took over at {last.at}"


def age_of(moment: str) -> int:
    """Return how many seconds ago a moment was."""
    return round(max(0.0, (datetime.now(UTC) - parse_time(moment)).total_seconds()))


def span(seconds: float) -> str:
    """Return a span of time as people say it."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s"

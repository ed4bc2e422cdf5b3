"""IP access lists of a backup are given back only where they let in whoever does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from lakewarden.estate.fact import UnreadError
from lakewarden.guards.admitted import admitted, spans_of, unrouted
from lakewarden.proofs.network.intervals import within
from lakewarden.restore.planner import Fate, Judged
from lakewarden.restore.target import TargetWorkspace

Json = Mapping[str, Any]
_LIST: Final = "ip_access_list"
_SWITCH: Final = ("workspace_conf", "enableIpAccessLists")
_TOKENS: Final = ("workspace_conf", "enableTokensConfig")
_DONE: Final = frozenset({Fate.CREATE, Fate.UPDATE})


def kept_open(
    judged: Sequence[Judged], target: TargetWorkspace, addresses: Sequence[str]
) -> list[Judged]:
    """Return judged assets without the lists and the switch that would shut out the caller.

    Args:
        judged: what is to be done.
        target: the workspace.
        addresses: where the caller's calls come from; empty where nobody knows.

    Raises:
        CallFailedError: its lists cannot be read.
    """
    judged = [_with_tokens(j, target) for j in judged]
    about = [j for j in judged if _is_about(j) and j.fate in _DONE]
    if not about:
        return list(judged)
    why = _shut(judged, target, addresses)
    if not why:
        letting_in = _letting_in(about, addresses)
        return [_after(_after_lists(j, about), letting_in) for j in judged]
    return [
        Judged(j.wanted, Fate.BLOCKED, why=why) if any(j is one for one in about) else j
        for j in judged
    ]


def _with_tokens(one: Judged, target: TargetWorkspace) -> Judged:
    """Return one that leaves tokens alone where the caller signs in with one."""
    off = (one.wanted.kind, one.wanted.key) == _TOKENS and one.wanted.spec.get("value") == "false"
    if off and one.fate in _DONE and target.catalogue.host.by_token:
        why = "it would switch off the token that you sign in with"
        return Judged(one.wanted, Fate.BLOCKED, why=why)
    return one


def _is_about(one: Judged) -> bool:
    return one.wanted.kind == _LIST or (one.wanted.kind, one.wanted.key) == _SWITCH


def _after_lists(one: Judged, about: Sequence[Judged]) -> Judged:
    """Return the switch so that it comes after the lists."""
    if (one.wanted.kind, one.wanted.key) != _SWITCH or one.fate not in _DONE:
        return one
    lists = tuple(c.address for j in about if j.wanted.kind == _LIST for c in j.changes)
    one.changes = [replace(c, follows=(*c.follows, *lists)) for c in one.changes]
    return one


def _letting_in(about: Sequence[Judged], addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses of the changes of lists by which the caller comes in."""
    mine = spans_of(address for address in addresses if not unrouted(address))
    specs = ((j, j.wanted.spec) for j in about if j.wanted.kind == _LIST)
    allowing = (
        j for j, spec in specs if spec.get("list_type") == "ALLOW" and spec.get("enabled", True)
    )
    found = (j for j in allowing if within(mine, admitted([j.wanted.spec], switched_on=True)))
    return tuple(change.address for j in found for change in j.changes)


def _after(one: Judged, letting_in: Sequence[str]) -> Judged:
    """Return a list so that it comes after those: where lists count, no other may come first."""
    if one.wanted.kind == _LIST and not any(c.address in letting_in for c in one.changes):
        one.changes = [replace(c, follows=(*c.follows, *letting_in)) for c in one.changes]
    return one


def _shut(judged: Sequence[Judged], target: TargetWorkspace, addresses: Sequence[str]) -> str:
    """Return why lists and switch would shut the caller out; empty when they do not."""
    lists = {h.key: dict(h.raw) for h in target.catalogue.all(_LIST)}
    held = target.catalogue.held(*_SWITCH)
    switch = held.raw.get("value") if held else "false"
    for one in judged:
        if one.fate in _DONE and one.wanted.kind == _LIST:
            lists[one.wanted.key] = dict(one.wanted.spec)
        if one.fate in _DONE and (one.wanted.kind, one.wanted.key) == _SWITCH:
            switch = one.wanted.spec.get("value")
    if str(switch).lower() != "true":
        return ""
    public = [address for address in addresses if not unrouted(address)]
    if not addresses:
        return "nobody knows whether it lets you in: say where you are with --caller-address"
    try:
        let_in = admitted(lists.values(), switched_on=True)
        if within(spans_of(public), let_in):
            return ""
    except UnreadError as error:
        return f"nobody can tell whom it shuts out: {error.gap}"
    return f"it would shut you out, who are at {', '.join(public)}"

"""IP access lists still admit whoever changes them, and the compute of the workspace.

Lists and the switch that makes them count are looked at together, as they stand after each change:
a run must be able to go on from there, and to go back. What no change shuts out is not asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lakewarden.estate.access import ACCOUNT_IP_LISTS, ACCOUNT_SETTINGS, IP_LISTS, WORKSPACE_CONF
from lakewarden.estate.account import PRIVATE_ACCESS, WORKSPACES, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.guards import exits
from lakewarden.guards.admitted import admitted, spans_of, unrouted
from lakewarden.guards.after import Table, each_state, known, table_after
from lakewarden.guards.guard import Given, Guard, Refusal
from lakewarden.plan.change import Change
from lakewarden.proofs.network.intervals import Spans, meet, minus, within

NAME: Final = "addresses"
ACCOUNT: Final = "account"
_LIST: Final = "ip_access_list"
_SWITCHES: Final = {
    "workspace_conf": "enableIpAccessLists",
    "account_setting": "acct_ip_acl_enable",
}
"""The key of the switch, by the kind of its resource."""
_SAY_WHERE: Final = (
    "Give the addresses that your calls come from with --caller-address or "
    "LAKEWARDEN_CALLER_ADDRESS"
)


@dataclass(frozen=True, slots=True)
class _Door:
    """The lists of the account or of a workspace, and whether they count."""

    lists: Table
    switched_on: bool

    def after(self, change: Change) -> _Door:
        if change.target.kind == _LIST:
            return replace(self, lists=table_after(self.lists, change))
        value = (change.after or {}).get("/value")
        return replace(self, switched_on=str(value).lower() == "true")

    def admits(self) -> Spans:
        return admitted(self.lists.values(), switched_on=self.switched_on)


def _refuse(given: Given) -> Iterator[Refusal]:
    by_scope: dict[str, list[Change]] = {}
    for change in given.plan.changes:
        if _is_about(change):
            by_scope.setdefault(change.target.scope, []).append(change)
    for scope, changes in by_scope.items():
        try:
            yield from _at(given, scope, changes)
        except UnreadError as error:
            why = f"nobody can tell whom it shuts out: {error.gap}"
            step = "Make that readable, or leave the lists out with --exclude-control"
            yield Refusal(changes[-1].address, NAME, why, step)


def _is_about(change: Change) -> bool:
    target = change.target
    return target.kind == _LIST or _SWITCHES.get(target.kind) == target.key


def _at(given: Given, scope: str, changes: list[Change]) -> Iterator[Refusal]:
    """Yield what the changes of one scope shut out, from the first of them that does."""
    workspace = _workspace(given.estate, scope)
    start = _door(given.estate, workspace)
    before = start.admits()
    for change, door in each_state(start, changes, _Door.after):
        now = door.admits()
        lost = minus(before, now)
        refused = [
            *_caller(given, workspace, change, now),
            *_compute(given, workspace, change, lost),
        ]
        if lost and refused:
            yield from refused
            return


def _caller(
    given: Given, workspace: Workspace | None, change: Change, now: Spans
) -> Iterator[Refusal]:
    routed = [address for address in given.caller.addresses if not unrouted(address)]
    out = [address for address in routed if not within(spans_of([address]), now)]
    if (routed and not out) or _comes_privately(given, workspace, routed):
        return
    if not routed:
        why = "it is not known where your own calls come from, and some addresses are shut out"
        yield Refusal(change.address, NAME, why, _SAY_WHERE)
    for address in out:
        why = f"{given.caller.name} calls from {address}, which would be shut out"
        yield Refusal(change.address, NAME, why, _put(address))


def _comes_privately(given: Given, workspace: Workspace | None, routed: list[str]) -> bool:
    """Return whether the caller comes through PrivateLink, where lists have no say."""
    if workspace is None or workspace.private_access_id.get() is None:
        return False
    private = bool(given.caller.addresses) and not routed
    return private or not _is_public(given.estate, workspace)


def _is_public(estate: Estate, workspace: Workspace) -> bool:
    settings = estate.need(PRIVATE_ACCESS, workspace.private_access_id.get())
    return settings.public_access.get()


def _compute(
    given: Given, workspace: Workspace | None, change: Change, lost: Spans
) -> Iterator[Refusal]:
    if workspace is None or not lost:
        return
    for address in exits.exits(given.estate, workspace):
        if meet(spans_of([address]), lost):
            why = f"clusters of workspace {workspace.id} come from {address}, which is shut out"
            step = f"{_put(address)}, or use PrivateLink at the back end"
            yield Refusal(change.address, NAME, why, step)


def _put(address: str) -> str:
    return f"Name {address} under network.admitted_networks of lakewarden.toml, and plan anew"


def _workspace(estate: Estate, scope: str) -> Workspace | None:
    if scope == ACCOUNT:
        return None
    return estate.need(WORKSPACES, scope.partition("/")[2])


def _door(estate: Estate, workspace: Workspace | None) -> _Door:
    kind = ACCOUNT_IP_LISTS if workspace is None else IP_LISTS
    lists: dict[str, Mapping[str, Any]] = {}
    for entry in estate.of(kind, workspace).each():
        lists[entry.id] = {
            **known(label=entry.label),
            "list_type": entry.type.get(),
            "ip_addresses": entry.addresses.get(),
            "enabled": entry.enabled.get(),
        }
    if workspace is None:
        switch = estate.value(ACCOUNT_SETTINGS, _SWITCHES["account_setting"])
    else:
        switch = estate.conf(workspace, _SWITCHES["workspace_conf"])
    return _Door(lists, str(switch.get()).lower() == "true")


GUARD: Final = Guard(
    NAME,
    _refuse,
    _is_about,
    (
        WORKSPACES.need(),
        IP_LISTS.need(),
        ACCOUNT_IP_LISTS.need(),
        WORKSPACE_CONF.need(_SWITCHES["workspace_conf"]),
        ACCOUNT_SETTINGS.need(_SWITCHES["account_setting"]),
        PRIVATE_ACCESS.need(),
        *exits.NEEDS,
    ),
)

"""IP access lists and PrivateLink: requests that come from where nobody may come from."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterator
from typing import Final

from lakewarden.estate.access import ACCOUNT_IP_LISTS, ACCOUNT_SETTINGS, IP_LISTS, WORKSPACE_CONF
from lakewarden.estate.account import PRIVATE_ACCESS
from lakewarden.impact.event import Event
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 0
_PLATFORM: Final = frozenset({"", "System-User", "unknown"})
"""Who acts when the platform itself does; it comes through no door."""
_ELSEWHERE: Final = frozenset({"unityCatalog", "deltaSharing"})
"""Services whose events belong to the account although they were asked in a workspace."""
_SWITCHES: Final = frozenset({("workspace_conf", "enableIpAccessLists")}) | {
    ("account_setting", "acct_ip_acl_enable")
}
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")


def _judges(change: Change) -> bool:
    target = change.target
    if target.kind == "private_access_settings":
        return "/public_access_enabled" in (change.after or {})
    return target.kind == "ip_access_list" or (target.kind, target.key) in _SWITCHES


def _rule(event: Event, state: State) -> Iterator[Reason]:
    if event.who in _PLATFORM or not event.address:
        return
    scope = _scope(event)
    if _is_private(event.address):
        yield from _private(event, scope, state)
        return
    if scope != "account" and state.public_door_shut(scope):
        yield Reason("the workspace is reached through PrivateLink alone", detail=event.address)
    elif not state.admits(scope, event.address):
        where = "the account" if scope == "account" else f"workspace {scope.partition('/')[2]}"
        yield Reason(f"the IP access lists of {where} do not admit it", detail=event.address)


def _private(event: Event, scope: str, state: State) -> Iterator[Reason]:
    """A private address came through PrivateLink, which no list sees, or it is a translated one."""
    through_endpoint = scope != "account" and state.public_door_shut(scope) is not None
    if not through_endpoint and not state.admits(scope, event.address):
        yield Reason("a private address, of which no list can tell", event.address, sure=False)


def _scope(event: Event) -> str:
    if event.scope == "account" and event.service in _ELSEWHERE:
        workspace = event.param("workspace_id", "workspaceId")
        return f"workspace/{workspace}" if workspace else "account"
    return event.scope


@functools.lru_cache(maxsize=65_536)
def _is_private(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return (found.is_private and not _documentation(found)) or (
        found.version == 4 and found in _SHARED  # noqa: PLR2004  # the IP version
    )


def _documentation(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether an address is one of those for examples, which Python counts as private."""
    return any(
        address.version == network.version and address in network
        for network in map(
            ipaddress.ip_network,
            ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32"),
        )
    )


def _hides(change: Change) -> str:
    if change.target.kind == "private_access_settings":
        return "events do not show requests that only reach the sign-in page"
    return "events do not show who has not come in the time that they cover"


_NEEDS: Final = (
    ACCOUNT_IP_LISTS.need(),
    ACCOUNT_SETTINGS.need("acct_ip_acl_enable"),
    IP_LISTS.need(),
    PRIVATE_ACCESS.need(),
    WORKSPACE_CONF.need("enableIpAccessLists"),
)
FAMILIES: Final = (Family("addresses", _judges, _rule, None, _NEEDS, _hides, everywhere=True),)

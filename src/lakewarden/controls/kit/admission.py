"""Wishes that let known networks in and nobody else: IP access lists, and their switch."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from lakewarden.controls.kit.control import Context, Tier
from lakewarden.controls.kit.wishes import conf_wish, scope_of, setting_wish
from lakewarden.estate.access import ACCOUNT_IP_LISTS, ACCOUNT_SETTINGS, IP_LISTS, IpAccessList
from lakewarden.estate.account import Workspace
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.semantics.ip_lists import Network, allowed_networks, too_wide

_KIND: Final = "ip_access_list"
_LABEL: Final = "admitted networks"
_TIER: Final = Tier.ENTERPRISE.value


def admitted(at: Context) -> tuple[str, ...]:
    """Return the networks that the policy file lets in.

    Raises:
        CannotPlanError: it names none, or some that are too wide to be anybody's own.
    """
    networks = at.policy.admitted_networks
    if not networks:
        raise CannotPlanError(
            "say which networks may come in: network.admitted_networks in lakewarden.toml"
        )
    if wide := too_wide(networks):
        raise CannotPlanError(
            f"network.admitted_networks in lakewarden.toml admits {', '.join(wide)}: "
            "name networks of your own"
        )
    return networks


def workspace_lists(workspace: Workspace, at: Context) -> Iterator[Wish]:
    """Wish for narrow lists of a workspace, and then for the switch.

    Raises:
        UnreadError: the lists or the switch were not read.
        CannotPlanError: the policy file does not say who may come in.
    """
    lists = list(_lists(tuple(at.estate.of(IP_LISTS, workspace).each()), at, workspace))
    yield from lists
    switch = conf_wish(workspace, at, "enableIpAccessLists", "true")
    yield _after(switch, lists)


def account_lists(at: Context) -> Iterator[Wish]:
    """Wish for narrow lists of the account, and then for the switch.

    Raises:
        UnreadError: the lists or the switch were not read.
        CannotPlanError: the policy file does not say who may come in.
    """
    lists = list(_lists(tuple(at.estate.of(ACCOUNT_IP_LISTS).each()), at, None))
    yield from lists
    yield _after(setting_wish(ACCOUNT_SETTINGS, "acct_ip_acl_enable", wanted=True, at=at), lists)


def _after(switch: Wish, lists: Sequence[Wish]) -> Wish:
    """Return the wish for the switch; while it is off, lists can shut nobody out."""
    return replace(switch, follows=tuple(wish.target for wish in lists), tier=_TIER)


def _lists(
    entries: Sequence[IpAccessList], at: Context, workspace: Workspace | None
) -> Iterator[Wish]:
    allowing = [e for e in entries if e.type.get() == "ALLOW" and e.enabled.get()]
    networks = allowed_networks(allowing)
    wide = [ipaddress.ip_network(network) for network in too_wide(networks)]
    if wide:
        yield from _narrowed(allowing, wide, admitted(at), workspace)
    elif not networks or not _cover(networks, at.policy.admitted_networks):
        yield _added(entries, admitted(at), workspace)


def _narrowed(
    allowing: Iterable[IpAccessList],
    wide: Sequence[Network],
    wanted: tuple[str, ...],
    workspace: Workspace | None,
) -> Iterator[Wish]:
    """Put the networks that are wanted in the place of what is too wide, in the first such list."""
    first: Wish | None = None
    for entry in allowing:
        addresses = entry.addresses.get()
        kept = [a for a in addresses if not any(_within(a, network) for network in wide)]
        if len(kept) == len(addresses):
            continue
        target = Target(_KIND, scope_of(workspace), entry.id)
        if first is None:
            kept += [network for network in wanted if network not in kept]
            first = _change(target, entry, "/ip_addresses", list(addresses), kept)
            yield first
        elif kept:
            yield _change(target, entry, "/ip_addresses", list(addresses), kept, first)
        else:
            yield _change(target, entry, "/enabled", True, False, first)  # noqa: FBT003  # the values of the switch


def _change(
    target: Target, entry: IpAccessList, place: str, old: Any, new: Any, first: Wish | None = None
) -> Wish:
    follows = () if first is None else (first.target,)
    return Wish(target, entry.label.get(), {place: old}, {place: new}, follows, tier=_TIER)


def _added(
    entries: Sequence[IpAccessList], wanted: tuple[str, ...], workspace: Workspace | None
) -> Wish:
    """Wish for a list of the networks that are wanted; one that is switched off is put to use."""
    labels = {entry.label.get(): entry for entry in entries}
    old = labels.get(_LABEL)
    if old is not None and old.type.get() == "ALLOW" and not old.enabled.get():
        target = Target(_KIND, scope_of(workspace), old.id)
        before = {"/enabled": False, "/ip_addresses": list(old.addresses.get())}
        edits = {"/enabled": True, "/ip_addresses": list(wanted)}
        return Wish(target, _LABEL, before, edits, tier=_TIER)
    label = next(
        name
        for n in range(len(labels) + 1)
        if (name := f"{_LABEL} {n + 1}" if n else _LABEL) not in labels
    )
    document = {
        "/label": label,
        "/list_type": "ALLOW",
        "/ip_addresses": list(wanted),
        "/enabled": True,
    }
    return Wish(
        Target(_KIND, scope_of(workspace), f"label={label}"), label, None, document, tier=_TIER
    )


def _cover(networks: Iterable[str], wanted: Iterable[str]) -> bool:
    """Return whether some networks take in all that is wanted."""
    mine = [ipaddress.ip_network(network, strict=False) for network in networks]
    return all(any(_within(network, mine_) for mine_ in mine) for network in wanted)


def _within(address: str, network: Network) -> bool:
    inner = ipaddress.ip_network(address, strict=False)
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(network, ipaddress.IPv4Network):
        return inner.subnet_of(network)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(network, ipaddress.IPv6Network):
        return inner.subnet_of(network)
    return False

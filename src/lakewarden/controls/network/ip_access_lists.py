"""Somebody who steals a password or a token can use it from anywhere, unless the workspace only
talks to networks you know. IP access lists are that check: block lists are asked first, then
allow lists. A workspace without an allow list, or with one that covers the whole internet, checks
nothing, even though its console says that lists are switched on.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    expect,
    observe,
    violated,
)
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import IP_LISTS, WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.semantics.ip_lists import allowed_networks, too_wide

CONTROL = Control(
    id="ip-access-lists",
    title="IP access lists admit known networks only",
    paper=("P06",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WORKSPACE_CONF.need("enableIpAccessLists"), IP_LISTS.need()),
    fix=Fix(
        "Create an ALLOW list with your networks and the addresses that your compute "
        "plane comes from, check that your own address is on it, then set "
        "enableIpAccessLists to true.",
    ),
    tier=Tier.ENTERPRISE,
    maps=also("asks about the same setting", sat="NS-5 NS-11"),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is on, and the enabled allow lists name networks that are not the internet."""
    return all_of(
        expect(
            at.estate.conf(workspace, "enableIpAccessLists"),
            lambda value: value == "true",
            expected="true",
            otherwise="IP access lists are switched off",
        ),
        lambda: _narrow(workspace, at),
    )


def _narrow(workspace: Workspace, at: Context) -> Condition:
    networks = allowed_networks(at.estate.of(IP_LISTS, workspace).each())
    evidence = Evidence(
        IP_LISTS.source, "ip_access_lists", networks, "at least one network, none wider than /8"
    )
    if not networks:
        return violated("no enabled ALLOW list names an address", evidence)
    wide = too_wide(networks)
    return observe(not wide, evidence, otherwise=f"the ALLOW lists admit {', '.join(wide)}")


def _lists(*entries: tuple[str, str, bool]) -> list[dict[str, object]]:
    return [
        {"list_id": str(n), "label": "x", "list_type": t, "ip_addresses": [a], "enabled": e}
        for n, (t, a, e) in enumerate(entries)
    ]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    on = {"enableIpAccessLists": "true"}
    office = _lists(("ALLOW", "198.51.100.0/24", True))
    yield passes("one office network", given(workspace_conf=on, ip_lists=office))
    yield fails(
        "switched off", given(workspace_conf={"enableIpAccessLists": None}, ip_lists=office)
    )
    yield fails(
        "block lists alone",
        given(workspace_conf=on, ip_lists=_lists(("BLOCK", "203.0.113.0/24", True))),
    )
    yield fails(
        "the only allow list is disabled",
        given(workspace_conf=on, ip_lists=_lists(("ALLOW", "198.51.100.0/24", False))),
    )
    halves = _lists(("ALLOW", "0.0.0.0/1", True), ("ALLOW", "128.0.0.0/1", True))
    yield fails("the internet in two halves", given(workspace_conf=on, ip_lists=halves))
    yield unclear("the lists may not be read", given(workspace_conf=on, ip_lists=refused()))
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}, ip_lists=refused()))

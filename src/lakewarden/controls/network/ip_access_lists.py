"""Somebody who steals a password or a token can use it from anywhere, unless the workspace only
talks to networks you know. IP access lists are that check: block lists are asked first, then
allow lists. A workspace without an allow list, or with one that covers the whole internet, checks
nothing, even though its console says that lists are switched on.

A workspace that answers private connections alone, or whose network policy restricts public
access, needs no lists; lists that it has all the same must not admit the internet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.admission import workspace_lists
from lakewarden.controls.kit.condition import Judgement, any_of
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
from lakewarden.controls.kit.front_door import (
    FRONT_DOOR,
    lists_guard,
    lists_used,
    or_else,
    policy_guards,
    private_only,
)
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="ip-access-lists",
    title="IP access lists admit known networks only",
    paper=("P06",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=FRONT_DOOR,
    fix=Fix(
        "Create an ALLOW list with your networks, those of network.admitted_networks, and the "
        "addresses that your compute plane comes from, check that your own address is on it, "
        "then set enableIpAccessLists to true.",
        console="No page of the console edits workspace lists; use the CLI or the API as a "
        "workspace admin.",
        api='POST /api/2.0/ip-access-lists {"label": "office", "list_type": "ALLOW", '
        '"ip_addresses": ["198.51.100.0/24"]}, then PATCH /api/2.0/workspace-conf '
        '{"enableIpAccessLists": "true"}.',
        terraform='databricks_ip_access_list with list_type = "ALLOW" and ip_addresses, and '
        'databricks_workspace_conf with custom_config = { enableIpAccessLists = "true" }.',
        breaks="People and programs at other addresses are refused within minutes: remote "
        "workers off the VPN, CI runners, BI tools and clusters behind an unlisted NAT gateway.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "lets people and programs in from known networks only, whatever token they hold",
            Relation.SUBSET,
            nist="AC-3 AC-17(3) SC-7(5)",
            soc2="CC6.6",
            pci="1.4.2",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.20",
            ccm="IVS-03 IAM-16",
            dasf="DASF-3",
            attack="T1078.004 T1550.001",
        ),
        *also(
            "asks for lists in force too, and refuses ranges of the whole internet besides",
            sat="NS-5 NS-11",
        ),
        *also(
            "narrows the public way into the workspace without shutting it", cis_databricks="2.1.10"
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The enabled allow lists name narrow networks; unused lists are excused by another way."""
    mine = lists_guard(workspace, at)
    if mine.met is not False or lists_used(workspace, at):
        return mine
    others = any_of(
        lambda: private_only(workspace, at),
        lambda: policy_guards(workspace, at),
    )
    return or_else(mine, others)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Lists of the networks that the policy file admits, in the place of what is too wide."""
    return workspace_lists(workspace, at)


def _lists(*entries: tuple[str, str, bool]) -> list[dict[str, object]]:
    return [
        {"list_id": str(n), "label": "x", "list_type": t, "ip_addresses": [a], "enabled": e}
        for n, (t, a, e) in enumerate(entries)
    ]


def _estate(lists: Items, switch: str | None = "true", **changes: Any) -> MemorySnapshot:
    kinds: dict[str, Any] = {
        "network_policies": [{"network_policy_id": "p1"}],
        "workspace_network": [{"workspace_id": 1, "network_policy_id": "p1"}],
        "private_access": [{"private_access_settings_id": "s1", "public_access_enabled": False}],
        "workspace_conf": {"enableIpAccessLists": switch},
        "ip_lists": lists,
    }
    return given(**{**kinds, **changes})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, excused and unread."""
    office = _lists(("ALLOW", "198.51.100.0/24", True))
    yield passes("one office network", _estate(office))
    yield fails("switched off", _estate(office, None))
    blocked = _lists(("BLOCK", "203.0.113.0/24", True))
    yield fails("block lists alone", _estate(blocked))
    asleep = _lists(("ALLOW", "198.51.100.0/24", False))
    yield fails("the only allow list is disabled", _estate(asleep))
    halves = _lists(("ALLOW", "0.0.0.0/1", True), ("ALLOW", "128.0.0.0/1", True))
    yield fails("the internet in two halves", _estate(halves))
    private = {"private_access_settings_id": "s1"}
    yield exempt("private connections alone", _estate(office, None, workspace=private))
    rules = {"public_access": {"restriction_mode": "RESTRICTED_ACCESS"}}
    policy = [{"network_policy_id": "p1", "ingress": rules}]
    yield exempt("block lists and a network policy", _estate(blocked, network_policies=policy))
    dry = [{"network_policy_id": "p1", "ingress_dry_run": rules}]
    yield fails("off, and a policy that only logs", _estate(office, None, network_policies=dry))
    yield fails("private, yet the internet is on the list", _estate(halves, workspace=private))
    gone = refused(Cause.DISABLED, "not available")
    yield fails("off, in an account without policies", _estate([], None, workspace_network=gone))
    yield unclear("the lists may not be read", _estate(refused()))
    yield unclear(
        "off, and policies may not be read", _estate([], None, network_policies=refused())
    )
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}, ip_lists=refused()))

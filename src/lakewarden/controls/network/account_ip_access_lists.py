"""The account console hands out admin rights, creates workspaces and redirects logs. Guarding each
workspace by address while the console answers the whole internet leaves the master key outside:
whoever takes over an account admin needs no workspace. The console has lists of its own, and they
check nothing before they are switched on.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.admission import account_lists
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.access import ACCOUNT_IP_LISTS, ACCOUNT_SETTINGS
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.ip_lists import allowed_networks, too_wide

CONTROL = Control(
    id="account-ip-access-lists",
    title="The account console admits known networks only",
    paper=("P06",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(ACCOUNT_SETTINGS.need("acct_ip_acl_enable"), ACCOUNT_IP_LISTS.need()),
    fix=Fix(
        "Create an ALLOW list of the account with the networks of your administrators, which "
        "network.admitted_networks names, check that your own address is on it, then set "
        "acct_ip_acl_enable to true.",
        console="Account console > Security > IP access list: add an allow list, then Enabled.",
        api='POST /api/2.0/accounts/{account_id}/ip-access-lists {"label": "admins", '
        '"list_type": "ALLOW", "ip_addresses": ["198.51.100.0/24"]}, then PATCH the account '
        'setting acct_ip_acl_enable to {"value": true} with its etag.',
        terraform="No resource changes it; lists of the account are made through the API or the "
        "console.",
        breaks="Account admins and automation at other addresses lose the account console and "
        "the account API, Terraform runs included.",
        no_terraform="The provider has no resource for IP access lists of the account.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "lets nobody administer the account from an unknown network",
            Relation.SUBSET,
            nist="AC-3 AC-17 AC-17(3) SC-7(5)",
            soc2="CC6.6",
            pci="1.4.2",
            hipaa="164.312(a)(1)",
            iso="A.8.2 A.8.20",
            ccm="IVS-03 IAM-16",
            dasf="DASF-3",
            attack="T1078.004",
        ),
        *also(
            "asks for lists in force and refuses ranges of the whole internet besides",
            Relation.SUPERSET,
            sat="NS-8 NS-13",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The switch is on, and the enabled allow lists name networks that are not the internet."""
    return all_of(
        expect(
            at.estate.value(ACCOUNT_SETTINGS, "acct_ip_acl_enable"),
            lambda value: value is True,
            expected="true",
            otherwise="the account's IP access lists are switched off",
        ),
        lambda: _narrow(at),
    )


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """Lists of the networks that the policy file admits, in the place of what is too wide."""
    return account_lists(at)


def _narrow(at: Context) -> Condition:
    networks = allowed_networks(at.estate.of(ACCOUNT_IP_LISTS).each())
    expected = "at least one network, none wider than /8"
    evidence = Evidence(ACCOUNT_IP_LISTS.source, "ip_access_lists", networks, expected)
    if not networks:
        return violated("no enabled ALLOW list of the account names an address", evidence)
    wide = too_wide(networks)
    return observe(not wide, evidence, otherwise=f"the ALLOW lists admit {', '.join(wide)}")


def _estate(lists: Items, *, switch: bool | None = True) -> MemorySnapshot:
    return given(account_settings={"acct_ip_acl_enable": switch}, account_ip_lists=lists)


def _list(*addresses: str, kind: str = "ALLOW", enabled: bool = True) -> list[dict[str, object]]:
    return [
        {
            "list_id": "1",
            "label": "x",
            "list_type": kind,
            "ip_addresses": list(addresses),
            "enabled": enabled,
        }
    ]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edge, the ways to be wrong, unread and out of scope."""
    office = _list("198.51.100.0/24")
    yield passes("one office network", _estate(office))
    yield passes("a network of exactly /9", _estate(_list("198.0.0.0/9")))
    yield fails("a network of exactly /8", _estate(_list("198.0.0.0/8")))
    yield fails("switched off", _estate(office, switch=False))
    yield fails("never switched on", _estate(office, switch=None))
    yield fails("no list", _estate([]))
    yield fails("a block list alone", _estate(_list("203.0.113.0/24", kind="BLOCK")))
    yield fails("a disabled list alone", _estate(_list("198.51.100.0/24", enabled=False)))
    yield fails("the internet in two halves", _estate(_list("0.0.0.0/1", "128.0.0.0/1")))
    yield unclear("the lists may not be read", _estate(refused()))
    unread = given(account_settings=refused(), account_ip_lists=office)
    yield unclear("the switch may not be read", unread)
    gone = refused(Cause.DISABLED, "IP access list is not available in the pricing tier")
    yield exempt("Premium tier", given(account_settings=gone, account_ip_lists=gone))

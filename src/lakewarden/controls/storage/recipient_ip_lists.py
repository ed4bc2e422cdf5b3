"""Whoever holds the token file of a recipient reads the share, from any place in the world. A list
of the recipient's own addresses makes a copied file worthless to everybody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, NotApplicable, expect
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.unity_examples import governed, shared_with
from lakewarden.controls.kit.unity_subjects import RECIPIENT, Shown, has_token
from lakewarden.controls.kit.unity_wishes import recipient_wish
from lakewarden.estate.given import refused
from lakewarden.estate.unity import METASTORE_ASSIGNMENTS, RECIPIENTS, Recipient
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.paths import path
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.ip_lists import too_wide

CONTROL = Control(
    id="recipient-ip-lists",
    title="Recipients with tokens may come from addresses of their own alone",
    paper=("P11",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=RECIPIENT,
    needs=(METASTORE_ASSIGNMENTS.need(), RECIPIENTS.need()),
    fix=Fix(
        "Ask the recipient for the addresses that they come from, name them in "
        "data.recipient_addresses, and allow no others.",
        console="Catalog Explorer, Delta Sharing, the recipient, IP access list.",
        api='PATCH /api/2.1/unity-catalog/recipients/{name} {"ip_access_list": '
        '{"allowed_ip_addresses": ["192.0.2.0/24"]}}',
        terraform="databricks_recipient with ip_access_list { allowed_ip_addresses = [...] }.",
        breaks="Readers of the recipient at other addresses are refused.",
    ),
    maps=(
        *also(
            "lets a recipient in from addresses of its own alone",
            Relation.SUBSET,
            nist="AC-3 AC-20 SC-7",
            soc2="CC6.1 CC6.6",
            pci="1.3.1",
            hipaa="164.312(a)(1)",
            iso="A.5.14 A.8.20",
            ccm="DSP-10 IVS-03",
        ),
        *also(
            "makes a copied token file worthless to everybody else",
            dasf="DASF-3 DASF-51",
            attack="T1199 T1550.001",
        ),
        *also(
            "asks for the same list, and refuses one that holds nearly every address",
            Relation.SUPERSET,
            sat="GOV-18",
        ),
    ),
)


@CONTROL.check
def check(shown: Shown[Recipient], _: Context) -> Judgement:
    """There are addresses, and they are somebody's own."""
    how, addresses = shown.record.authentication, shown.record.addresses
    if not has_token(shown.record):
        evidence = Evidence(how.source, how.field, how.get(), "TOKEN")
        return NotApplicable("the recipient has no token to steal", (evidence,))
    return expect(
        addresses,
        lambda value: bool(value) and not too_wide(value),
        expected="addresses of the recipient's own",
        otherwise="the recipient's token works from everywhere"
        if addresses.gap is None and not addresses.get()
        else "the recipient may come from nearly everywhere: {value}",
    )


@CONTROL.mends
def mend(shown: Shown[Recipient], at: Context) -> Iterable[Wish]:
    """Let it come from where the policy file says that it comes from."""
    recipient = shown.record
    addresses = at.policy.recipient_addresses.get(recipient.name, ())
    if not addresses or too_wide(addresses):
        raise CannotPlanError(
            "only the recipient knows where it comes from: ask, and name its own addresses in "
            f"data.recipient_addresses.{recipient.name} of lakewarden.toml"
        )
    where, now = path("ip_access_list", "allowed_ip_addresses"), list(recipient.addresses.get())
    yield recipient_wish(shown, {where: now or None}, {where: list(addresses)})


def _from(*addresses: str) -> Any:
    return shared_with(ip_access_list={"allowed_ip_addresses": list(addresses)})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("one network", _from("192.0.2.0/24"))
    yield fails("no list", shared_with(ip_access_list=None))
    yield fails("an empty list", _from())
    told = Policy(recipient_addresses={"partner": ("192.0.2.0/24",)})
    yield fails("no list, though the file has one", shared_with(ip_access_list=None), told)
    yield fails("everything", _from("192.0.2.0/24", "0.0.0.0/0"))
    yield fails("everything, in two halves", _from("0.0.0.0/1", "128.0.0.0/1"))
    yield exempt("another Databricks account", shared_with(authentication_type="DATABRICKS"))
    trusted = shared_with(authentication_type="OIDC_FEDERATION")
    yield exempt("an identity provider of the recipient's", trusted)
    secret = shared_with(authentication_type="OAUTH_CLIENT_CREDENTIALS")
    yield unclear("another kind of secret", secret)
    yield exempt("there are no recipients", governed(recipients=[]))
    yield unclear("something that is no address", _from("office"))
    yield unclear("recipients may not be read", governed(recipients=refused()))
    yield unclear("the metastore is not known", governed(metastore_assignments=refused()))

"""Stolen passwords are the commonest way in. Single sign-on puts every login under the identity
provider's lockout, second factor and off-boarding; one other way that still works undoes it. No
API shows the sign-on configuration, so a person must vouch for it, and the recorded logins must
not contradict them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from lakewarden.controls.kit.condition import Judgement, holds, unknown, violated
from lakewarden.controls.kit.control import (
    BOTH,
    Basis,
    Context,
    Control,
    Example,
    attested,
    fails,
    unclear,
)
from lakewarden.controls.kit.emergency import emergency_users
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.activity import LOGINS, LoginMethod
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.people import ACCOUNT_GROUPS, ACCOUNT_USERS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="sso-enforced",
    title="People sign in through the identity provider alone",
    paper=("P01",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(LOGINS.need(), ACCOUNT_USERS.need(), ACCOUNT_GROUPS.need()),
    fix=Fix(
        "Set up single sign-on with unified login in the account console (Security, "
        "Authentication), then attest it in lakewarden.toml and give the audit logs with "
        "--events.",
        console="Account console, Security, Authentication: set up single sign-on, switch unified "
        "login on for all workspaces, and allow no other way.",
        api="No API changes it; single sign-on is set up in the account console and at the "
        "identity provider.",
        terraform="No resource changes it; the provider of the identity provider may manage the "
        "application there.",
        breaks="Whoever is not assigned to the application at the identity provider can no longer "
        "sign in; keep emergency accounts.",
        no_api="Single sign-on is set up in the account console and at the identity provider; no "
        "API does it.",
        no_terraform="No resource of the provider sets up single sign-on.",
    ),
    limits=("evidence_days",),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "finds sign-ins that went around the identity provider",
            Relation.SUBSET,
            nist="AU-6 IA-2",
            soc2="CC6.1 CC6.2",
            pci="8.3 8.4.2",
            hipaa="164.308(a)(5)(ii)(C) 164.312(d)",
            iso="A.5.16 A.8.5",
            ccm="IAM-13 IAM-14",
            dasf="DASF-1",
        ),
        *also(
            "leaves no way in that misses the identity provider's lockout and off-boarding",
            cis_aws="1.20",
            attack="T1110.003 T1110.004",
        ),
    ),
)

_SSO_ACTIONS: Final = frozenset({"samlLogin", "oidcBrowserLogin"})
_VENDOR: Final = "GENIE_AUTH"
"""How the staff of Databricks sign in."""
_TASTE: Final = 3
"""How many of the logins that contradict are named."""


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """No successful login by any other method, emergency users and the vendor's staff aside.

    The vendor's own way in is judged where its access is.
    """
    logins = at.estate.of(LOGINS)
    others = [login for login in logins.seen() if not _is_sso(login, at.policy.sso_methods)]
    if others:
        spared = emergency_users(at.estate, at.policy)
        others = [login for login in others if login.user.lower() not in spared]
    if others:
        return violated(_described(others), *(_evidence(login) for login in others[:_TASTE]))
    count = sum(1 for _ in logins.each())
    if not count:
        gap = LOGINS.gap(Cause.NOT_FOUND, "no login was recorded, by any method")
        return unknown(gap, field="logins", expected="single sign-on alone")
    return holds(Evidence(LOGINS.source, "logins", count, "single sign-on alone"))


def _described(logins: Sequence[LoginMethod]) -> str:
    ways = [
        f"{x.user} came in by {x.action} {x.method} {x.successes.get()} times"
        for x in logins[:_TASTE]
    ]
    return "; ".join([*ways, *(["…"] if len(logins) > _TASTE else [])])


def _evidence(login: LoginMethod) -> Evidence:
    return Evidence(LOGINS.source, f"{login.action} {login.method}", login.user, "single sign-on")


def _is_sso(login: LoginMethod, methods: tuple[str, ...]) -> bool:
    if login.method:
        return login.method in {*methods, _VENDOR}
    return login.action in _SSO_ACTIONS


_WORD: Final = Policy(
    attestations=(Attestation("sso-enforced", "Ann Admin", "ticket SEC-12", date(2026, 6, 30)),)
)


def _login(method: str, user: str = "bo@example.com") -> dict[str, object]:
    return {"action": "login", "method": method, "user": user, "successes": 3, "last": 1}


def _emergency(login: dict[str, object], groups: Items | None = None) -> MemorySnapshot:
    inside = {"id": "g", "displayName": "emergency", "members": [{"value": "1", "$ref": "Users/1"}]}
    return given(
        logins=[login],
        account_users=[{"id": "1", "userName": "emma@example.com"}],
        account_groups=[inside] if groups is None else groups,
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, contradicted and unread."""
    saml = _login("BROWSER_BYO_IDP_SAML")
    yield attested("attested, and the logins agree", given(logins=[saml]), _WORD)
    yield fails(
        "a password login", given(logins=[saml, _login("BROWSER_USERNAME_PASSWORD")]), _WORD
    )
    vendor = _login("GENIE_AUTH", "support@databricks.com")
    yield attested("the vendor's staff came in", given(logins=[saml, vendor]), _WORD)
    password = _login("BROWSER_USERNAME_PASSWORD", "Emma@example.com")
    single = replace(_WORD, break_glass=("emma@example.com",))
    yield attested("an emergency user with a password", _emergency(password), single)
    group = replace(_WORD, break_glass=("emergency",))
    yield attested("one by way of a group", _emergency(password), group)
    yield fails("not in that group", _emergency(_login("PASSWORD", "bo@example.com")), group)
    yield unclear("who is in it is not known", _emergency(password, groups=refused()), group)
    yield unclear("nobody attests it", given(logins=[saml]))
    yield unclear("attested, and nobody ever came in", given(logins=[]), _WORD)
    yield unclear("attested, but no logs to check it against", given(), _WORD)

"""An OAuth app signs people in on their behalf and keeps the tokens that it was given. A refresh
token that lives for months is a session that no second factor guards any more; and an app that may
send people back to an address without TLS, or to any address, hands their codes to whoever listens.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect
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
from lakewarden.controls.kit.machines import APP
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.estate.given import given, refused
from lakewarden.estate.machines import CUSTOM_APPS, PUBLISHED_APPS, CustomApp, PublishedApp
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="oauth-app-sessions-bounded",
    title="The OAuth app's sessions end soon, and its users are sent to safe addresses",
    paper=("P09",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=APP,
    needs=(CUSTOM_APPS.need(), PUBLISHED_APPS.need()),
    fix=Fix(
        "Set both lifetimes of the app's token access policy, and list each address that it sends "
        "people back to in full, with https.",
        console="Account console, Settings, App connections: edit the app's lifetimes and redirect "
        "URLs.",
        api="PATCH /api/2.0/accounts/{account_id}/oauth2/custom-app-integrations/{id} "
        '{"token_access_policy": {"access_token_ttl_in_minutes": 60, '
        '"refresh_token_ttl_in_minutes": 1440}}; partners\' apps under published-app-integrations.',
        terraform="databricks_custom_app_integration with token_access_policy and redirect_urls.",
        breaks="Users of the app sign in again when a session ends; tools at addresses that are no "
        "longer listed cannot sign anybody in.",
    ),
    limits=("oauth_access_minutes", "oauth_refresh_minutes"),
    maps=(
        *also(
            "ends an app's sessions soon, and sends its codes to named addresses by TLS",
            Relation.SUBSET,
            nist="AC-12 IA-5 IA-11 SC-8 SC-23",
            soc2="CC6.1 CC6.7",
            pci="8.3.2",
            hipaa="164.312(d) 164.312(e)(1)",
            iso="A.5.17 A.8.5",
            ccm="IAM-14",
            dasf="DASF-33",
        ),
        *also(
            "shortens the use of a stolen token, and shows codes to no eavesdropper",
            attack="T1040 T1550.001",
        ),
    ),
)

_LOCAL: Final = "localhost"


@CONTROL.check
def check(app: PublishedApp, at: Context) -> Judgement:
    """Both lifetimes are within their limits, and no redirect is open or in the clear."""
    limits = at.policy.limits
    access, refresh = limits.oauth_access_minutes, limits.oauth_refresh_minutes
    return all_of(
        expect(
            app.access_minutes,
            lambda minutes: 0 < minutes <= access,
            expected=f"1 to {access} minutes",
            otherwise=f"its access tokens live {{value}} minutes; {access} are allowed",
        ),
        expect(
            app.refresh_minutes,
            lambda minutes: 0 < minutes <= refresh,
            expected=f"1 to {refresh} minutes",
            otherwise=f"its refresh tokens live {{value}} minutes; {refresh} are allowed",
        ),
        *([_redirects(app)] if isinstance(app, CustomApp) else []),
    )


@CONTROL.mends
def mend(app: PublishedApp, at: Context) -> Iterable[Wish | Step]:
    """Lifetimes come down to their limits; where users may be sent, a person knows."""
    limits, before = at.policy.limits, dict[str, Any]()
    edits = dict[str, Any]()
    for fact, most in (
        (app.access_minutes, limits.oauth_access_minutes),
        (app.refresh_minutes, limits.oauth_refresh_minutes),
    ):
        if not 0 < fact.get() <= most:
            place = path(*fact.field.split("."))
            before[place], edits[place] = fact.get(), most
    own = isinstance(app, CustomApp)
    kind = "custom_app_integration" if own else "published_app_integration"
    if before:
        yield Wish(Target(kind, "account", app.id), app.name.get(), before, edits)
    if isinstance(app, CustomApp) and not all(_safe(url) for url in app.redirects.get()):
        yield Step(
            f"Write out each address that {app.name.get()} may send people back to, with https: "
            "Account console, Settings, App connections",
            f"`lakewarden assess --control {CONTROL.id}` passes",
        )


def _redirects(app: CustomApp) -> Condition:
    return expect(
        app.redirects,
        lambda urls: all(_safe(url) for url in urls),
        expected="whole addresses with https, or on the user's own machine",
        otherwise="it may send people to an open address or one without TLS, of {value}",
    )


def _safe(url: str) -> bool:
    """Return whether a redirect leads to one address, over TLS or without leaving the machine.

    Raises:
        ValueError: it is no URL.
    """
    parts = urlsplit(url)
    return "*" not in url and (parts.scheme != "http" or _loopback(parts.hostname or ""))


def _loopback(host: str) -> bool:
    if host == _LOCAL:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _app(access: int | None = 60, refresh: int | None = 1440, *urls: str) -> Mapping[str, Any]:
    policy = {"access_token_ttl_in_minutes": access, "refresh_token_ttl_in_minutes": refresh}
    kept = {name: minutes for name, minutes in policy.items() if minutes is not None}
    sent_to = list(urls or ["https://app.example.com/callback"])
    return {
        "integration_id": "a1",
        "name": "catalogue",
        "redirect_urls": sent_to,
        "token_access_policy": kept,
    }


def _custom(*app: Any) -> MemorySnapshot:
    return given(custom_apps=[_app(*app)], published_apps=[])


def _published(*app: Any) -> MemorySnapshot:
    return given(custom_apps=[], published_apps=[_app(*app)])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, redirects that only look local, and what is not known."""
    week, local = 10_080, ("http://localhost:3000/back", "http://127.0.0.1/", "http://[::1]:8/")
    yield passes("exactly the limits", _custom(60, week))
    yield passes("the user's own machine", _custom(60, week, *local))
    yield passes("a partner's app", _published(60, week, "http://of.no.interest"))
    yield fails("access a minute too long", _custom(61, week))
    yield fails("refresh a minute too long", _published(60, week + 1))
    yield fails("a week, in the high posture", _custom(60, week), Policy(Posture.HIGH))
    yield fails("without TLS", _custom(60, week, "http://app.example.com/"))
    yield fails("it only begins like this machine", _custom(60, week, "http://localhost.evil.com/"))
    yield fails("any host", _custom(60, week, "https://*.example.com/callback"))
    yield fails("too long, whatever else is unknown", _custom(None, week + 1))
    yield unclear("a lifetime that nobody set", _custom(60, None))
    yield unclear("an address that is none", _custom(60, week, "http://[::1/"))
    yield unclear("custom apps may not be listed", given(custom_apps=refused(), published_apps=[]))
    yield unclear("nor partners' apps", given(custom_apps=[], published_apps=refused()))
    yield exempt("there are none", given(custom_apps=[], published_apps=[]))

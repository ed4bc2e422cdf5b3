"""A page of the workspace that another site may frame can be clicked on behalf of a signed-in user,
and a file whose type the browser guesses can run as a script in their session. Three response
headers keep browsers from helping with that. Each has a switch, and each switch can be turned off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect, unknown
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import conf_wish
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

_HEADERS: Final = {
    "enable-X-Frame-Options": "other sites may put the workspace into a frame",
    "enable-X-Content-Type-Options": "browsers may guess the type of a file and run it",
    "enable-X-XSS-Protection": "browsers are not asked to block reflected scripts",
}

CONTROL = Control(
    id="console-browser-headers",
    title="The workspace asks browsers for protection against framing and injected scripts",
    paper=("P15",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=tuple(WORKSPACE_CONF.need(key) for key in _HEADERS),
    fix=Fix(
        "Set enable-X-Frame-Options, enable-X-Content-Type-Options and enable-X-XSS-Protection "
        "to true in workspace-conf, explicitly, since no API shows their default.",
        console="Workspace settings, Security: third-party iFraming prevention, MIME type sniffing "
        "prevention and XSS attack page rendering prevention, all on.",
        api='PATCH /api/2.0/workspace-conf {"enable-X-Frame-Options": "true", '
        '"enable-X-Content-Type-Options": "true", "enable-X-XSS-Protection": "true"}',
        terraform="databricks_workspace_conf with the three keys in custom_config.",
        breaks="Portals that show the workspace in a frame of theirs stop working.",
    ),
    maps=(
        *also(
            "has browsers refuse foreign frames and guessed types in pages of the workspace",
            Relation.SUBSET,
            nist="CM-6 SC-18",
            soc2="CC6.6",
            pci="2.2",
            iso="A.8.9 A.8.26",
            ccm="IVS-04",
        ),
        *also(
            "makes it harder to misuse a signed-in user's session by a page or a script",
            nist="SC-23",
            soc2="CC6.8",
            pci="6.4.1",
            hipaa="164.308(a)(5)(ii)(B)",
            ccm="AIS-04",
            attack="T1204",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """All three switches were set, and to true."""
    return all_of(*(_on(key, workspace, at) for key in _HEADERS))


def _on(key: str, workspace: Workspace, at: Context) -> Condition:
    fact = at.estate.conf(workspace, key)
    if fact.gap is None and fact.get() is None:
        detail = f"the default of {key} is not documented: set it explicitly"
        return unknown(WORKSPACE_CONF.unset(key, detail), field=key, expected="true")
    return expect(
        fact,
        lambda value: value == "true",
        expected="true",
        otherwise=f"{key} is {{value}}: {_HEADERS[key]}",
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Switch all three on."""
    for key in _HEADERS:
        yield conf_wish(workspace, at, key, "true")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    on: dict[str, str | None] = dict.fromkeys(_HEADERS, "true")
    for key in _HEADERS:
        yield fails(f"{key} is off", given(workspace_conf={**on, key: "false"}))
        yield unclear(f"{key} was never set", given(workspace_conf={**on, key: None}))
    yield passes("all three are on", given(workspace_conf=on))
    mixed = {**dict.fromkeys(_HEADERS), "enable-X-Frame-Options": "false"}
    yield fails("one is off, the others were never set", given(workspace_conf=mixed))
    yield unclear("workspace-conf may not be read", given(workspace_conf=refused()))

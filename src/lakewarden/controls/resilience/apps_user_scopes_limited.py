"""An app may ask to act as the person who opens it, within the scopes that the workspace allows.
One careless or malicious app then reads with the rights of its best-placed visitor. A short list
keeps that to what apps really need; an empty one ends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe, unknown
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import WORKSPACE_SETTINGS_V2
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

_KEY: Final = "allowedAppsUserApiScopes"
_PLACE: Final = ("allowed_apps_user_api_scopes", "allowed_scopes")

CONTROL = Control(
    id="apps-user-scopes-limited",
    title="Apps may act for their users within named scopes, or not at all",
    paper=("P11", "P20"),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WORKSPACE_SETTINGS_V2.need(_KEY),),
    fix=Fix(
        "Set the list of allowed scopes to those that you name in code.app_scopes of "
        "lakewarden.toml; an empty list ends user authorisation for apps.",
        console="Admin settings, Development: choose the user API scopes that apps may ask for.",
        api=f"PATCH /api/2.1/settings/{_KEY} "
        '{"allowed_apps_user_api_scopes": {"allowed_scopes": []}}',
        terraform=f'databricks_workspace_setting_v2 {{ name = "{_KEY}" }} with '
        "allowed_apps_user_api_scopes.",
        breaks="Apps that act for their users within other scopes lose that access.",
    ),
    maps=(
        *also(
            "limits what an app may do in its visitors' names to scopes that you named",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-7",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.2.5",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="IAM-05 IAM-16",
            dasf="DASF-5",
        ),
        *also(
            "cuts down what a hostile app could read with its visitors' rights",
            attack="T1530 T1550.001",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Every scope that the workspace allows is one that the policy file names."""
    fact = at.estate.value(WORKSPACE_SETTINGS_V2, _KEY, workspace)
    scopes = fact.get()
    if scopes is None:
        detail = "the default is not certain: set a list"
        return unknown(WORKSPACE_SETTINGS_V2.unset(_KEY, detail), field=_KEY)
    if not isinstance(scopes, list | tuple):
        return unknown(WORKSPACE_SETTINGS_V2.gap(Cause.MALFORMED, "not a list of scopes", _KEY))
    wide = [str(scope) for scope in scopes if scope not in at.policy.app_scopes]
    shown = Evidence(fact.source, _KEY, [str(s) for s in scopes], "none but code.app_scopes")
    told = f"apps may act for their users within {', '.join(wide)}"
    return observe(not wide, shown, otherwise=told)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Leave the scopes that the policy file names; where there was no list, name just those."""
    now, named = at.estate.value(WORKSPACE_SETTINGS_V2, _KEY, workspace).get(), at.policy.app_scopes
    kept = list(named) if now is None else [scope for scope in now if scope in named]
    yield setting_wish(WORKSPACE_SETTINGS_V2, _KEY, kept, at, workspace, _PLACE)


def _scopes(value: Any) -> MemorySnapshot:
    return given(workspace_settings_v2={_KEY: value})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("none", _scopes([]))
    yield passes("one that is named", _scopes(["sql"]), Policy(app_scopes=("sql",)))
    yield fails("one that is not", _scopes(["sql", "files"]), Policy(app_scopes=("sql",)))
    yield fails("every one", _scopes(["all-apis"]))
    yield unclear("nobody ever decided", _scopes(None))
    yield unclear("not a list", _scopes("sql"))
    yield unclear("the setting may not be read", given(workspace_settings_v2=refused()))

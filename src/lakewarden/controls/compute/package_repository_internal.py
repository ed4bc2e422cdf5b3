"""Public package indexes take uploads from everybody: a misspelt name, or a private name that
somebody registered in public, installs a stranger's code with the rights of the cluster. An index
of your own hands out what was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

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
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import WORKSPACE_SETTINGS_V2
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.secrets import SCOPE_SECRETS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish

_SCOPE: Final = "databricks-package-management"
_KEY: Final = "pip-index-url"
_SWITCHES: Final = {
    "pkg_repo_ui_cluster": "clusters made in the console",
    "pkg_repo_api_cluster": "clusters made by API",
    "pkg_repo_dlt": "pipelines",
}

CONTROL = Control(
    id="package-repository-internal",
    title="Python packages come from an index of your own by default",
    paper=("P35",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(
        SCOPE_SECRETS.need(),
        *(WORKSPACE_SETTINGS_V2.need(name) for name in _SWITCHES),
    ),
    fix=Fix(
        f"Create the secret scope {_SCOPE} with the address of your index under {_KEY}, and "
        "switch the default repositories on for clusters and pipelines.",
        console="Admin settings, Compute, Default Package Repositories: enter the index URL; on "
        "the Previews page switch it on for clusters and pipelines.",
        api=f'POST /api/2.0/secrets/put {{"scope": "{_SCOPE}", "key": "{_KEY}", "string_value": '
        '"https://..."}, then PATCH /api/2.1/settings/pkg_repo_ui_cluster {"boolean_val": '
        '{"value": true}} and its two siblings.',
        terraform="databricks_secret_scope, databricks_secret and three "
        "databricks_workspace_setting_v2.",
        breaks="Packages that the index does not serve can no longer be installed by name; "
        "clusters need a network path to the index.",
    ),
    maps=(
        *also(
            "has Python packages come by default from an index that you fill",
            Relation.SUBSET,
            nist="CM-7(5) CM-11 SR-3",
            soc2="CC6.8",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.5.21 A.8.19",
            ccm="TVM-02 TVM-05",
        ),
        *also(
            "keeps misspelt names from bringing in the packages of strangers",
            dasf="DASF-53",
            attack="T1204",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The scope holds an index, and everything that installs packages is told to use it."""
    return all_of(
        lambda: _index(workspace, at),
        *(_told(workspace, at, name, whom) for name, whom in _SWITCHES.items()),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Tell everything of the index; its address is a secret that a person puts there."""
    for name in _SWITCHES:
        if at.estate.value(WORKSPACE_SETTINGS_V2, name, workspace).get() is not True:
            yield setting_wish(WORKSPACE_SETTINGS_V2, name, True, at, workspace)  # noqa: FBT003  # the value of the setting
    if _index(workspace, at).met is False:
        yield Step(
            f"Create the secret scope {_SCOPE}, let the group users read it, and put the address "
            f"of your index there under {_KEY}.",
            f"`lakewarden assess --control {CONTROL.id}` passes",
        )


def _index(workspace: Workspace, at: Context) -> Condition:
    found = at.estate.find(SCOPE_SECRETS, _SCOPE, workspace)
    if found is None:
        shown = Evidence(SCOPE_SECRETS.source, "scopes", f"no {_SCOPE}", _SCOPE)
        return violated(f"there is no secret scope {_SCOPE}, so packages come from PyPI", shown)
    keys = [secret.key for secret in found.secrets.get()]
    shown = Evidence(found.secrets.source, f"keys of {_SCOPE}", keys, _KEY)
    return observe(_KEY in keys, shown, otherwise=f"{_SCOPE} names no index: {_KEY} is missing")


def _told(workspace: Workspace, at: Context, name: str, whom: str) -> Condition:
    return expect(
        at.estate.value(WORKSPACE_SETTINGS_V2, name, workspace),
        lambda value: value is True,
        expected="true",
        otherwise=f"{whom} are not told of the index: {name} is {{value}}",
    )


def _scopes(*keys: str, **settings: bool) -> MemorySnapshot:
    held = [{"key": key, "last_updated_timestamp": 1} for key in keys]
    return _given([{"name": "team", "secrets": []}, {"name": _SCOPE, "secrets": held}], settings)


def _given(scopes: Any, settings: dict[str, bool]) -> MemorySnapshot:
    on = dict.fromkeys(_SWITCHES, True)
    return given(scope_secrets=scopes, workspace_settings_v2={**on, **settings})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("an index for all", _scopes(_KEY))
    yield fails("no scope", _given([{"name": "team", "secrets": []}], {}))
    yield fails("a scope with an extra index alone", _scopes("pip-extra-index-urls"))
    yield fails("pipelines are not told", _scopes(_KEY, pkg_repo_dlt=False))
    yield fails("not told, whatever was not read", _given(refused(), {"pkg_repo_dlt": False}))
    yield unclear("the keys are missing from the answer", _given([{"name": _SCOPE}], {}))
    yield unclear("scopes may not be listed", _given(refused(), {}))
    held = [{"name": _SCOPE, "secrets": [{"key": _KEY, "last_updated_timestamp": 1}]}]
    denied = given(scope_secrets=held, workspace_settings_v2=refused())
    yield unclear("settings may not be read", denied)

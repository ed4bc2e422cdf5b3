"""Assistive features can send prompts, code and samples of data to models that a partner of the
vendor runs, outside the boundary that the rest of the deployment was reviewed for. Switched off, or
enforced off by the account, what people type stays with the one vendor that you chose.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, all_of, any_of
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
from lakewarden.controls.kit.setting import TypedSetting
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import ACCOUNT_SETTINGS, WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity

_NAME: Final = "llm_proxy_partner_powered"
_HERE: Final = TypedSetting(
    WORKSPACE_SETTINGS, _NAME, (False,), (True,), "partners' models see what people type", None
)
_EVERYWHERE: Final = TypedSetting(
    ACCOUNT_SETTINGS, _NAME, (False,), (True,), "the account allows partners' models", None
)
_ENFORCED: Final = TypedSetting(
    ACCOUNT_SETTINGS, f"{_NAME}_enforce", (True,), (False,), "workspaces may choose otherwise", None
)

CONTROL = Control(
    id="partner-ai-restricted",
    title="Assistive features of the workspace use no models that partners run",
    paper=("P30",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_HERE.need, _EVERYWHERE.need, _ENFORCED.need),
    fix=Fix(
        "Switch partner-powered AI features off in the workspace, or for the whole account and "
        "enforce it there.",
        console="Account console, Settings, Feature enablement, Partner-powered AI features: off, "
        "enforced; or Workspace settings, Advanced.",
        api=f'PATCH /api/2.1/settings/{_NAME} {{"boolean_val": {{"value": false}}}}',
        terraform=f"databricks_workspace_setting_v2 with name = {_NAME} and boolean_val = "
        "{ value = false }",
        breaks="Features that only partners' models offer disappear; others answer by models that "
        "the vendor hosts.",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The workspace switches it off, or the account does and enforces it."""
    return any_of(
        _HERE.is_safe(at, workspace),
        lambda: all_of(_EVERYWHERE.is_safe(at), _ENFORCED.is_safe(at)),
    )


def _set(*, here: Any = True, account: Any = True, enforced: Any = False) -> MemorySnapshot:
    return given(
        workspace_settings={_NAME: here},
        account_settings={_NAME: account, f"{_NAME}_enforce": enforced},
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("off in the workspace", _set(here=False))
    yield passes("off for the account, enforced", _set(account=False, enforced=True))
    yield fails("off for the account, not enforced", _set(account=False))
    yield fails("on everywhere", _set())
    yield fails("on, and enforced", _set(enforced=True))
    yield unclear("never set", _set(here=None, account=None, enforced=None))
    yield unclear("never set here, on in the account", _set(here=None))
    unread = given(workspace_settings=refused(), account_settings={_NAME: True})
    yield unclear("the setting may not be read", unread)

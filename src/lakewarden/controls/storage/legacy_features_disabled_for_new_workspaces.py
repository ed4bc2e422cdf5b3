"""Whatever is cleaned up in today's workspaces comes back with the next one, because a new
workspace starts with a DBFS root, a Hive metastore and clusters without isolation. One account
setting makes new workspaces start without all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.setting import TypedSetting
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.access import ACCOUNT_SETTINGS
from lakewarden.ledger.finding import Severity

_SETTING: Final = TypedSetting(
    kind=ACCOUNT_SETTINGS,
    name="disable_legacy_features",
    safe=(True,),
    otherwise=(False,),
    danger="new workspaces come with DBFS, a Hive metastore and clusters without isolation",
)

CONTROL = Control(
    id="legacy-features-disabled-for-new-workspaces",
    title="New workspaces start without legacy features",
    paper=("P13",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(_SETTING.need,),
    fix=Fix(
        "Set disable_legacy_features to true for the account, so that new workspaces begin with "
        "Unity Catalog alone.",
        console=("Account console, Settings, Feature enablement, Disable legacy features."),
        api=(
            "PATCH "
            "/api/2.0/accounts/{account_id}/settings/types/disable_legacy_features/names/default "
            "with field_mask disable_legacy_features.value and value true."
        ),
        terraform=(
            "databricks_disable_legacy_features_setting with disable_legacy_features { value = "
            "true }."
        ),
        breaks=(
            "Nothing in existing workspaces; templates that set up new ones must not rely on DBFS"
            " or hive_metastore."
        ),
    ),
    maps=also(
        "the same account setting, judged alike",
        sat="GOV-37",
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return _SETTING.is_safe(at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()

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
from lakewarden.controls.kit.mapping import Relation, also
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
    maps=(
        *also(
            "starts new workspaces without storage and tables that grants do not protect",
            Relation.SUBSET,
            nist="AC-3 CM-2 CM-6 CM-7",
            soc2="CC6.1",
            pci="2.2",
            hipaa="164.312(a)(1)",
            iso="A.8.9 A.8.27",
            ccm="DSP-07 IVS-04",
        ),
        *also(
            "leaves Unity Catalog as the one door to the data of new workspaces",
            cis_databricks="2.1.5",
            dasf="DASF-5",
            attack="T1213 T1530",
        ),
        *also(
            "reads the same setting of the account, and judges it alike",
            Relation.EQUAL,
            sat="GOV-37",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return _SETTING.is_safe(at)


CONTROL.mends(_SETTING.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()

"""The compliance security profile is a hardened image with monitors on it, machines that encrypt
their traffic and runtimes that get fixes automatically, all of it enforced. Where regulated data
is processed, each of these is asked for anyway, and none can then be switched off one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, Tier, exempt, fails
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.production import in_regulated
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import TypedSwitch
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.policy import Policy

_SWITCH: Final = TypedSwitch(
    WORKSPACE_SETTINGS,
    "shield_csp_enablement_ws_db",
    wanted=True,
    otherwise="the compliance security profile is off",
    permanent=True,
)

CONTROL = Control(
    id="compliance-profile",
    title="Workspaces for regulated data have the compliance security profile",
    paper=("P25",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Enable the compliance security profile with the standards that you are held to. It cannot "
        "be switched off again, so try it elsewhere first, and name such workspaces by "
        "data.regulated_tags.",
        console="Account console, Workspaces, the workspace, Security and compliance: enable the "
        "profile.",
        api="PATCH /api/2.0/settings/types/shield_csp_enablement_ws_db/names/default "
        '{"allow_missing": true, "field_mask": "compliance_security_profile_workspace.is_enabled", '
        '"setting": {"compliance_security_profile_workspace": {"is_enabled": true}}}',
        terraform="databricks_compliance_security_profile_workspace_setting: is_enabled = true and "
        "compliance_standards.",
        breaks="Clusters of other machines than Nitro ones no longer start, features that are not "
        "certified vanish, and the price per DBU rises. There is no way back.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "enforces hardened images, encrypted traffic, monitors and fixes at once",
            Relation.SUBSET,
            nist="CM-6 SC-8(1) SI-2 SI-4",
            soc2="CC6.8 CC7.1",
            pci="2.2 6.3.3",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.8 A.8.9",
            ccm="IVS-04 TVM-03",
        ),
        *also(
            "has nodes encrypt what they send, and lets nobody switch protections off",
            cis_databricks="2.1.3",
            attack="T1562",
        ),
        *also(
            "asks about the same setting, of regulated workspaces where those are named",
            Relation.SUBSET,
            sat="INFO-39",
        ),
    ),
)


@CONTROL.check
def check(_: Workspace, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return in_regulated(at, lambda: _SWITCH.stands_right(at))


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples(wrong=False)
    premium = {"pricing_tier": "PREMIUM"}
    off = given(workspace=premium, workspace_settings={_SWITCH.key: False})
    yield exempt("not in this tier", off)
    regulated = Policy(regulated_tags={"Data": "regulated"})
    for value, exampled in (("public", exempt), ("regulated", fails)):
        tags = {"custom_tags": {"Data": value}}
        off = given(workspace=tags, workspace_settings={_SWITCH.key: False})
        yield exampled(f"off, and the workspace is {value}", off, regulated)
    off = given(workspace={"custom_tags": {"Team": "x"}}, workspace_settings={_SWITCH.key: False})
    yield fails("off, and the workspace has no such tag", off, regulated)

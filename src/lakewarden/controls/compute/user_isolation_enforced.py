"""Isolation that each cluster's owner may decline is a habit and no control. One switch of the
workspace forbids clusters without it, so nobody who takes over an account with the right to create
clusters can make one on which to collect other people's credentials.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import ConfSwitch
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SWITCH: Final = ConfSwitch(
    "enforceUserIsolation", "true", "clusters without user isolation may be made"
)

CONTROL = Control(
    id="user-isolation-enforced",
    title="The workspace allows no clusters without user isolation",
    paper=("P32",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Set enforceUserIsolation to true in workspace-conf, after moving the clusters that have "
        "no isolation to the access mode Standard or Dedicated.",
        console="Settings, Security: switch on the enforcement of user isolation.",
        api='PATCH /api/2.0/workspace-conf {"enforceUserIsolation": "true"}',
        terraform='databricks_workspace_conf: custom_config = { enforceUserIsolation = "true" }.',
        breaks="Clusters without isolation no longer start, nor do jobs and notebooks on them.",
    ),
    maps=(
        *also(
            "forbids clusters on which one user's code reaches what others hold",
            Relation.SUBSET,
            nist="AC-3 CM-6 SC-4 SC-39",
            soc2="CC6.1",
            pci="2.2 7.3.1",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.9",
            ccm="CCC-04 IVS-06",
        ),
        *also(
            "leaves nobody a cluster on which to collect other people's credentials",
            dasf="DASF-5",
            attack="T1550.001 T1552",
        ),
        *also(
            "forbids beforehand the open modes that the rule there finds on clusters", sat="GOV-12"
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is on; never set means off."""
    return _SWITCH.stands_right(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples()

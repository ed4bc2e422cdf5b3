"""Code that cannot be put under version control lives as copies in home folders: nobody reviews it,
nobody can say what ran last month, and a deleted notebook is gone. Where Git folders are switched
off there is no other way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import ConfSwitch
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SWITCH: Final = ConfSwitch(
    "enableProjectTypeInWorkspace", "true", "people cannot keep their code in Git here"
)

CONTROL = Control(
    id="git-enabled",
    title="People can keep their code in Git folders",
    paper=("P19",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Switch Git folders on, together with the allow list of repositories so that code "
        "leaves for your own repositories only.",
        console="Admin settings, Development: switch on Git folders.",
        api='PATCH /api/2.0/workspace-conf {"enableProjectTypeInWorkspace": "true"}',
        terraform="databricks_workspace_conf with custom_config = "
        '{ enableProjectTypeInWorkspace = "true" }.',
        breaks="Nothing stops; people can clone repositories, so switch the allow list on first.",
    ),
    maps=(
        *also(
            "lets people keep their code under version control",
            Relation.SUBSET,
            nist="CM-2(3) CM-3 SA-10",
            soc2="CC8.1",
            pci="6.5",
            hipaa="164.312(c)(1)",
            iso="A.8.25 A.8.32",
            ccm="CCC-04",
            dasf="DASF-52",
        ),
        *also("offers code a home that a deletion in the workspace does not reach", attack="T1485"),
        *also("reads the same switch, and wants it to be set", Relation.SUPERSET, sat="INFO-11"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is explicitly on."""
    return _SWITCH.stands_right(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples()

"""Who sees the names of other people's notebooks, jobs and clusters learns where the interesting
data is and who works on it. Three switches decide whether a workspace shows its objects to those
with a right to them, or to everybody who comes in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, all_of
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import ConfSwitch
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

_WHAT: Final = {
    "enforceWorkspaceViewAcls": "everybody sees all notebooks and folders",
    "enforceClusterViewAcls": "everybody sees all clusters",
    "enableJobViewAcls": "everybody sees all jobs",
}
_SWITCHES: Final = tuple(ConfSwitch(key, "true", shows) for key, shows in _WHAT.items())

CONTROL = Control(
    id="object-visibility",
    title="People see the notebooks, clusters and jobs that they have a right to",
    paper=("P34",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=tuple(switch.need for switch in _SWITCHES),
    fix=Fix(
        "Set enforceWorkspaceViewAcls, enforceClusterViewAcls and enableJobViewAcls to true in "
        "workspace-conf, explicitly.",
        console="Settings, Security: switch on the visibility control of workspace objects, "
        "clusters and jobs.",
        api='PATCH /api/2.0/workspace-conf {"enforceWorkspaceViewAcls": "true", '
        '"enforceClusterViewAcls": "true", "enableJobViewAcls": "true"}',
        terraform="databricks_workspace_conf: the three keys in custom_config, each with the value "
        '"true".',
        breaks="People no longer find objects of others that nobody shared with them.",
    ),
    maps=(
        *also(
            "shows notebooks, jobs and clusters only to people with a right to them",
            Relation.SUBSET,
            nist="AC-3 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.1 7.3.3",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="IAM-05 IAM-16",
        ),
        *also(
            "leaves a stolen login little to learn about where the data is", attack="T1213 T1580"
        ),
        *also(
            "asks for all three switches, of which each rule there asks for one",
            Relation.SUPERSET,
            sat="INFO-8 INFO-9 INFO-10",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """All three are on; what never set means is documented nowhere."""
    return all_of(*(switch.stands_right(workspace, at) for switch in _SWITCHES))


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Set both right."""
    for switch in _SWITCHES:
        yield from switch.set_right(workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    for switch in _SWITCHES:
        yield from switch.examples(**{key: "true" for key in _WHAT if key != switch.key})
    first, *rest = _WHAT
    mixed = {first: "false", **dict.fromkeys(rest)}
    yield fails("one off, the others never set", given(workspace_conf=mixed))

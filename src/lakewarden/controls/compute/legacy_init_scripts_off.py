"""Before global init scripts had an API they were files in DBFS: whoever could write a file there
ran code as root on every cluster of the workspace, or on every cluster of a given name. The two
switches bring those days back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, all_of
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import ConfSwitch
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

_SWITCHES: Final = (
    ConfSwitch(
        "enableDeprecatedGlobalInitScripts",
        "false",
        "whoever can write to DBFS runs code on every cluster",
    ),
    ConfSwitch(
        "enableDeprecatedClusterNamedInitScripts",
        "false",
        "whoever can write to DBFS runs code on clusters of any name",
    ),
)

CONTROL = Control(
    id="legacy-init-scripts-off",
    title="No file in DBFS runs on clusters by its place alone",
    paper=("P35", "P13"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=tuple(switch.need for switch in _SWITCHES),
    fix=Fix(
        "Move what these scripts still do into global init scripts or cluster policies, then "
        "set both keys to false.",
        console="Admin settings, Compute: switch off the legacy global init scripts and the "
        "legacy cluster-named init scripts.",
        api='PATCH /api/2.0/workspace-conf {"enableDeprecatedGlobalInitScripts": "false", '
        '"enableDeprecatedClusterNamedInitScripts": "false"}',
        terraform="databricks_workspace_conf with both keys false in custom_config.",
        breaks="Clusters that counted on a script in dbfs:/databricks/init start without it.",
    ),
    maps=(
        *also(
            "ends scripts that anybody could lay into DBFS to run as root",
            Relation.SUBSET,
            nist="CM-5 CM-7 SI-7",
            soc2="CC6.1 CC6.8",
            pci="2.2",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.9 A.8.19",
            ccm="CCC-04 IVS-04",
        ),
        *also(
            "takes from intruders a folder from which clusters would run their code",
            attack="T1059 T1546",
        ),
        *also(
            "keeps the scripts from running for which the rule there looks in DBFS", sat="GOV-25"
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Both switches are explicitly off."""
    return all_of(*(switch.stands_right(workspace, at) for switch in _SWITCHES))


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Set both right."""
    for switch in _SWITCHES:
        yield from switch.set_right(workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    one, other = _SWITCHES
    yield from one.examples(**{other.key: other.wanted})
    yield from other.examples(**{one.key: one.wanted})

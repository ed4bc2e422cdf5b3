"""With container services anybody who may make a cluster chooses the image that it starts from: any
image of any registry, with software that nobody looked at and no patch that Databricks ships.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, holds
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, passes
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import ConfSwitch
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

_SWITCH: Final = ConfSwitch(
    "enableDcs", "false", "clusters may start from container images of anybody's own"
)

CONTROL = Control(
    id="container-services",
    title="Clusters start from the images of Databricks alone",
    paper=("P35",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Switch container services off; where a team needs them, forbid docker_image in the "
        "cluster policies of all others and set libraries.containers in lakewarden.toml.",
        console="No page of the console has it; use the API.",
        api='PATCH /api/2.0/workspace-conf {"enableDcs": "false"}',
        terraform='databricks_workspace_conf with custom_config = { enableDcs = "false" }.',
        breaks="Clusters and jobs that start from a container image of their own no longer start.",
    ),
    maps=(
        *also(
            "starts clusters from the images of the platform and from no others",
            Relation.SUBSET,
            nist="CM-7(5) CM-11",
            soc2="CC6.8",
            pci="2.2",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.9 A.8.19",
            ccm="IVS-04 TVM-02",
        ),
        *also(
            "leaves nobody a way to hide code in an image of their own",
            nist="SR-3",
            attack="T1204.003 T1525",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is explicitly off, or the organisation wants it."""
    condition = _SWITCH.stands_right(workspace, at)
    if at.policy.containers and condition.met is False:
        source = at.policy.source or "lakewarden.toml"
        return holds(*condition.evidence, Evidence(source, "libraries.containers", True, "true"))  # noqa: FBT003  # what the file says
    return condition


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples()
    wanted = Policy(containers=True)
    yield passes(
        "on, as the policy file allows", given(workspace_conf={"enableDcs": "true"}), wanted
    )

"""The tags of a workspace go to everything that Databricks makes for it in AWS, its network and its
serverless compute included. They also say what a workspace is for, which rules of this tool go by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE, name_of
from lakewarden.controls.kit.tags import WANTED, carries, examples_of, missing_tags
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="workspace-tags",
    title="The workspace carries the tags that the organisation asks for",
    paper=("P37",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WORKSPACES.need(),),
    fix=Fix(
        "Give the workspace the missing tags in the account; keep to the names that the cluster "
        "policies use, so that one report covers all.",
        console="Account console, Workspaces, the workspace, Tags: add the keys with their values.",
        api='PATCH /api/2.0/accounts/{account_id}/workspaces/{workspace_id} {"custom_tags": '
        '{"CostCenter": "..."}}',
        terraform="databricks_mws_workspaces { custom_tags = { CostCenter = ..., Owner = ... } }.",
        breaks="Nothing stops; new resources carry the tags within the hour, and tags cannot be "
        "taken "
        "off entirely again.",
    ),
    maps=(
        *also(
            "names an owner and a purpose for whatever is made for a workspace",
            Relation.SUBSET,
            nist="CM-8 CM-8(4)",
            soc2="CC6.1",
            iso="A.5.9",
            ccm="DCS-06",
        ),
        *also(
            "lets stricter rules find the workspaces that process sensitive data",
            nist="RA-2",
            iso="A.5.12",
            ccm="DSP-04",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Every key is there, with a value that is allowed."""
    return carries(workspace.tags, workspace.tags.get(), at.policy)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Add what is missing, and leave the others."""
    tags = workspace.tags.get()
    wanted = missing_tags(tags, at, whole=True)
    yield Wish(
        Target("workspace", "account", str(workspace.id)),
        name_of(workspace),
        {path("custom_tags", key): tags.get(key) for key in wanted},
        {path("custom_tags", key): value for key, value in wanted.items()},
    )


def _tagged(tags: Mapping[str, str]) -> MemorySnapshot:
    return given(workspace={"custom_tags": dict(tags)})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from examples_of(_tagged)
    yield unclear("tags of the wrong type", given(workspace={"custom_tags": "none"}), WANTED)
    yield unclear("workspaces may not be listed", given(workspaces=refused()), WANTED)

"""Whoever may make shares and recipients may hand any table that they own to anybody outside, with
no copy that an egress rule would notice. That is a business decision, and belongs to the few whom
you named for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.unity_examples import METASTORE_ID, governed
from lakewarden.controls.kit.unity_subjects import METASTORE, Shown, metastore_of
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.given import refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.unity import (
    METASTORE_ASSIGNMENTS,
    METASTORE_GRANTS,
    METASTORES,
    Metastore,
    MetastoreGrants,
)
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy

_SHARING: Final = frozenset(
    {
        *("CREATE_SHARE", "CREATE_RECIPIENT", "CREATE_PROVIDER", "SET_SHARE_PERMISSION"),
        "ALL_PRIVILEGES",
    }
)

CONTROL = Control(
    id="sharing-creators",
    title="Nobody may share data with others but those whom the policy file names",
    paper=("P11",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=METASTORE,
    needs=(METASTORES.need(), METASTORE_ASSIGNMENTS.need(), METASTORE_GRANTS.need()),
    fix=Fix(
        "Take CREATE_SHARE, CREATE_RECIPIENT, CREATE_PROVIDER and SET_SHARE_PERMISSION from "
        "everybody but a group for it, and name that group in data.sharing_principals.",
        console="Catalog Explorer, the metastore, Permissions: revoke.",
        api="PATCH /api/2.1/unity-catalog/permissions/metastore/{metastore_id} "
        '{"changes": [{"principal": ..., "remove": ["CREATE_SHARE"]}]}',
        terraform="databricks_grants with metastore, without those privileges.",
        breaks="Those who shared by themselves must ask the group; existing shares stay.",
    ),
    maps=(
        *also(
            "leaves the decision to share with outsiders to the few who were named",
            Relation.SUBSET,
            nist="AC-3 AC-6 AC-21",
            soc2="CC6.3 CC6.7",
            pci="7.2.2 7.2.3",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.14 A.5.18",
            ccm="DSP-10 IAM-05",
        ),
        *also(
            "keeps others from handing tables to an account outside",
            dasf="DASF-5 DASF-51",
            attack="T1537",
        ),
        *also("judges the grants that are only shown there", Relation.SUPERSET, sat="INFO-18"),
    ),
)


@CONTROL.check
def check(metastore: Metastore, at: Context) -> Judgement:
    """Every holder of such a privilege is named; metastore admins need no grant."""
    grants = _grants(metastore, at.estate).record.assignments
    held = sorted(
        f"{entry.principal}: {', '.join(sorted(_SHARING & {*entry.privileges}))}"
        for entry in grants.get()
        if _SHARING & {*entry.privileges} and entry.principal not in at.policy.sharing_principals
    )
    wanted = ", ".join(at.policy.sharing_principals) or "nobody"
    evidence = Evidence(grants.source, grants.field, held or "nobody else", wanted)
    return observe(not held, evidence, otherwise=f"others may share data: {'; '.join(held)}")


@CONTROL.mends
def mend(metastore: Metastore, at: Context) -> Iterable[Wish | Step]:
    """Take the privileges of sharing, and no others, from everybody who is not named."""
    shown = _grants(metastore, at.estate)
    target = Target("grants", f"workspace/{shown.workspace.id}", f"metastore/{metastore.id}")
    for entry in shown.record.assignments.get():
        held = {*entry.privileges}
        if not _SHARING & held or entry.principal in at.policy.sharing_principals:
            continue
        if "ALL_PRIVILEGES" in held:
            yield Step(
                f"Grant {entry.principal} on the metastore {shown.record.id} the single privileges "
                "that it needs, then revoke ALL_PRIVILEGES, which has those of sharing in it.",
                f"`lakewarden assess --control {CONTROL.id}` passes",
            )
            continue
        place = path("privilege_assignments", f"[principal={entry.principal}]")
        now = {"principal": entry.principal, "privileges": list(entry.privileges)}
        kept = [privilege for privilege in entry.privileges if privilege not in _SHARING]
        rest = {**now, "privileges": kept} if kept else None
        yield Wish(target, f"grants on {metastore.id}", {place: now}, {place: rest})


def _grants(metastore: Metastore, estate: Estate) -> Shown[MetastoreGrants]:
    """Return the grants on a metastore, and a workspace of it that shows them.

    Raises:
        UnreadError: none does.
    """
    gap: Gap | None = None
    for workspace in estate.workspaces():
        try:
            if metastore_of(workspace, estate) == metastore.id:
                found = estate.need(METASTORE_GRANTS, metastore.id, workspace)
                found.assignments.get()
                return Shown(found, workspace)
        except UnreadError as error:
            gap = error.gap
    detail = f"no workspace shows the metastore {metastore.id}"
    raise UnreadError(gap or METASTORE_GRANTS.gap(Cause.NOT_FOUND, detail))


def _estate(*grants: tuple[str, list[str]], **more: Any) -> MemorySnapshot:
    rows = [{"principal": name, "privileges": privileges} for name, privileges in grants]
    mine = {"metastore_id": METASTORE_ID, "privilege_assignments": rows}
    answers = {
        "metastores": [{"metastore_id": METASTORE_ID, "name": "main"}],
        "metastore_grants": [mine],
    }
    return governed(**{**answers, **more})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    named = Policy(sharing_principals=("sharing-desk",))
    desk = ("sharing-desk", ["CREATE_SHARE", "CREATE_RECIPIENT"])
    yield passes("nobody", _estate())
    yield passes("another privilege", _estate(("engineers", ["CREATE_CATALOG"])))
    yield passes("a group that is named", _estate(desk), named)
    yield fails("a group that is not named", _estate(desk))
    yield fails("everybody as well", _estate(desk, ("account users", ["CREATE_SHARE"])), named)
    for privilege in sorted(_SHARING):
        yield fails(privilege, _estate(("engineers", [privilege])))
    yield unclear("grants may not be read", _estate(metastore_grants=refused()))
    yield unclear("metastores may not be read", _estate(metastores=refused()))
    yield unclear("assignments may not be read", _estate(metastore_assignments=refused()))
    away = [{"workspace_id": 1, "metastore_id": "m2"}]
    yield unclear("no workspace shows it", _estate(metastore_assignments=away))

"""A tag on a machine splits no bill by itself: AWS ignores it in cost reports until somebody
activates its key. Costs that run away, a stolen token's machines among them, then stay hidden in
one large amount.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Condition, Judgement, expect, violated
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.controls.kit.tags import WANTED, each_required
from lakewarden.estate.costs import COST_TAGS
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="cost-allocation-tags-active",
    title="AWS splits the bill by the tags that the organisation asks for",
    paper=("P37",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(COST_TAGS.need(),),
    fix=Fix(
        "Activate the tag keys as cost allocation tags in the account that pays the bill; AWS "
        "offers a key once something has carried it for a day.",
        console="AWS Billing, Cost allocation tags, User-defined: activate the keys.",
        api='ce:UpdateCostAllocationTagsStatus {"CostAllocationTagsStatus": [{"TagKey": '
        '"CostCenter", "Status": "Active"}]}',
        terraform='aws_ce_cost_allocation_tag { tag_key = "CostCenter", status = "Active" }.',
        breaks="Nothing stops; reports show the split from the next day on.",
    ),
    maps=(
        *also(
            "has the bill name an owner for whatever runs",
            Relation.SUBSET,
            nist="CM-8 CM-8(4)",
            iso="A.5.9",
            ccm="DCS-06",
        ),
        *also(
            "shows early when somebody's costs run away, those of a stolen token too",
            nist="SI-4",
            soc2="CC7.2",
            iso="A.8.16",
            attack="T1496",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Every key is active."""

    def active(key: str) -> Condition:
        tag = at.estate.find(COST_TAGS, key)
        if tag is None:
            shown = Evidence(COST_TAGS.source, f"status of {key}", None, "Active")
            return violated(f"AWS does not know the tag {key} as one that splits costs", shown)
        return expect(
            tag.status,
            lambda status: status == "Active",
            expected="Active",
            otherwise=f"the tag {key} splits no costs: it is {{value}}",
        )

    return each_required(at.policy, active)


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """Activate the keys that AWS has seen."""
    for key in at.policy.required_tags:
        tag = at.estate.find(COST_TAGS, key)
        if tag is None:
            raise CannotPlanError(
                f"AWS has not seen the tag {key}: it does a day after something carries it"
            )
        if tag.status.get() != "Active":
            before, after = {"/Status": tag.status.get()}, {"/Status": "Active"}
            yield Wish(Target("cost_allocation_tag", "aws", key), key, before, after)


def _tags(**statuses: str | None) -> MemorySnapshot:
    return given(cost_tags=[{"TagKey": key, "Status": s} for key, s in statuses.items()])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("both are active", _tags(CostCenter="Active", Owner="Active"), WANTED)
    yield fails("one is not", _tags(CostCenter="Active", Owner="Inactive"), WANTED)
    yield fails("one was never seen", _tags(CostCenter="Active"), WANTED)
    yield unclear("a status is missing", _tags(CostCenter="Active", Owner=None), WANTED)
    yield unclear("nobody says which tags are wanted", _tags(CostCenter="Active"))
    yield unclear("AWS may not be asked", given(cost_tags=refused()), WANTED)

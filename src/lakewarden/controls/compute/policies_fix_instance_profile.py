"""An instance profile gives a cluster, and every line of code on it, the rights of an AWS role,
past all grants on tables. A policy that leaves the profile open lets each user of it choose the
strongest role that the workspace knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policies import (
    NEEDS,
    effective,
    policy_with,
    shown,
    unless_for_admins,
    usual_examples,
)
from lakewarden.controls.kit.rule_wishes import USERS, fixed, forbidden, made_under, rule_wish
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.estate.compute import ClusterPolicy
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="policies-fix-instance-profile",
    title="The cluster policy leaves nobody a choice of instance profile",
    paper=("P33",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=NEEDS,
    fix=Fix(
        "Add a rule for aws_attributes.instance_profile_arn: forbidden, or fixed to the one "
        "profile that the users of the policy need.",
        console="Compute, Policies, the policy, Edit: add the rule to its definition.",
        api='POST /api/2.0/policies/clusters/edit with "aws_attributes.instance_profile_arn": '
        '{"type": "forbidden"} in the definition.',
        terraform="databricks_cluster_policy: the same rule within definition = jsonencode({...}).",
        breaks="Code that reaches S3 through a profile instead of external locations loses that "
        "access on new clusters.",
    ),
    maps=(
        *also(
            "leaves users no choice of the AWS role whose rights a cluster has",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.2.5",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="IAM-05 IAM-16",
        ),
        *also(
            "keeps data from being read past all grants by way of a stronger role",
            dasf="DASF-5",
            attack="T1078.004 T1530",
        ),
    ),
    plans_with=USERS,
)

_PATH: Final = "aws_attributes.instance_profile_arn"


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """The profile is fixed or forbidden; admins alone may choose."""
    rules = effective(policy, at)
    condition = observe(
        rules.settled(_PATH),
        shown(rules, _PATH, "forbidden, or fixed"),
        otherwise="clusters may take any instance profile of the workspace",
    )
    return unless_for_admins(policy, at, condition)


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish]:
    """Forbid profiles where no cluster of the policy has one, or fix the one that all have."""
    used = sorted({spec.profile.get() or "" for spec in made_under(policy, at)})
    if len(used) > 1:
        profiles = ", ".join(filter(None, used))
        raise CannotPlanError(
            f"clusters of the policy have {profiles}, and not all the same: decide which they need"
        )
    profile = used[0] if used else ""
    yield rule_wish(policy, at, {_PATH: fixed(profile) if profile else forbidden})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    good = {_PATH: {"type": "forbidden"}}
    arn = "arn:aws:iam::123456789012:instance-profile/reader"
    choice = {_PATH: {"type": "allowlist", "values": [arn, f"{arn}-too"]}}
    yield passes("forbidden", policy_with(good))
    yield passes("fixed", policy_with({_PATH: {"type": "fixed", "value": arn}}))
    yield fails("a choice of two", policy_with(choice))
    yield fails("any", policy_with({_PATH: {"type": "unlimited", "isOptional": True}}))
    yield fails("nothing said", policy_with({}))
    unused: dict[str, Any] = {"clusters": [], "job_clusters": [], "pipeline_clusters": []}
    yield fails("nothing said, and nothing made under it", policy_with({}, **unused))
    yield from usual_examples(good, choice)

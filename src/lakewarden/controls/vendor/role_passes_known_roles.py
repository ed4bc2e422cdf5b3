"""A machine has the rights of the role that it is given. Whoever acts through Databricks' role and
may pass any role gives a machine that of an administrator and reads its keys from there. Which
roles it passes is for you to say, and the policies that Databricks documents pass none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.role_mending import PLANS_WITH, guarded
from lakewarden.controls.kit.role_proofs import (
    ANYTHING,
    ROLE_NEEDS,
    asked_of_role,
    levels,
    policy,
    role_estate,
)
from lakewarden.controls.kit.roles import users_of
from lakewarden.controls.kit.subjects import ROLE, CrossAccountRole
from lakewarden.estate.compute import CLUSTERS
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="role-passes-known-roles",
    title="The cross-account role gives machines no roles but those that you name",
    paper=("P28",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=ROLE,
    needs=ROLE_NEEDS,
    fix=Fix(
        "Allow iam:PassRole for the ARNs of the instance profiles' roles and for nothing else, and "
        "name them in lakewarden.toml under aws.passed_roles.",
        console="IAM, Roles, the role, Permissions: the statement with iam:PassRole.",
        api="iam PutRolePolicy; lakewarden prove xacct.cannot_pass_roles_except shows beforehand "
        "what it leaves.",
        terraform="pass_roles of the data source databricks_aws_crossaccount_policy.",
        breaks="Clusters with an instance profile that is not named no longer start.",
    ),
    maps=also(
        "shows by proof which roles the vendor can give away",
        Relation.SUBSET,
        nist="AC-3 AC-6 AC-6(10) SA-9",
        soc2="CC6.1 CC6.3",
        pci="7.2.2 7.2.5",
        hipaa="164.308(a)(4)(i)",
        iso="A.5.15 A.5.18 A.8.2",
        ccm="IAM-05 IAM-16",
        attack="T1098 T1199",
    ),
    plans_with=(*PLANS_WITH, CLUSTERS.need()),
)


@CONTROL.check
def check(role: CrossAccountRole, at: Context) -> Judgement:
    """No other role can be passed by policies, boundary and organisation."""
    return asked_of_role("xacct.cannot_pass_roles_except", role, at, roles=at.policy.passed_roles)


@CONTROL.mends
def mend(role: CrossAccountRole, at: Context) -> Iterable[Wish]:
    """Refuse to pass any role but those that the policy file names.

    A profile has the name of its role where the console made it; another name is for people.
    """
    named = {arn.rpartition("/")[2] for arn in at.policy.passed_roles}
    for workspace in users_of(role, at):
        for cluster in at.estate.of(CLUSTERS, workspace).each():
            profile = cluster.profile.get()
            if profile and profile.rpartition("/")[2] not in named:
                reason = f"clusters run with {profile}: name its role in lakewarden.toml under"
                raise CannotPlanError(f"{reason} aws.passed_roles, or take it off them first")
    yield guarded(role, at, "NoOtherRoles")


_READER: Final = "arn:aws:iam::123456789012:role/lake-reader"
_PASS: Final[dict[str, Any]] = {"Action": "iam:PassRole"}
_OTHERS: Final[dict[str, Any]] = {**_PASS, "Effect": "Deny", "NotResource": _READER}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    ours = Policy(passed_roles=(_READER,))
    reader, whatever = policy({**_PASS, "Resource": _READER}), policy(_PASS)
    yield passes("a role that is named", role_estate([reader]), ours)
    yield passes("none at all", role_estate([policy({"Action": "ec2:*"})]))
    yield passes("all others are refused", role_estate([whatever, policy(_OTHERS)]), ours)
    bound = policy(ANYTHING, _OTHERS)
    yield passes("by a boundary", role_estate([whatever], bound), ours)
    control = levels(policy(_OTHERS))
    yield passes("by the organisation", role_estate([whatever], organization_levels=control), ours)
    yield fails("a role that nobody named", role_estate([reader]))
    yield fails("any role", role_estate([whatever], clusters=[]), ours)
    alike = policy({**_PASS, "Resource": f"{_READER}*"})
    yield fails("roles whose names begin alike", role_estate([alike]), ours)
    service = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    yield fails("any role to machines", role_estate([policy({**_PASS, "Condition": service})]))
    yield fails("by a pattern of actions", role_estate([policy({"Action": "iam:P*"})]), ours)
    yield unclear("a boundary may refuse it", role_estate([whatever], role_bounds=refused()), ours)
    yield unclear(
        "the organisation may refuse it",
        role_estate([whatever], organization_levels=refused()),
        ours,
    )
    lost = [{"arn": "arn:aws:iam::123456789012:role/databricks", "MaxSessionDuration": 3600}]
    lost[0]["boundary"] = "arn:aws:iam::123456789012:policy/bound"
    yield unclear("the boundary has no text", role_estate([whatever], role_bounds=lost))
    yield unclear("policies may not be read", role_estate(role_policies=refused()))
    yield unclear("text that is no policy", role_estate(["{}"]))
    yield exempt("a serverless workspace", given(workspace={"compute_mode": "SERVERLESS"}))

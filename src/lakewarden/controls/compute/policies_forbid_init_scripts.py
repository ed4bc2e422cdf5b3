"""Init scripts and container images run as root on every machine of a cluster before anybody works
on it. Whoever chooses them can wait there for the tokens of each later user, so neither is for the
people who use a policy to choose.
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
from lakewarden.controls.kit.rule_wishes import USERS, forbidden, label_of, made_under, rule_wish
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.estate.compute import ClusterPolicy
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="policies-forbid-init-scripts",
    title="The cluster policy leaves nobody a choice of init scripts or container images",
    paper=("P33", "P35"),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=NEEDS,
    fix=Fix(
        "Add rules that forbid, or fix, the destinations of init scripts from the workspace, "
        "volumes, S3, DBFS and local files, and docker_image.url.",
        console="Compute, Policies, the policy, Edit: add the rules to its definition.",
        api='POST /api/2.0/policies/clusters/edit with "init_scripts.*.s3.destination": {"type": '
        '"forbidden"}, its like for the other places, and "docker_image.url" in the definition.',
        terraform="databricks_cluster_policy: the same rules, within definition = jsonencode().",
        breaks="Clusters that install software by scripts or images of their own no longer start; "
        "fix those scripts in the policy instead.",
    ),
    maps=(
        *also(
            "leaves users no choice of code that runs as root before a cluster serves",
            Relation.SUBSET,
            nist="AC-6 CM-6 CM-7(5)",
            soc2="CC6.8",
            pci="2.2",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.9 A.8.19",
            ccm="CCC-04 TVM-02",
        ),
        *also(
            "keeps intruders from waiting under a cluster for its users' tokens",
            attack="T1204.003 T1546 T1552",
        ),
    ),
    plans_with=USERS,
)

_PATHS: Final = (
    *(f"init_scripts.*.{place}.destination" for place in ("workspace", "volumes", "s3", "dbfs")),
    "init_scripts.*.file.destination",
    "docker_image.url",
)


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """Each way to run code before the cluster starts is fixed or forbidden."""
    rules = effective(policy, at)
    conditions = (
        observe(
            rules.settled(path),
            shown(rules, path, "forbidden, or fixed"),
            otherwise=f"{path} may be anything",
        )
        for path in _PATHS
    )
    return unless_for_admins(policy, at, *conditions)


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish | Step]:
    """Forbid what no cluster of the policy has; what one has, a person must look at."""
    rules, used = effective(policy, at), _used(policy, at)
    loose = [path for path in _PATHS if not rules.settled(path)]
    edits = {path: forbidden for path in loose if path not in used}
    if edits:
        yield rule_wish(policy, at, edits)
    for path in loose:
        if path in used:
            yield Step(
                f"Clusters of the policy {label_of(policy)} have {used[path]}: look at it, and fix "
                f"{path} to it in the policy, or take it off the clusters and forbid it.",
                f"`lakewarden assess --control {CONTROL.id}` passes",
            )


def _used(policy: ClusterPolicy, at: Context) -> dict[str, str]:
    """Return what clusters of a policy have, one example by the path of its rule."""
    found = {}
    for spec in made_under(policy, at):
        for entry in spec.init_scripts.get():
            for store, place in entry.items():
                found[f"init_scripts.*.{store}.destination"] = str(place.get("destination", store))
        if spec.image.get():
            found["docker_image.url"] = str(spec.image.get())
    return found


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    good: dict[str, Any] = {path: {"type": "forbidden"} for path in _PATHS}
    yield passes("all forbidden", policy_with(good))
    script = {"type": "fixed", "value": "/Volumes/main/platform/agent.sh"}
    yield passes("one script fixed", policy_with({**good, _PATHS[1]: script}))
    for path in _PATHS:
        rest = {name: rule for name, rule in good.items() if name != path}
        yield fails(f"{path} is open", policy_with(rest))
    loose = {**good, "docker_image.url": {"type": "regex", "pattern": ".*"}}
    yield fails("any image", policy_with(loose))
    unused: dict[str, Any] = {"clusters": [], "job_clusters": [], "pipeline_clusters": []}
    yield fails("any image, and nothing made under it", policy_with(loose, **unused))
    yield from usual_examples(good, loose)

"""A runtime that is no longer supported gets no security fixes, for Spark, for the driver or for
the libraries that come with it. A policy that leaves the runtime open keeps the oldest of them
alive for as long as somebody's script names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, observe, unknown
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes, unclear
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
from lakewarden.controls.kit.rule_wishes import narrowed, rule_wish
from lakewarden.controls.kit.runtimes import newest_like
from lakewarden.controls.kit.spec_wishes import goes
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.estate.compute import CLUSTER_POLICIES, ClusterPolicy
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import refused
from lakewarden.estate.workloads import RUNTIMES
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError

CONTROL = Control(
    id="policies-bound-runtime",
    title="The cluster policy allows no runtime older than those on offer",
    paper=("P33",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=(*NEEDS, RUNTIMES.need()),
    fix=Fix(
        "Add a rule for spark_version: fixed to auto:latest-lts, an allowlist of supported "
        "runtimes, or a regex that begins with their major numbers.",
        console="Compute, Policies, the policy, Edit: add the rule to its definition.",
        api='POST /api/2.0/policies/clusters/edit with "spark_version": {"type": "regex", '
        '"pattern": "1[67]\\\\..*"} in the definition.',
        terraform="databricks_cluster_policy: the same rule within definition = jsonencode({...}).",
        breaks="Clusters and jobs that name an older runtime cannot be made or edited until their "
        "code runs on a newer one.",
    ),
    maps=(
        *also(
            "lets users make no cluster whose runtime gets no more fixes",
            Relation.SUBSET,
            nist="CM-6 SA-22 SI-2",
            soc2="CC7.1",
            pci="2.2 6.3.3",
            iso="A.8.8 A.8.9",
            ccm="TVM-03 TVM-05",
        ),
        *also(
            "leaves fewer known holes to malicious code on clusters that users make",
            hipaa="164.308(a)(5)(ii)(B)",
        ),
        *also(
            "forbids beforehand the old runtimes that the rule there finds on clusters", sat="GOV-5"
        ),
    ),
)

_PATH: Final = "spark_version"
_NUMBERS: Final = re.compile(r"(\d+)\.(\d+)\.")
_OLDEST: Final = 5
"""The first major number that the versions of today's shape had."""
_MINORS: Final = range(6)
_KINDS: Final = ("", "-cpu-ml", "-gpu-ml", "-photon", "-aarch64", "-aarch64-photon", "-hls")
_ALIAS: Final = "auto:"
_LATEST: Final = "auto:latest-lts"


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """It names and accepts no version of before those on offer; admins alone may do without."""
    return unless_for_admins(policy, at, lambda: _bounded(policy, at))


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish]:
    """Leave the choice of the runtimes on offer that the rule lets through, and of aliases."""
    rules = effective(policy, at)
    offered = sorted(
        (r.id for r in at.estate.of(RUNTIMES, at.here).each() if _number(r.id)),
        key=lambda version: (_number(version), version),
        reverse=True,
    )
    named, usual = rules.listed(_PATH), str(rules.rules.get(_PATH, {}).get("defaultValue", ""))
    free = dict.fromkeys((_LATEST, usual, *offered))
    kept = [v for v in named or free if v in offered or v.startswith(_ALIAS)]
    kept = [version for version in kept if goes(rules, _PATH, version)]
    if not kept:
        kept = [newest_like(named[0], at, lambda _: True)] if named else [_LATEST]
        yield rule_wish(policy, at, {_PATH: lambda _: narrowed(kept, kept[0])({})})
    else:
        yield rule_wish(policy, at, {_PATH: narrowed(kept)})


def _bounded(policy: ClusterPolicy, at: Context) -> Condition:
    rules = effective(policy, at)
    offered = sorted(filter(None, (_number(r.id) for r in at.estate.of(RUNTIMES, at.here).each())))
    expected = "runtimes on offer alone"
    if not offered:
        gap = RUNTIMES.gap(Cause.NOT_FOUND, "no runtime that a number can be made of")
        return unknown(gap, expected=expected)
    try:
        old = _named(rules, offered) or _accepted(rules, offered[0])
    except MalformedDefinitionError as error:
        return unknown(CLUSTER_POLICIES.gap(Cause.MALFORMED, str(error)), expected=expected)
    odd = [v for v in rules.listed(_PATH) if not _number(v) and not v.startswith(_ALIAS)]
    if odd and not old:
        detail = f"{', '.join(odd)} is no number of a runtime"
        return unknown(RUNTIMES.gap(Cause.NOT_FOUND, detail), field=_PATH, expected=expected)
    oldest = ".".join(map(str, offered[0]))
    worst = old[0] if old else "nothing"
    otherwise = f"{worst} may be used, which is not on offer: the oldest that is is {oldest}"
    return observe(not old, shown(rules, _PATH, expected), otherwise=otherwise)


def _named(rules: Definition, offered: list[tuple[int, int]]) -> list[str]:
    """Return versions that the rule names, and that are no longer on offer."""
    numbers = {version: _number(version) for version in rules.listed(_PATH)}
    return [v for v, n in numbers.items() if n and n not in offered and n < offered[-1]]


def _accepted(rules: Definition, oldest: tuple[int, int]) -> list[str]:
    """Return versions that go through the rule and are older than the oldest on offer."""
    made = (
        f"{major}.{minor}.x{kind}-scala2.{scala}"
        for major in range(_OLDEST, oldest[0] + 1)
        for minor in _MINORS
        for scala in (11, 12, 13)
        for kind in _KINDS
        if (major, minor) < oldest
    )
    return [version for version in made if rules.accepts(_PATH, version)]


def _number(version: str) -> tuple[int, int] | None:
    """Return the major and minor number of a version; None for names such as auto:latest-lts."""
    found = _NUMBERS.match(version)
    return (int(found[1]), int(found[2])) if found else None


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    offer = [{"key": f"{number}.x-scala2.12"} for number in ("15.4", "13.3", "16.4")]
    for title, rule, example in (
        ("the latest", {"type": "fixed", "value": "auto:latest-lts"}, passes),
        ("the oldest on offer", {"type": "fixed", "value": "13.3.x-scala2.12"}, passes),
        ("one before it", {"type": "fixed", "value": "13.2.x-scala2.12"}, fails),
        (
            "an old one in a list",
            {"type": "allowlist", "values": ["10.4.x-cpu-ml-scala2.12"]},
            fails,
        ),
        ("a pattern of new ones", {"type": "regex", "pattern": "1[456]\\..*"}, passes),
        ("a pattern that lets old ones in", {"type": "regex", "pattern": "1[0-9]\\..*"}, fails),
        ("one between two on offer", {"type": "fixed", "value": "14.1.x-scala2.12"}, fails),
        ("old ones of a kind", {"type": "regex", "pattern": ".*-photon-.*"}, fails),
        ("no number", {"type": "fixed", "value": "apache-spark-2.4.x-scala2.11"}, unclear),
        ("anything but one", {"type": "blocklist", "values": ["7.3.x-scala2.12"]}, fails),
        ("anything", {"type": "unlimited", "defaultValue": "auto:latest-lts"}, fails),
        ("a pattern that is none", {"type": "regex", "pattern": "(1"}, unclear),
    ):
        yield example(title, policy_with({_PATH: rule}, runtimes=offer))
    yield fails("nothing said", policy_with({}, runtimes=offer))
    good: dict[str, Any] = {_PATH: {"type": "fixed", "value": "auto:latest-lts"}}
    yield unclear("no runtime in the answer", policy_with(good, runtimes=[]))
    yield unclear("runtimes may not be listed", policy_with(good, runtimes=refused()))
    yield from usual_examples(good, {}, runtimes=offer)

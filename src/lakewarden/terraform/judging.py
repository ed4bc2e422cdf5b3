"""Judging a plan: the same controls, of what the plan speaks of, with the file and line to edit."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context, Control
from lakewarden.controls.kit.judge import judge
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause
from lakewarden.estate.kind import Kind, Need, Scope
from lakewarden.ledger.finding import Finding, Verdict
from lakewarden.policyfile.policy import Policy
from lakewarden.terraform.entries import Entry
from lakewarden.terraform.planned import Planned
from lakewarden.terraform.values import Parts

_FAILED: Final = frozenset({Verdict.FAIL, Verdict.WAIVED})
_CERTAIN: Final = _FAILED | {Verdict.PASS}
_WHOLE: Final = "*"


def judge_plan(
    plan: Planned,
    policy: Policy,
    controls: Iterable[Control[Any]],
    lines: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    """Yield the findings on what a plan speaks of.

    A list of which a plan knows a part can only prove a wrong. So the plan is judged with the parts
    taken for the whole, and for nothing: what fails by what is in them, fails. For everything else
    they are taken for what they are.

    Args:
        plan: the plan as an estate.
        policy: what the organisation wants.
        controls: the controls to ask.
        lines: `file:line` by the address of a resource.
    """
    chosen = {control.id: control for control in controls}
    failed, anyway = (
        {f.id: f for f in _judged(plan, policy, chosen, parts) if f.verdict in _FAILED}
        for parts in (Parts.WHOLE, Parts.LEAST)
    )
    certain = {identity: f for identity, f in failed.items() if identity not in anyway}
    where = Locator(plan, lines or {})
    for finding in _judged(plan, policy, chosen, Parts.OPEN):
        best = certain.get(finding.id, finding)
        control = chosen[finding.control]
        if best.verdict in _CERTAIN or _is_asked(plan, control, best):
            yield replace(best, location=where.of(control, best))


def _judged(
    plan: Planned, policy: Policy, chosen: Mapping[str, Control[Any]], parts: Parts
) -> Iterator[Finding]:
    estate = Estate(plan.snapshot(parts), policy.include.workspaces, policy.exclude.workspaces)
    at = Context(estate, policy, parse_time(plan.meta.taken))
    return judge(estate, chosen.values(), at)


def _is_asked(plan: Planned, control: Control[Any], finding: Finding) -> bool:
    """Return whether a plan speaks of what a control would have to know of a subject."""
    if finding.subject.id == _WHOLE:
        return any(entry.value != str(Cause.UNPLANNED) for entry in finding.evidence)
    return any(any(_entries(plan, need, finding)) for need in control.needs)


def _entries(plan: Planned, need: Need, finding: Finding) -> Iterator[Entry]:
    """Yield what a plan says of a need, as far as it bears on the subject of a finding."""
    kind, workspace = KINDS[need.kind], finding.subject.workspace
    inside = kind.scope is Scope.WORKSPACE
    if inside and not workspace:
        yield from _shown(plan, kind, finding)
    if kind is WORKSPACES or (inside and not workspace):
        return
    scope = f"workspace/{workspace}" if inside else kind.scope.value
    for entry in plan.entries.get((kind.name, scope), ()):
        identity = [str(part) for part in entry.identity]
        foreign = workspace in plan.implied and not inside and identity != [workspace]
        if not foreign and (not kind.keyed or not need.key or identity == [need.key]):
            yield entry


def _shown(plan: Planned, kind: Kind[Any], finding: Finding) -> Iterator[Entry]:
    """Yield what a plan says in any workspace of a subject that belongs to none, by its name."""
    for (name, _), entries in plan.entries.items():
        if name == kind.name and not kind.keyed:
            yield from (e for e in entries if e.identity == (finding.subject.name,))


class Locator:
    """Finds where the resource stands that decided, or else the one that a finding is about."""

    def __init__(self, plan: Planned, lines: Mapping[str, str]) -> None:
        self._plan = plan
        self._lines = lines
        self._about: dict[str, list[str]] = defaultdict(list)
        for entry in itertools.chain.from_iterable(plan.entries.values()):
            self._about["/".join(map(str, entry.identity))].append(entry.address)

    def of(self, control: Control[Any], finding: Finding) -> str:
        """Return `file:line`, empty when no resource of the configuration bears on a finding."""
        if not self._lines:
            return ""
        addresses = self._addresses(control, finding)
        return next((self._lines[a] for a in addresses if a in self._lines), "")

    def _addresses(self, control: Control[Any], finding: Finding) -> Iterator[str]:
        """Yield the resources that bear on a finding, those that decided first."""
        needed = {KINDS[need.kind].source: need for need in control.needs}
        for fact in finding.evidence:
            if str(fact.value).lower() == fact.expected.lower():
                continue  # it is as it should be
            yield fact.source
            if fact.source in needed:
                yield from self._of_need(needed[fact.source], finding)
        yield from self._about[finding.subject.id]
        for need in control.needs:
            yield from self._of_need(need, finding)

    def _of_need(self, need: Need, finding: Finding) -> Iterator[str]:
        return (entry.address for entry in _entries(self._plan, need, finding))

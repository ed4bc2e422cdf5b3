"""Judging: every chosen control on every subject, as a stream of findings.

Judging reads nothing but the estate. It runs over each kind of subject once and puts every
control of that kind to each subject, so memory does not grow with the estate.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, NotApplicable, disabled, unknown
from lakewarden.controls.kit.control import Basis, Context, Control, Tier
from lakewarden.controls.kit.subjects import Absence, Subject, place_of
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Gap, UnreadError
from lakewarden.ledger.finding import Evidence, Finding, SubjectRef, Verdict, WaiverNote
from lakewarden.policyfile.policy import Attestation, Policy
from lakewarden.policyfile.scope import Place

_LESS: Final = frozenset({"premium", "standard", "community_edition"})
"""Tiers that are known to lack what the Enterprise tier has; of others the facts must speak."""


def judge(estate: Estate, controls: Iterable[Control[Any]], at: Context) -> Iterator[Finding]:
    """Yield a finding for every control and subject.

    A subject kind whose list is not complete yields one more finding, UNKNOWN, that stands for
    what was not seen.
    """
    for _control, _subject, _at, finding in judged(estate, controls, at):
        yield finding


Judged = tuple[Control[Any], Subject[Any] | Absence, Context, Finding]


def judged(estate: Estate, controls: Iterable[Control[Any]], at: Context) -> Iterator[Judged]:
    """Yield every finding with the control, the subject, and the context that it was made in."""
    ordered = sorted(controls, key=lambda c: (c.subject.name, c.id))
    for _, group in itertools.groupby(ordered, key=lambda c: c.subject.name):
        together = list(group)
        kinds = {id(c.subject): c.subject for c in together}
        for kind in kinds.values():
            mine = [c for c in together if c.subject is kind]
            for subject in kind.find(estate):
                place = _place(subject)
                policy = at.policy.at(place) if place else at.policy
                here = replace(at, policy=policy, workspace=subject.workspace)
                for control in mine:
                    if here.policy.asks(control.id, control.postures):
                        yield control, subject, here, _finding(control, subject, here)


def _finding(control: Control[Any], subject: Subject[Any] | Absence, at: Context) -> Finding:
    if isinstance(subject, Absence):
        return _absent(control, subject)
    judgement = _judge_one(control, subject, at)
    if control.basis is Basis.ATTESTATION:
        found = _weigh(control, subject.ref, judgement, at.policy, at.now.date())
    else:
        found = _waived(_conclude(control, subject.ref, judgement), at.policy, at.now.date())
    return _told(control, found, at.policy)


def _place(subject: Subject[Any] | Absence) -> Place | None:
    """Return where a subject is, None at account level or when that is not known."""
    workspace = subject.workspace
    return None if workspace is None else place_of(workspace)


def _told(control: Control[Any], finding: Finding, policy: Policy) -> Finding:
    """Say of a finding by which limits looser than usual it was made."""
    notes, evidence = [], []
    for name in control.limits:
        usual = policy.loosened(name)
        if usual is not None:
            mine = getattr(policy.limits, name)
            notes.append(f"{name} is loosened to {mine}")
            source = policy.source or "lakewarden.toml"
            evidence.append(Evidence(source, f"limits.{name}", mine, f"{usual}, the default"))
    if not notes:
        return finding
    reason = f"{finding.reason} ({', '.join(notes)})"
    return replace(finding, reason=reason, evidence=(*finding.evidence, *evidence))


def _judge_one(
    control: Control[Any], subject: Subject[Any], at: Context
) -> Condition | NotApplicable:
    excused = _tier(control, subject)
    if excused is not None:
        return excused
    if control.run is None:
        return Condition(None)
    try:
        return control.run(subject.record, at)
    except UnreadError as error:
        return unknown(error.gap)


def _tier(control: Control[Any], subject: Subject[Any]) -> NotApplicable | None:
    if control.tier is not Tier.ENTERPRISE or subject.workspace is None:
        return None
    tier = subject.workspace.tier
    if tier.gap is not None or tier.get().lower() not in _LESS:
        return None
    evidence = Evidence(tier.source, tier.field, tier.get(), "ENTERPRISE")
    return NotApplicable(f"needs the Enterprise tier; this is {tier.get().title()}", (evidence,))


def _absent(control: Control[Any], absence: Absence) -> Finding:
    if absence.gap is None:
        reason = f"there is no {absence.ref.kind} here"
        return _make(control, absence.ref, Verdict.NOT_APPLICABLE, reason)
    return _conclude(control, absence.ref, unknown(absence.gap))


def _conclude(
    control: Control[Any], ref: SubjectRef, judgement: Condition | NotApplicable
) -> Finding:
    if isinstance(judgement, NotApplicable):
        return _make(
            control, ref, Verdict.NOT_APPLICABLE, judgement.reason, evidence=judgement.evidence
        )
    if judgement.met:
        return _make(control, ref, Verdict.PASS, control.title, evidence=judgement.evidence)
    if judgement.met is False:
        reason = "; ".join(judgement.reasons)
        return _make(control, ref, Verdict.FAIL, reason, evidence=judgement.evidence)
    if judgement.gaps and all(disabled(gap) for gap in judgement.gaps):
        reason = f"not available in this tier: {judgement.gaps[0].detail}"
        return _make(control, ref, Verdict.NOT_APPLICABLE, reason, evidence=judgement.evidence)
    return _unknown(control, ref, judgement.gaps, judgement.evidence)


def _unknown(
    control: Control[Any],
    ref: SubjectRef,
    gaps: tuple[Gap, ...],
    evidence: tuple[Evidence, ...],
    prefix: str = "",
) -> Finding:
    reason = prefix + "; ".join(str(gap) for gap in gaps)
    needs = tuple(dict.fromkeys(gap.grant for gap in gaps if gap.grant))
    return _make(control, ref, Verdict.UNKNOWN, reason, needs=needs, evidence=evidence)


def _weigh(
    control: Control[Any],
    ref: SubjectRef,
    facts: Condition | NotApplicable,
    policy: Policy,
    today: date,
) -> Finding:
    """Weigh a person's word against the facts: the facts can contradict it, never replace it."""
    if isinstance(facts, NotApplicable) or facts.met is False:
        return _waived(_conclude(control, ref, facts), policy, today)
    word = _attestation(control, policy)
    if word is None or word.expires < today:
        lapsed = "its attestation expired" if word else "nobody attests it"
        reason = f"{lapsed}; add an [[attestations]] entry for {control.id} to lakewarden.toml"
        return _make(control, ref, Verdict.UNKNOWN, reason, evidence=facts.evidence)
    if facts.gaps:
        prefix = f"attested by {word.by}, but the evidence could not be read: "
        return _unknown(control, ref, facts.gaps, facts.evidence, prefix)
    reason = f"attested by {word.by} until {word.expires}: {word.evidence}"
    return _make(control, ref, Verdict.ATTESTED, reason, evidence=facts.evidence)


def _attestation(control: Control[Any], policy: Policy) -> Attestation | None:
    mine = [a for a in policy.attestations if a.control == control.id]
    return max(mine, key=lambda a: a.expires, default=None)


def _waived(finding: Finding, policy: Policy, today: date) -> Finding:
    if finding.verdict is not Verdict.FAIL:
        return finding
    for waiver in policy.waivers:
        mine = waiver.control == finding.control and waiver.subject in {"*", finding.subject.id}
        if mine and waiver.expires >= today:
            note = WaiverNote(waiver.reason, waiver.owner, waiver.expires.isoformat())
            return replace(finding, verdict=Verdict.WAIVED, waiver=note)
    return finding


def _make(
    control: Control[Any],
    ref: SubjectRef,
    verdict: Verdict,
    reason: str,
    *,
    needs: tuple[str, ...] = (),
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    fix = control.fix.summary if verdict in {Verdict.FAIL, Verdict.UNKNOWN} else ""
    return Finding(
        control.id, control.paper, control.severity, ref, verdict, reason, needs, evidence, fix
    )

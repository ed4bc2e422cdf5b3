"""From failures to a plan: what each control wants, folded and put in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.control import Basis, Context, Control
from lakewarden.controls.kit.judge import judged
from lakewarden.controls.kit.subjects import Absence, Subject
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.ledger.finding import Finding, Verdict
from lakewarden.plan.change import Reason
from lakewarden.plan.order import ordered
from lakewarden.plan.plan import Blocked, Manual, Origin, Plan
from lakewarden.plan.wish import CannotPlanError, ConflictError, Gathering, Step, Wish

_NEVER_SET: Final = str(Cause.UNSET)


def plan_for(estate: Estate, controls: Iterable[Control[Any]], at: Context, origin: Origin) -> Plan:
    """Return what would mend every failure of some controls.

    A setting that nobody ever set, and of which no document says what that means, is planned for
    as well, though it is no failure.
    """
    gathering, manual, blocked = Gathering(), [], []
    for control, subject, here, finding in judged(estate, controls, at):
        if isinstance(subject, Absence) or not _to_mend(finding):
            continue
        reason = Reason(control.id, control.paper, finding.subject.id, finding.subject.name)
        try:
            for wanted in _wanted(control, subject, here):
                if isinstance(wanted, Step):
                    manual.append(Manual(reason, wanted.do, wanted.verify))
                else:
                    gathering.add(wanted, reason)
        except UnreadError as error:
            blocked.append(Blocked(reason, str(error.gap)))
        except CannotPlanError as error:
            blocked.append(Blocked(reason, error.reason))
        except ConflictError as error:
            blocked.append(Blocked(reason, str(error)))
    return Plan(origin, ordered(gathering.changes()), tuple(manual), tuple(blocked))


def _to_mend(finding: Finding) -> bool:
    if finding.verdict is Verdict.UNKNOWN:
        return any(e.value == _NEVER_SET for e in finding.evidence)
    return finding.verdict is Verdict.FAIL


def _wanted(control: Control[Any], subject: Subject[Any], at: Context) -> Iterable[Wish | Step]:
    if control.wishes is not None:
        return tuple(control.wishes(subject.record, at))
    return (by_hand(control),)


def by_hand(control: Control[Any]) -> Step:
    """Return the step of a control that no plan mends."""
    do = control.fix.console or control.fix.summary
    verify = f"`lakewarden assess --control {control.id}` passes"
    if control.basis is Basis.ATTESTATION:
        verify += f", with an [[attestations]] entry for {control.id} in lakewarden.toml"
    return Step(do, verify)

"""Small estates and a toy control for the tests of the kit."""

from __future__ import annotations

from lakewarden.clock import parse_time
from lakewarden.controls.kit.condition import holds
from lakewarden.controls.kit.control import BOTH, Context, Control
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.judge import judge
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import scope_of
from lakewarden.estate.kind import status_of
from lakewarden.estate.snapshot import Header, MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

SHOWN = Evidence("GET /toy", "switch", "on", "on")


def toy(subject, check=lambda _, __: holds(SHOWN), **changes):
    """Return a control that judges as it is told to."""
    made = Control(
        id="toy",
        title="All is well",
        paper=("P06",),
        severity=Severity.HIGH,
        postures=BOTH,
        subject=subject,
        needs=(),
        fix=Fix("Mend it"),
        **changes,
    )
    made.check(check)
    return made


def judged(snapshot, *controls, policy=None):
    """Judge a small estate at the moment it was taken."""
    estate = Estate(snapshot)
    now = parse_time(snapshot.meta.taken)
    return list(
        judge(
            estate,
            controls,
            Context(estate, (policy or Policy()).naming(c.id for c in controls), now),
        )
    )


def cut(snapshot, kind, cause=Cause.TIMEOUT):
    """Return the estate with one collection that was not read to its end."""
    place = (kind.name, scope_of(kind))
    collections = {(h.kind, h.scope): h for h in snapshot.headers()}
    kept = {p: (h, snapshot._collections[p][1]) for p, h in collections.items()}
    records = kept[place][1]
    gap = kind.gap(cause, "page 2")
    header = Header(*place, status_of(gap, len(records)), gap, len(records))
    return MemorySnapshot(snapshot.meta, {**kept, place: (header, records)})

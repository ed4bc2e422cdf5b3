"""`ControlCard`: what readers of a report need to know of a control."""

from __future__ import annotations

from dataclasses import dataclass

from lakewarden.ledger.finding import Severity


@dataclass(frozen=True, slots=True)
class ControlCard:
    """A control without its machinery.

    Attributes:
        id: the control's id.
        title: the state that passes.
        paper: the sections that it serves.
        shelf: the shelf that it stands on.
        severity: how much a failure matters.
        postures: the postures that ask for it.
        threats: the threats that it answers.
        tier: the pricing tier that it needs.
        kind: `check` or `attestation`.
        why: why an attacker cares.
        fix: what to do about a failure.
        maps: the same concern elsewhere, as (framework, id).
    """

    id: str
    title: str
    paper: tuple[str, ...]
    shelf: str
    severity: Severity
    postures: tuple[str, ...]
    threats: tuple[str, ...]
    tier: str
    kind: str
    why: str
    fix: str
    maps: tuple[tuple[str, str], ...] = ()

"""`Control`: one judgement about one kind of subject, with all that is to be said of it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Mapping
from lakewarden.controls.kit.subjects import SubjectKind
from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.kind import Need
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.card import ControlCard
from lakewarden.ledger.finding import Severity, Verdict
from lakewarden.paper.paper import paper
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy

S = TypeVar("S")


class Basis(StrEnum):
    """What a control rests on: facts, or a person's word that facts can contradict."""

    CHECK = "check"
    ATTESTATION = "attestation"


class Tier(StrEnum):
    """The pricing tier that a feature needs."""

    PREMIUM = "premium"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may look at beside its subject.

    Attributes:
        estate: the whole deployment.
        policy: what the organisation wants.
        now: the present, for ages and expiries.
        workspace: the subject's workspace; None at account level.
    """

    estate: Estate
    policy: Policy
    now: datetime
    workspace: Workspace | None = None

    @property
    def here(self) -> Workspace:
        """Return the subject's workspace."""
        if self.workspace is None:
            raise TypeError("this subject lives in no workspace")
        return self.workspace


@dataclass(frozen=True, slots=True)
class Example:
    """A small estate and the verdict that it deserves."""

    verdict: Verdict
    title: str
    estate: MemorySnapshot
    policy: Policy = field(default_factory=Policy)


Check = Callable[[S, Context], Judgement]
Mend = Callable[[S, Context], Iterable[Wish | Step]]
Examples = Callable[[], Iterable[Example]]


@dataclass(slots=True, eq=False)
class Control(Generic[S]):
    """A control.

    Attributes:
        id: the name of its file with hyphens.
        title: the state that passes, as a sentence.
        paper: the sections of the paper that it serves.
        severity: how much a failure matters.
        postures: the postures that ask for it.
        subject: what it judges.
        needs: what must be collected for it.
        fix: what to do about a failure.
        limits: the names of the `Limits` that it judges by.
        tier: the tier that the feature needs.
        basis: facts, or an attestation.
        maps: the same concern elsewhere.
        plans_with: what must be collected to mend it, beside what it is judged by.
    """

    id: str
    title: str
    paper: tuple[str, ...]
    severity: Severity
    postures: tuple[Posture, ...]
    subject: SubjectKind[S]
    needs: tuple[Need, ...]
    fix: Fix
    limits: tuple[str, ...] = ()
    tier: Tier = Tier.PREMIUM
    basis: Basis = Basis.CHECK
    maps: tuple[Mapping, ...] = ()
    plans_with: tuple[Need, ...] = ()
    module: str = ""
    run: Check[S] | None = None
    wishes: Mend[S] | None = None
    make_examples: Examples | None = None

    def check(self, function: Check[S]) -> Check[S]:
        """Register the function that judges one subject."""
        self.run = function
        self.module = function.__module__
        return function

    def mends(self, function: Mend[S]) -> Mend[S]:
        """Register the function that says what would mend a failure of one subject.

        It yields wishes, each about one thing, and steps for people where there is no API. What it
        must know and cannot, it raises as `UnreadError` or as `CannotPlanError`.
        """
        self.wishes = function
        return function

    def examples(self, function: Examples) -> Examples:
        """Register the function that makes the examples."""
        self.make_examples = function
        self.module = function.__module__
        return function

    def list_examples(self) -> tuple[Example, ...]:
        """Return the examples; none before any are registered."""
        return tuple(self.make_examples()) if self.make_examples else ()

    @property
    def shelf(self) -> str:
        """Return the shelf it stands on: the package of its file."""
        return self.module.split(".")[-2]

    @property
    def threats(self) -> tuple[str, ...]:
        """Return the threats that its sections answer."""
        sections = paper().sections
        return tuple(sorted({t for p in self.paper for t in sections[p].threats}))

    @property
    def why(self) -> str:
        """Return why an attacker cares: the docstring of its file."""
        return inspect.cleandoc(sys.modules[self.module].__doc__ or "")

    def card(self) -> ControlCard:
        """Return what readers of a report need to know of it."""
        return ControlCard(
            self.id,
            self.title,
            self.paper,
            self.shelf,
            self.severity,
            tuple(p.value for p in self.postures),
            self.threats,
            self.tier.value,
            self.basis.value,
            self.why,
            self.fix.summary,
            tuple((m.framework, m.id) for m in self.maps),
        )

    @property
    def fixable(self) -> bool:
        """Return whether a plan can mend a failure."""
        return self.wishes is not None


BOTH = (Posture.STANDARD, Posture.HIGH)
HIGH = (Posture.HIGH,)


def passes(title: str, estate: MemorySnapshot, policy: Policy | None = None) -> Example:
    """Return an example that passes."""
    return Example(Verdict.PASS, title, estate, policy or Policy())


def fails(title: str, estate: MemorySnapshot, policy: Policy | None = None) -> Example:
    """Return an example that fails."""
    return Example(Verdict.FAIL, title, estate, policy or Policy())


def unclear(title: str, estate: MemorySnapshot, policy: Policy | None = None) -> Example:
    """Return an example that cannot be judged."""
    return Example(Verdict.UNKNOWN, title, estate, policy or Policy())


def exempt(title: str, estate: MemorySnapshot, policy: Policy | None = None) -> Example:
    """Return an example that the control does not apply to."""
    return Example(Verdict.NOT_APPLICABLE, title, estate, policy or Policy())


def attested(title: str, estate: MemorySnapshot, policy: Policy) -> Example:
    """Return an example that rests on an attestation."""
    return Example(Verdict.ATTESTED, title, estate, policy)

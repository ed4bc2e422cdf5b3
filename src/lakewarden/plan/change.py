"""`Change`: one typed mutation of one thing, with its inverse and the reasons for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

Attributes = Mapping[str, Any]
"""Values by path (`lakewarden.plan.paths`); None stands for nothing there."""


class Action(StrEnum):
    """What a change does to the thing that it is about."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Target:
    """What a change is about.

    Attributes:
        kind: the resource kind, `workspace_conf` or `bucket_policy`.
        scope: `account`, `workspace/3001` or `aws`, as in snapshots.
        key: which one of its kind: an id, or `label=office` where it has none before it is made.
    """

    kind: str
    scope: str
    key: str

    @property
    def address(self) -> str:
        """Return the one text that names it in a plan."""
        return f"{self.scope}:{self.kind}[{self.key}]"


@dataclass(frozen=True, slots=True)
class Reason:
    """A failure that a change mends.

    Attributes:
        control: the id of the control.
        paper: the sections of the paper.
        subject: the id of what failed.
        name: what people call it.
    """

    control: str
    paper: tuple[str, ...]
    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved, or not, of a new policy.

    Attributes:
        question: the name of the question, as `lakewarden prove` has it.
        claim: what was to be proved.
        outcome: `proved`, `refuted` or `unknown`.
        detail: the witness, or why it is not known; empty when proved.
    """

    question: str
    claim: str
    outcome: str
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Return whether the claim was proved."""
        return self.outcome == "proved"


@dataclass(frozen=True, slots=True)
class Change:
    """One mutation.

    Attributes:
        target: what it is about.
        name: what people call that.
        before: the values that it finds, by path; None when the thing is not there yet.
        after: the values that it leaves, by the same paths; None when it removes the thing.
        reasons: the failures that it mends.
        follows: addresses of changes that must be made first.
        irreversible: why it cannot be undone; empty when it can.
        permanent: it switches on what the platform never lets anybody switch off again.
        restart: what must be restarted before it counts; empty for nothing.
        tier: the pricing tier that it needs; empty for any.
        proofs: what was proved of a policy.
        instead: what undoing leaves at paths where there was nothing, as no API gives back nothing.
        part_of: the address of the change that makes the thing; undoing that undoes this as well.
        stage: when it is made: those of a later stage begin when those of all earlier ones ended,
            however they ended.
    """

    target: Target
    name: str
    before: Attributes | None
    after: Attributes | None
    reasons: tuple[Reason, ...] = ()
    follows: tuple[str, ...] = ()
    irreversible: str = ""
    permanent: bool = False
    restart: str = ""
    tier: str = ""
    proofs: tuple[Proof, ...] = ()
    instead: Attributes = field(default_factory=dict)
    part_of: str = ""
    stage: int = 0

    @property
    def address(self) -> str:
        """Return the address of what it is about."""
        return self.target.address

    @property
    def action(self) -> Action:
        """Return what it does."""
        if self.before is None:
            return Action.CREATE
        return Action.DELETE if self.after is None else Action.UPDATE

    def taking_back(self, found: Attributes | None) -> Change:
        """Return the change that takes it back to what it found, or as near as can be."""
        if found is not None:
            found = {p: self.instead.get(p) if v is None else v for p, v in found.items()}
        elif self.before is None and self.instead:
            found = self.instead
        back = replace(self, before=self.after, after=found, stage=-self.stage)
        return replace(back, follows=(), proofs=(), instead={})

    def as_json(self) -> dict[str, Any]:
        """Return it as one entry of `changes` in plan.json."""
        found = asdict(self)
        for name in ("part_of", "stage"):
            if not found[name]:
                del found[name]
        return {"address": self.address, "action": self.action.value, **found}


def change_from_json(data: Mapping[str, Any]) -> Change:
    """Return the change that `as_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    change = Change(
        Target(**data["target"]),
        data["name"],
        _attributes(data["before"]),
        _attributes(data["after"]),
        tuple(_reason(r) for r in data["reasons"]),
        tuple(data["follows"]),
        data["irreversible"],
        data["permanent"],
        data["restart"],
        data["tier"],
        tuple(Proof(**p) for p in data["proofs"]),
        _attributes(data["instead"]) or {},
        data.get("part_of", ""),
        int(data.get("stage", 0)),
    )
    if change.before is None and change.after is None:
        raise ValueError("a change has neither before nor after")
    if (
        change.before is not None
        and change.after is not None
        and set(change.before) != set(change.after)
    ):
        raise ValueError("before and after name other paths")
    if change.address != data["address"]:
        raise ValueError(f"the address of {change.address} is altered")
    return change


def _attributes(given: Any) -> Attributes | None:
    if given is not None and not isinstance(given, Mapping):
        raise TypeError("before and after are objects, or null")
    return given


def _reason(given: Mapping[str, Any]) -> Reason:
    return Reason(given["control"], tuple(given["paper"]), given["subject"], given["name"])

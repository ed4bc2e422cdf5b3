"""`Guard`: what a plan must not take away. A guard refuses changes, and says how to go on.

A guard that cannot tell refuses as well: a run is not begun on the hope that it can be ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lakewarden.estate.estate import Estate
from lakewarden.estate.kind import Need
from lakewarden.plan.change import Change
from lakewarden.plan.plan import Plan
from lakewarden.policyfile.policy import Policy


@dataclass(frozen=True, slots=True)
class Caller:
    """Who would carry a plan out; empty for what is not known.

    Attributes:
        user: the user name, or the application id of a service principal.
        display: the name to show.
        groups: the groups of the account that they are in, by name.
        by_token: they sign in with a personal access token.
        addresses: where their calls come from: addresses, or networks of them.
        aws_arn: the ARN of their role or user in AWS, or that of a session.
    """

    user: str = ""
    display: str = ""
    groups: tuple[str, ...] = ()
    by_token: bool = False
    addresses: tuple[str, ...] = ()
    aws_arn: str = ""

    @property
    def name(self) -> str:
        """Return what to call them."""
        return self.display or self.user or "the caller"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change may not be made.

    Attributes:
        address: the address of the change.
        guard: the name of the guard.
        why: what would be lost, and by whom.
        next_step: what to do now.
    """

    address: str
    guard: str
    why: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Given:
    """What guards look at.

    Attributes:
        plan: the plan.
        estate: the deployment as it was read before.
        caller: who would carry it out.
        policy: what the organisation wants.
        allow_permanent: what can never be switched off again may be switched on.
        allow_irreversible: what cannot be undone may be done.
    """

    plan: Plan
    estate: Estate
    caller: Caller
    policy: Policy
    allow_permanent: bool = False
    allow_irreversible: bool = False

    def changes(self, *kinds: str) -> tuple[Change, ...]:
        """Return the changes of things of some kinds, in their order."""
        return tuple(change for change in self.plan.changes if change.target.kind in kinds)


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard.

    Attributes:
        name: what it keeps.
        refuse: yields what it refuses; `UnreadError` means that it cannot tell.
        about: says whether it has to look at a change.
        needs: what must have been collected where it has to.
    """

    name: str
    refuse: Callable[[Given], Iterable[Refusal]]
    about: Callable[[Change], bool]
    needs: tuple[Need, ...] = ()

    def concerns(self, plan: Plan) -> bool:
        """Return whether a plan changes anything that it has to look at."""
        return any(map(self.about, plan.changes))

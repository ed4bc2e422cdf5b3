"""`Plan`: an ordered set of changes, what people must do beside them, and where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from lakewarden.plan.change import Change, Reason, change_from_json

FORMAT: Final = "lakewarden.plan/1"


@dataclass(frozen=True, slots=True)
class Manual:
    """A failure that a person must mend, as a step of a runbook.

    Attributes:
        reason: the failure.
        do: what to do.
        verify: how it will be seen that it was done.
    """

    reason: Reason
    do: str
    verify: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """A failure that could be mended if something else were known or said.

    Attributes:
        reason: the failure.
        why: what is missing, and where to say it.
    """

    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plan came from.

    Attributes:
        account_id: the Databricks account.
        taken: when its snapshot was taken, ISO 8601 in UTC.
        posture: what was asked for.
        controls: the controls that were asked for by name; empty for all.
        vault: where the backup is that it gives back; empty for a plan that mends failures.
        run: which backup of that vault.
        host: the URL of the workspace that it is for.
    """

    account_id: str
    taken: str
    posture: str
    controls: tuple[str, ...] = ()
    vault: str = ""
    run: str = ""
    host: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as `origin` of plan.json."""
        found = asdict(self)
        return {n: v for n, v in found.items() if v or n not in {"vault", "run", "host"}}


@dataclass(frozen=True, slots=True)
class Plan:
    """An ordered set of changes.

    Attributes:
        origin: where it came from.
        changes: in the order in which they are made.
        manual: what people must do.
        blocked: what could not be planned.
        overridden: why policies are wanted of which not everything is proved; empty for none.
    """

    origin: Origin
    changes: tuple[Change, ...]
    manual: tuple[Manual, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    overridden: str = ""

    @property
    def digest(self) -> str:
        """Return the identity of its content, 64 hexadecimal digits."""
        changes = [change.as_json() for change in self.changes]
        origin = [o for o in (self.origin.vault, self.origin.run, self.origin.host) if o]
        text = json.dumps(
            [self.origin.account_id, self.overridden, changes, *origin], sort_keys=True
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return the content of plan.json."""
        return {
            "format": FORMAT,
            "digest": self.digest,
            "origin": self.origin.as_json(),
            "overridden": self.overridden,
            "changes": [change.as_json() for change in self.changes],
            "manual": [asdict(entry) for entry in self.manual],
            "blocked": [asdict(entry) for entry in self.blocked],
        }

    def without(self, unwanted: Callable[[Change], str]) -> Plan:
        """Return the plan without some changes, and without what makes no sense then.

        A change that follows one of them goes too, and so does one that mends nothing but failures
        of which another part is left out: half a remedy is none.

        Args:
            unwanted: says why a change is left out; empty for one that stays.
        """
        gone = {c.address: why for c in self.changes if (why := unwanted(c))}
        while more := {
            c.address: why for c in self._kept(gone) if (why := self._stranded(c, gone))
        }:
            gone |= more
        blocked = [
            Blocked(r, gone[c.address])
            for c in self.changes
            for r in c.reasons
            if c.address in gone
        ]
        every = tuple(dict.fromkeys([*self.blocked, *blocked]))
        return replace(self, changes=tuple(self._kept(gone)), blocked=every)

    def _kept(self, gone: Mapping[str, str]) -> list[Change]:
        return [change for change in self.changes if change.address not in gone]

    def _stranded(self, change: Change, gone: Mapping[str, str]) -> str:
        """Return why a change makes no sense without those that are left out."""
        first = next((address for address in change.follows if address in gone), None)
        if first:
            return f"it follows {first}, which is left out"
        lost = {reason for c in self.changes if c.address in gone for reason in c.reasons}
        if change.reasons and lost.issuperset(change.reasons):
            return "another part of what mends it is left out"
        return ""


def plan_from_json(data: Any) -> Plan:
    """Return the plan that `as_json` wrote.

    Raises:
        ValueError: it is none, or it was altered; the text says how.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, Mapping) else None
        raise ValueError(f"its format is {found!r}, not {FORMAT!r}")
    try:
        origin = data["origin"]
        plan = Plan(
            Origin(**{**origin, "controls": tuple(origin["controls"])}),
            tuple(change_from_json(entry) for entry in data["changes"]),
            tuple(Manual(_reason(e["reason"]), e["do"], e["verify"]) for e in data["manual"]),
            tuple(Blocked(_reason(e["reason"]), e["why"]) for e in data["blocked"]),
            data["overridden"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is not whole ({type(error).__name__}: {error})") from None
    if plan.digest != data.get("digest"):
        raise ValueError("its changes are not those that were planned: it was edited, or cut")
    return plan


def _reason(given: Mapping[str, Any]) -> Reason:
    return Reason(given["control"], tuple(given["paper"]), given["subject"], given["name"])

"""The page that says, of every control, what mends it: a plan, and Terraform; or why nothing does.

What a control's plan changes is found out by planning for its own failing examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.apply.hand import hands
from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context, Control
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import controls
from lakewarden.estate.estate import Estate
from lakewarden.ledger.finding import Verdict
from lakewarden.plan.change import Change
from lakewarden.plan.plan import Origin
from lakewarden.terraform.write.changes import no_resource_for
from tools.control_pages import NOTE

_YES: Final = "yes"


@dataclass(frozen=True)
class Mending:
    """What mends one control.

    Attributes:
        control: the control.
        changes: what plans for its failing examples change.
    """

    control: Control[Any]
    changes: tuple[Change, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of things that are changed."""
        return tuple(sorted({change.target.kind for change in self.changes}))

    @property
    def by_api(self) -> bool:
        """Return whether `apply` can mend it."""
        return bool(self.kinds) and set(self.kinds) <= hands().keys()

    @property
    def by_terraform(self) -> bool:
        """Return whether `terraform` writes what mends it."""
        if self.control.fix.no_terraform:
            return False
        return bool(self.changes) and not any(map(no_resource_for, self.changes))

    @property
    def undo(self) -> str:
        """Return whether `undo` takes it back, or why not."""
        lasting = sorted({c.irreversible for c in self.changes if c.irreversible})
        if not lasting:
            return _YES
        some = any(not c.irreversible for c in self.changes)
        return f"{'where it can: ' if some else 'no: '}{'; '.join(lasting)}"


def mendings() -> Iterator[Mending]:
    """Yield what mends each control, in order of the paper's sections."""
    for control in controls():
        yield Mending(control, tuple(_changes(control)))


def page() -> str:
    """Return the page."""
    return "\n".join(_lines(list(mendings()))) + "\n"


def _changes(control: Control[Any]) -> Iterator[Change]:
    if not control.fixable:
        return
    for example in control.list_examples():
        if example.verdict is Verdict.FAIL:
            estate = Estate(example.estate)
            policy = example.policy.naming([control.id])
            context = Context(estate, policy, parse_time(example.estate.meta.taken))
            yield from plan_for(estate, (control,), context, Origin("", "", "")).changes


def _lines(found: list[Mending]) -> Iterator[str]:
    yield from ("# What mends what", "", NOTE, "")
    api, terraform = sum(m.by_api for m in found), sum(m.by_terraform for m in found)
    yield f"Of {len(found)} controls, `lakewarden apply` mends {api}, and `lakewarden terraform`"
    yield f"writes what mends {terraform}. `make harden` breaks each of the former, mends it by a"
    yield "plan, and takes it back. The others become a step for a person in the plan."
    yield from ("", "| control | plan | apply | undo | terraform |", "|---|---|---|---|---|")
    for mending in found:
        control = mending.control
        name = f"[{control.id}](controls/{control.id}.md)"
        if not mending.by_api:
            why = control.fix.no_api or "its examples show nothing that could be changed"
            yield f"| {name} | by hand | no. {why} | | {_terraform(mending)} |"
        else:
            what = ", ".join(f"`{kind}`" for kind in mending.kinds)
            yield f"| {name} | {what} | yes | {mending.undo} | {_terraform(mending)} |"


def _terraform(mending: Mending) -> str:
    if mending.by_terraform:
        return _YES
    fix = mending.control.fix
    unwritten = sorted({why for change in mending.changes if (why := no_resource_for(change))})
    return f"no. {fix.no_terraform or '; '.join(unwritten) or fix.no_api}"

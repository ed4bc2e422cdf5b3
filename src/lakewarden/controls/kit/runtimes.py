"""Which runtimes a workspace has on offer, and so which of them get fixes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lakewarden.controls.kit.condition import Condition, expect, unknown
from lakewarden.controls.kit.control import Context
from lakewarden.estate.fact import Cause, Fact
from lakewarden.estate.workloads import RUNTIMES
from lakewarden.plan.wish import CannotPlanError

_ALIAS: Final = "auto:"
_SHAPE: Final = re.compile(r"(\d+)\.(\d+)\.x-(?:(.+)-)?scala[\d.]+")
"""A version: major and minor number, and what the build is for, empty for the ordinary one."""


def on_offer(runtime: Fact[str | None], at: Context) -> Condition:
    """Require that a runtime is among those on offer in its workspace, or an alias of one.

    Args:
        runtime: the version, such as `17.3.x-scala2.13`; None where nobody says it.
        at: what is known of the workspace.
    """
    if runtime.gap is None and runtime.get() is None:
        gap = RUNTIMES.gap(Cause.MISSING_FIELD, f"no {runtime.field}: the platform chooses it")
        return unknown(gap, field=runtime.field, expected="a runtime on offer")
    offered = {entry.id for entry in at.estate.of(RUNTIMES, at.here).each()}
    if not offered:
        gap = RUNTIMES.gap(Cause.NOT_FOUND, "the list of runtimes is empty")
        return unknown(gap, field=runtime.field, expected="a runtime on offer")
    return expect(
        runtime,
        lambda value: value in offered or str(value).startswith(_ALIAS),
        expected="a runtime on offer",
        otherwise="{value} is no longer on offer, and gets no fixes",
    )


def newest_like(runtime: str, at: Context, goes: Callable[[str], bool]) -> str:
    """Return the newest runtime with long-term support that is for the same; never an older one.

    Args:
        runtime: the version that it takes the place of.
        at: what is known of the workspace.
        goes: whether the policy of the cluster lets a version through.

    Raises:
        UnreadError: the runtimes on offer were not read.
        CannotPlanError: there is none.
    """
    shape = _SHAPE.fullmatch(runtime)
    if shape is None:
        raise CannotPlanError(f"{runtime} is not named like a runtime: choose one by hand")
    least, build = (int(shape[1]), int(shape[2])), shape[3]
    fit = []
    for entry in at.estate.of(RUNTIMES, at.here).each():
        found = _SHAPE.fullmatch(entry.id)
        if found is None or found[3] != build or " LTS" not in entry.name.get():
            continue
        number = (int(found[1]), int(found[2]))
        if number >= least and goes(entry.id):
            fit.append((number, entry.id))
    if not fit:
        raise CannotPlanError(
            f"no newer runtime with long-term support on offer is for the same as {runtime}, or "
            "the policy of the cluster allows none: choose one by hand"
        )
    return max(fit)[1]

"""Which runtimes a workspace has on offer, and so which of them get fixes."""

from __future__ import annotations

from typing import Final

from lakewarden.controls.kit.condition import Condition, expect, unknown
from lakewarden.controls.kit.control import Context
from lakewarden.estate.fact import Cause, Fact
from lakewarden.estate.workloads import RUNTIMES

_ALIAS: Final = "auto:"


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

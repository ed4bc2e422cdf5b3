"""An exported notebook carries its code and the rows that its cells printed. Whoever can open it,
or holds the session of somebody who can, takes both away in one click, and no grant in Unity
Catalog is asked once the file has left. Switching the export off closes the easiest way out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.console import ConsoleSwitch
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SWITCH: Final = ConsoleSwitch(
    conf="enableExportNotebook",
    setting="enable-export-notebook",
    when_on="anybody who can open a notebook can export it with its results",
)

CONTROL = Control(
    id="console-notebook-export",
    title="Notebooks cannot be exported from the browser",
    paper=("P15",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set enableExportNotebook to false in workspace-conf (console: Settings, "
        "Security, Notebook export). Admins can still export by API.",
    ),
    maps=also("asks about the same setting", sat="DP-6"),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is off, wherever the platform keeps it."""
    return _SWITCH.is_off(workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread, on both surfaces."""
    return _SWITCH.examples()

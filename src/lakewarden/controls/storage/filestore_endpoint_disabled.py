"""Files under /FileStore are served to browsers by plain URL, so that an exported table or a
generated page can be fetched with a session cookie and nothing else. No grant of Unity Catalog
applies to them, and a script in such a page runs in the session of whoever opens it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.console import ConsoleSwitch
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SWITCH: Final = ConsoleSwitch(
    conf="enableFileStoreEndpoint",
    setting="",
    danger="everything under /FileStore can be fetched by URL",
)

CONTROL = Control(
    id="filestore-endpoint-disabled",
    title="Files of /FileStore are not served over the web",
    paper=("P13",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set enableFileStoreEndpoint to false in workspace-conf, and hand files out through Unity"
        " Catalog volumes.",
        console="Workspace settings, Security, FileStore Endpoint: off.",
        api='PATCH /api/2.0/workspace-conf {"enableFileStoreEndpoint": "false"}',
        terraform=(
            'databricks_workspace_conf with custom_config = { enableFileStoreEndpoint = "false" }.'
        ),
        breaks=("Images and downloads that notebooks link to as /files/... stop loading."),
    ),
    maps=(
        *also(
            "stops the serving of files by plain URL, past every grant",
            Relation.SUBSET,
            nist="AC-3 AC-4 CM-7",
            soc2="CC6.1 CC6.7",
            pci="2.2",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.12",
            ccm="DSP-17 IVS-04",
        ),
        *also(
            "leaves no page to run in a session, and no file to fetch with its cookie",
            attack="T1048 T1204 T1550.004",
        ),
        *also(
            "reads the same key, and takes an unset one for on as well",
            Relation.EQUAL,
            sat="DP-9",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is off, wherever the platform keeps it."""
    return _SWITCH.is_safe(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SWITCH.examples()

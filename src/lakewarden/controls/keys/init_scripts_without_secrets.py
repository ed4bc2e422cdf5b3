"""A global init script runs as root on every node of every cluster, and its text is stored as it
was written. A key in it reaches each of those machines and their logs, and whoever may read the
workspace's settings; taking it out of the script does not take it off the machines.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.withheld import INIT_SCRIPT, moved_to_scope, no_secret
from lakewarden.estate.given import given, refused
from lakewarden.estate.secrets import INIT_SCRIPTS, InitScript
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.semantics.secret_shapes import shapes_in_script

CONTROL = Control(
    id="init-scripts-without-secrets",
    title="The global init script holds no credential in the clear",
    paper=("P36",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=INIT_SCRIPT,
    needs=(INIT_SCRIPTS.need(),),
    fix=moved_to_scope(
        "an environment variable of the cluster policy",
        "PATCH /api/2.0/global-init-scripts/{script_id} with a script that reads the variable",
        "content_base64 of databricks_global_init_script without the value",
        "Clusters whose policy does not set the variable start without the credential, or not at "
        "all where the script insists on it.",
    ),
    maps=also(
        "finds credentials in a script that runs on every cluster and that many may read",
        Relation.SUBSET,
        nist="IA-5 IA-5(6) SC-28",
        soc2="CC6.1",
        pci="8.3.2 8.6",
        hipaa="164.308(a)(5)(ii)(D)",
        iso="A.5.17 A.8.4 A.8.12",
        ccm="IAM-14 DSP-17",
        dasf="DASF-33",
        attack="T1552 T1552.001 T1078.004",
    ),
)


@CONTROL.check
def check(script: InitScript, _: Context) -> Judgement:
    """No line of the script looks like a credential, whether or not the script is switched on."""
    return no_secret(script.withheld)


def _script(text: str) -> MemorySnapshot:
    item = {"script_id": "s", "name": "agent", "withheld": shapes_in_script(text)}
    return given(init_scripts=[item])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("no secret", _script("#!/bin/bash\npip install agent==1.2"))
    yield passes("a variable", _script("export AGENT_TOKEN=$AGENT_TOKEN_FROM_POLICY"))
    yield fails("an AWS key", _script("export AWS_ACCESS_KEY_ID=AKIA" + "Q" * 16))
    yield fails("a password by its name", _script("DB_PASSWORD='Winter-of-21'"))
    silent = [{"script_id": "s", "name": "agent"}]
    yield unclear("its text may not be read", given(init_scripts=silent))
    yield unclear("scripts may not be listed", given(init_scripts=refused()))
    yield exempt("there are no scripts", given(init_scripts=[]))

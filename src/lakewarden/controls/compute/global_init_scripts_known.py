"""A global init script runs as root on every node of every cluster, before any user's code and
below every wall between users. One that nobody knows is the most comfortable place to hide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, any_of, expect
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.controls.kit.withheld import INIT_SCRIPT
from lakewarden.estate.given import given, refused
from lakewarden.estate.secrets import INIT_SCRIPTS, InitScript
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="global-init-scripts-known",
    title="The global init script is one that the organisation looked at",
    paper=("P35",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=INIT_SCRIPT,
    needs=(INIT_SCRIPTS.need(),),
    fix=Fix(
        "Read the script. Delete or disable it, or have it reviewed and list its SHA-256 in "
        "libraries.init_scripts of lakewarden.toml.",
        console="Admin settings, Compute, Global init scripts: disable or delete the script.",
        api='PATCH /api/2.0/global-init-scripts/{script_id} {"enabled": false}, or DELETE.',
        terraform="databricks_global_init_script with enabled = false, or without the resource.",
        breaks="What the script installed or configured is missing on clusters that start "
        "afterwards, monitoring agents included.",
    ),
    maps=(
        *also(
            "lets no script run as root on all clusters before somebody reviewed it",
            Relation.SUBSET,
            nist="CM-3 CM-7(5) SI-7",
            soc2="CC6.8 CC8.1",
            pci="6.5",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.19 A.8.32",
            ccm="CCC-04 TVM-02",
        ),
        *also(
            "takes from intruders a place that runs their code at each cluster's start",
            attack="T1059 T1546",
        ),
        *also(
            "asks whether each such script is known, and not only whether there is any",
            sat="INFO-5",
        ),
    ),
)


@CONTROL.check
def check(script: InitScript, at: Context) -> Judgement:
    """It is disabled, or its digest is listed."""
    known = {digest.lower() for digest in at.policy.init_scripts}

    def off() -> Condition:
        return expect(
            script.enabled,
            lambda on: not on,
            expected="false, or a script that was looked at",
            otherwise="it runs on every cluster",
        )

    def listed() -> Condition:
        return expect(
            script.sha256,
            lambda digest: digest in known,
            expected="a digest in libraries.init_scripts",
            otherwise="nobody lists its SHA-256 {value} as looked at",
        )

    return any_of(off, listed)


@CONTROL.mends
def mend(script: InitScript, at: Context) -> Iterable[Wish]:
    """Disable it: nobody needs to have read it for that, and it can be enabled again."""
    yield Wish(
        Target("global_init_script", scope_of(at.here), script.id),
        script.id if script.name.gap else script.name.get(),
        {"/enabled": script.enabled.get()},
        {"/enabled": False},
        restart="every cluster that runs, as the script ran when it started",
    )


_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def _script(**fields: Any) -> MemorySnapshot:
    script = {"script_id": "A1", "name": "agent", "enabled": True, "sha256": _DIGEST}
    return given(init_scripts=[{**script, **fields}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    known = Policy(init_scripts=(_DIGEST.upper(),))
    yield passes("one that is listed", _script(), known)
    yield passes("one that is disabled", _script(enabled=False))
    yield passes("disabled, and its text was not read", _script(enabled=False, sha256=None))
    yield fails("one that nobody listed", _script())
    yield fails("one that changed since", _script(sha256=f"0{_DIGEST[1:]}"), known)
    yield unclear("its text was not read", _script(sha256=None), known)
    yield unclear("whether it is enabled is missing", _script(enabled=None))
    yield unclear("scripts may not be listed", given(init_scripts=refused()))
    yield exempt("there are none", given(init_scripts=[]))

"""Synchronisation that stopped looks like synchronisation: the users are all there, and stay there
when they leave the company. No API shows the connection to the identity provider, so a person must
vouch for it, and the recorded changes must show it at work and nobody typed in by hand.

Only users added in the console contradict the attestation, those for emergencies aside. Other
changes by hand may be right: an admin deactivates somebody at once, or corrects a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

from lakewarden.clock import parse_time
from lakewarden.controls.kit.condition import Judgement, holds, unknown, violated
from lakewarden.controls.kit.control import (
    HIGH,
    Basis,
    Context,
    Control,
    Example,
    attested,
    fails,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.activity import DIRECTORY_WRITES, DirectoryWrite
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="scim-sync-active",
    title="The identity provider keeps users and groups up to date",
    paper=("P23",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(DIRECTORY_WRITES.need(),),
    fix=Fix(
        "Mend the SCIM connection in the identity provider, add people there and not in the "
        "console, then attest it in lakewarden.toml and give the audit logs with --events.",
        console="Account console, Security, User provisioning: renew the SCIM token and put it "
        "into the identity provider's provisioning settings.",
        api="No API changes it; the connection is set up in the account console and at the "
        "identity provider.",
        terraform="No resource changes it; the provider of the identity provider may manage its "
        "side of the connection.",
        breaks="The first synchronisation deactivates users that are not assigned to the "
        "application at the identity provider, with their jobs and tokens.",
        no_api="The connection is set up in the account console and at the identity provider; no "
        "API does it.",
        no_terraform="No resource of the provider sets the connection up.",
    ),
    limits=("scim_sync_days",),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "shows that joiners and leavers still arrive from the identity provider",
            Relation.SUBSET,
            nist="AC-2 AC-2(1) AC-2(3) PS-4(2)",
            cis_databricks="2.1.4",
            soc2="CC6.2 CC6.3",
            pci="8.2.5",
            hipaa="164.308(a)(3)(i)",
            iso="A.5.16 A.5.18 A.6.5",
            ccm="IAM-07",
            dasf="DASF-2",
        ),
        *also(
            "finds accounts that were added around the identity provider",
            cis_aws="1.20",
            attack="T1136.003",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """A change by a known agent not long ago, and nobody added in the console."""
    writes, days = at.estate.of(DIRECTORY_WRITES), at.policy.limits.scim_sync_days
    spared = {name.lower() for name in at.policy.break_glass}
    by_hand = [w for w in writes.seen() if _by_hand(w) and w.target.lower() not in spared]
    if by_hand:
        names = ", ".join(sorted(w.target for w in by_hand))
        evidence = Evidence(DIRECTORY_WRITES.source, "accounts.add", names, "by SCIM alone")
        return violated(f"added by hand in the console: {names}", evidence)
    since = (at.now - timedelta(days=days)).timestamp() * 1000
    synchronised = [w for w in writes.seen() if _by_agent(w, at.policy.scim_agents)]
    recent = sum(w.times.get() for w in synchronised if w.last.get() >= since)
    if writes.gap is not None or not recent:
        detail = f"no change by SCIM was recorded in the last {days} days"
        gap = writes.gap or DIRECTORY_WRITES.gap(Cause.NOT_FOUND, detail)
        return unknown(gap, field="changes by SCIM", expected="one or more")
    return holds(Evidence(DIRECTORY_WRITES.source, "changes by SCIM", recent, "one or more"))


def _by_hand(write: DirectoryWrite) -> bool:
    return write.action == "add" and write.endpoint.lower() == "adminconsole"


def _by_agent(write: DirectoryWrite, agents: tuple[str, ...]) -> bool:
    shown = write.agent.lower()
    return write.endpoint.lower() == "scim" and any(agent.lower() in shown for agent in agents)


_WORD: Final = Policy(
    attestations=(Attestation("scim-sync-active", "Ann Admin", "app 12", date(2026, 6, 30)),),
    break_glass=("emergency@example.com",),
)
_NOW: Final = parse_time("2026-01-01T00:00:00+00:00")


def _write(
    endpoint: str = "scim", agent: str = "Okta SCIM Client 1.0.0", days: float = 1, **more: str
) -> dict[str, Any]:
    last = int((_NOW - timedelta(days=days)).timestamp() * 1000)
    shown = {"action": "updateUser", "endpoint": endpoint, "agent": agent, "target": "", **more}
    return {**shown, "times": 2, "last": last}


def _added(target: str) -> dict[str, Any]:
    return _write("adminConsole", "Mozilla/5.0", action="add", target=target)


def _estate(*writes: dict[str, Any]) -> MemorySnapshot:
    return given(directory_writes=writes)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, contradicted, silent and unread."""
    yield attested("attested, and a change a day ago", _estate(_write()), _WORD)
    yield attested("exactly seven days ago", _estate(_write(days=7)), _WORD)
    emergency = _added("Emergency@example.com")
    yield attested("an account for emergencies by hand", _estate(_write(), emergency), _WORD)
    corrected = _write("adminConsole", "Mozilla/5.0", target="bo@example.com")
    yield attested("a user corrected by hand", _estate(_write(), corrected), _WORD)
    yield fails("a user added by hand", _estate(_write(), _added("bo@example.com")), _WORD)
    yield fails("contradicted, attested or not", _estate(_added("bo@example.com")))
    yield unclear("nothing for more than seven days", _estate(_write(days=7.01)), _WORD)
    yield unclear("changes by an agent that nobody named", _estate(_write(agent="curl/8")), _WORD)
    yield unclear("nothing at all", _estate(), _WORD)
    yield unclear("nobody attests it", _estate(_write()))
    yield unclear("no logs to check it against", given(directory_writes=refused()), _WORD)

"""A phished password is worth nothing without the second factor, and a hardware key cannot be
phished at all. Without one, every reused or leaked password of any user is a way into the data.
The identity provider asks for the second factor, and no Databricks API can tell whether it does,
so a person has to vouch for it. What Databricks does record is who deletes a key of theirs here:
whoever has no new one within a day signs in without.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

from lakewarden.clock import parse_time
from lakewarden.controls.kit.condition import Judgement, holds, unknown, violated
from lakewarden.controls.kit.control import (
    BOTH,
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
from lakewarden.estate.activity import MFA_KEYS, MfaKeyChange
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="mfa-enforced",
    title="The identity provider asks everybody for a second factor",
    paper=("P02",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(MFA_KEYS.need(),),
    fix=Fix(
        "Require a second factor for Databricks in the identity provider, hardware keys "
        "for administrators and emergency accounts, then attest it in lakewarden.toml and give "
        "the audit logs with --events.",
        console="At the identity provider: the sign-on policy of the Databricks application; in "
        "the account console, Security, Authentication: keys of emergency accounts.",
        api="No API changes it; Databricks leaves the second factor to the identity provider.",
        terraform="No resource changes it; the provider of the identity provider may manage its "
        "sign-on policies.",
        breaks="Whoever has no second factor yet cannot sign in until they registered one.",
        no_api="The second factor is asked for at the identity provider; no API of Databricks "
        "does it.",
        no_terraform="No resource of the provider asks for a second factor.",
    ),
    limits=("evidence_days",),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "has a second factor vouched for, and finds whoever took theirs away",
            Relation.SUBSET,
            nist="IA-2 IA-2(1) IA-2(2)",
            soc2="CC6.1",
            pci="8.4.1 8.4.2 8.4.3",
            hipaa="164.312(d)",
            iso="A.5.17 A.8.5",
            ccm="IAM-14",
            dasf="DASF-1",
        ),
        *also(
            "makes a password worth nothing by itself",
            cis_aws="1.9",
            attack="T1078.004 T1110 T1556.006",
        ),
    ),
)

_DAY: Final = int(timedelta(days=1).total_seconds() * 1000)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Nobody deleted a second factor at Databricks without adding one within a day of it."""
    keys = at.estate.of(MFA_KEYS)
    changes = list(keys.seen())
    added = [change for change in changes if change.action == "mfaAddKey"]
    bare = [c for c in changes if c.action == "mfaDeleteKey" and not _replaced(c, added)]
    now = int(at.now.timestamp() * 1000)
    late = sorted({c.user for c in bare if c.at + _DAY < now and not _added_before(c, changes)})
    gap = keys.gap
    if late and gap is None:
        evidence = Evidence(MFA_KEYS.source, "mfaDeleteKey", late, "a new key within a day")
        return violated(f"second factor deleted and not replaced: {', '.join(late)}", evidence)
    if bare and gap is None:
        detail = f"{bare[0].user} deleted a second factor and may have none, or a day to add one"
        gap = MFA_KEYS.gap(Cause.NOT_FOUND, detail)
    if gap is not None:
        return unknown(gap, field="mfaDeleteKey", expected="a new key within a day")
    return holds(Evidence(MFA_KEYS.source, "mfaDeleteKey", len(changes), "replaced within a day"))


def _replaced(deleted: MfaKeyChange, added: Iterable[MfaKeyChange]) -> bool:
    return any(new.user == deleted.user and 0 <= new.at - deleted.at <= _DAY for new in added)


def _added_before(deleted: MfaKeyChange, changes: Iterable[MfaKeyChange]) -> bool:
    """Return whether the change just before, within a day, added a key: this one, or its heir."""
    mine = [c for c in changes if c.user == deleted.user and c.at < deleted.at]
    last = max(mine, key=lambda c: c.at, default=None)
    return last is not None and last.action == "mfaAddKey" and deleted.at - last.at <= _DAY


_NOW: Final = parse_time("2026-01-01T00:00:00+00:00")


def _attested_until(expires: date) -> Policy:
    word = Attestation("mfa-enforced", "Ann Admin", "sign-on policy 7", expires)
    return Policy(attestations=(word,))


def _key(action: str, hours: float, user: str = "bo@example.com") -> dict[str, Any]:
    moment = int((_NOW - timedelta(hours=hours)).timestamp() * 1000)
    return {"action": f"mfa{action}Key", "user": user, "at": moment, "times": 1}


def _estate(*keys: dict[str, Any]) -> MemorySnapshot:
    return given(mfa_keys=keys)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, contradicted, unsettled and unread."""
    word = _attested_until(date(2026, 6, 30))
    deleted = _key("Delete", 60)
    yield attested("attested, and no key was touched", _estate(), word)
    yield attested("attested until today", _estate(), _attested_until(date(2026, 1, 1)))
    yield attested("replaced exactly a day later", _estate(deleted, _key("Add", 36)), word)
    yield unclear("another key came before", _estate(_key("Add", 61), deleted), word)
    twice = _estate(_key("Delete", 62), _key("Add", 61.5), _key("Delete", 61), deleted)
    yield fails("deleted again after it was replaced", twice, word)
    yield fails("deleted and never replaced", _estate(deleted), word)
    yield fails("replaced too late", _estate(deleted, _key("Add", 35.9)), word)
    other = _key("Add", 59, "ann@example.com")
    yield fails("somebody else added one", _estate(deleted, other), word)
    yield fails("contradicted, attested or not", _estate(deleted))
    yield unclear("deleted an hour ago", _estate(_key("Delete", 1)), word)
    yield unclear("the attestation ended yesterday", _estate(), _attested_until(date(2025, 12, 31)))
    yield unclear("nobody attests it", _estate())
    yield unclear("no logs to check it against", given(mfa_keys=refused()), word)

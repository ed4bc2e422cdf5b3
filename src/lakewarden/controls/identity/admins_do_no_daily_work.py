"""Notebooks and queries run code that others wrote. Run by an admin, that code is an admin: a
poisoned library or a colleague's notebook can hand out rights, read every secret and switch off
the alarm. No API shows for what an account is used, so a person must vouch for it, and the
recorded work must not contradict them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from lakewarden.controls.kit.admin_examples import administered, user
from lakewarden.controls.kit.admins import EVERY_ADMIN, every_admin, people
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
from lakewarden.estate.activity import DAILY_WORK, UserAction
from lakewarden.estate.given import refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="admins-do-no-daily-work",
    title="Admin accounts are used for administration alone",
    paper=("P05",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(DAILY_WORK.need(), *EVERY_ADMIN),
    fix=Fix(
        "Run notebooks, queries and jobs from an account without admin rights, then attest it in "
        "lakewarden.toml and give the audit logs with --events.",
        console="Account console, User management: give each admin a second account, and take "
        "the admin roles from the one that they work in.",
        api="No API changes it; what people do in which account is a habit, and the audit log "
        "shows whether they keep to it.",
        terraform="No resource changes it; databricks_user makes the second account that the "
        "habit needs.",
        breaks="Admins must switch accounts to look at data; notebooks and jobs that they own "
        "must be handed over to the account of their daily work.",
        no_api="What people do in which account is a habit; no call changes it.",
        no_terraform="What people do in which account is a habit; no resource changes it.",
    ),
    limits=("evidence_days",),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "finds notebooks, queries and jobs that admins ran, in the audit log",
            Relation.SUBSET,
            nist="AC-2(11) AC-6(2) AU-6 SI-4(20)",
            soc2="CC6.3 CC7.2",
            pci="7.2.2",
            hipaa="164.308(a)(1)(ii)(D)",
            iso="A.8.2 A.8.16",
            ccm="IAM-09 IAM-10 LOG-05",
        ),
        *also(
            "keeps the mightiest accounts out of work in which other people's code runs",
            cis_aws="1.6",
            attack="T1059 T1204",
        ),
    ),
)

_TASTE: Final = 3
"""How many of the actions that contradict are named."""


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """No notebook command, query or run of a job by somebody who is an admin now."""
    admins, gap = people(at.estate, every_admin(at.estate))
    names = {name.lower() for name in admins.values()}
    work = at.estate.of(DAILY_WORK)
    mine = [done for done in work.seen() if done.user.lower() in names]
    if mine:
        return violated(_described(mine), *(_evidence(done) for done in mine[:_TASTE]))
    gap = gap or work.gap
    if gap is not None:
        return unknown(gap, field="actions of admins", expected="none")
    return holds(Evidence(DAILY_WORK.source, "actions of admins", 0, "none"))


def _described(mine: Sequence[UserAction]) -> str:
    ways = [f"{x.user} did {x.service}.{x.action} {x.times.get()} times" for x in mine[:_TASTE]]
    return "; ".join([*ways, *(["…"] if len(mine) > _TASTE else [])])


def _evidence(done: UserAction) -> Evidence:
    return Evidence(DAILY_WORK.source, f"{done.service}.{done.action}", done.user, "no admin")


_WORD: Final = Policy(
    attestations=(
        Attestation("admins-do-no-daily-work", "Ann Admin", "handbook 4", date(2026, 6, 30)),
    )
)


def _work(user: str, service: str = "notebook", action: str = "runCommand") -> dict[str, Any]:
    name = f"{user}@example.com"
    return {"service": service, "action": action, "user": name, "times": 3, "last": 1}


def _estate(*work: dict[str, Any], **more: Any) -> MemorySnapshot:
    users = [user("1", "Ada", admin=True), user("2", "bob"), user("3", "cleo")]
    kinds: dict[str, Any] = {"daily_work": work, **more}
    return administered(users, inside="2", **kinds)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, contradicted and unread."""
    quiet = _estate(_work("cleo"))
    yield attested("attested, and only others work", quiet, _WORD)
    yield fails("an account admin ran a notebook", _estate(_work("ada")), _WORD)
    query = _work("bob", "databrickssql", "commandSubmit")
    yield fails("a workspace admin ran a query", _estate(query), _WORD)
    yield fails("contradicted, attested or not", _estate(_work("ada")))
    yield fails("certain, whatever was not read", _estate(_work("ada"), account_groups=refused()))
    yield unclear("nobody attests it", quiet)
    yield unclear("attested, but no logs", _estate(daily_work=refused()), _WORD)
    for need in EVERY_ADMIN:
        hole = _estate(_work("cleo"), **{need.kind: refused()})
        yield unclear(f"{need} may not be read", hole, _WORD)

"""A token file that never ends goes on opening the share when the contract is over, the partner's
staff has changed and the file has been copied to places that nobody remembers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
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
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.unity_examples import governed, shared_with
from lakewarden.controls.kit.unity_subjects import RECIPIENT, Shown, has_token
from lakewarden.controls.kit.unity_wishes import recipient_wish
from lakewarden.estate.given import refused
from lakewarden.estate.unity import METASTORE_ASSIGNMENTS, RECIPIENTS, Recipient
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy

_DAY: Final = 86_400_000
"""Milliseconds."""

CONTROL = Control(
    id="recipient-tokens-expire",
    title="Every token of a recipient ends soon enough",
    paper=("P11",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=RECIPIENT,
    needs=(METASTORE_ASSIGNMENTS.need(), RECIPIENTS.need()),
    fix=Fix(
        "Rotate the recipient's token once the metastore gives new ones a lifetime, and let the "
        "old one end.",
        console="Catalog Explorer, Delta Sharing, the recipient, Token expiration, Rotate.",
        api="POST /api/2.1/unity-catalog/recipients/{name}/rotate-token "
        '{"existing_token_expire_in_seconds": 86400}',
        terraform="databricks_recipient with expiration_time, in milliseconds.",
        breaks="The recipient must fetch a new token before the old one ends.",
    ),
    maps=(
        *also(
            "limits how long the tokens of a recipient open a share",
            Relation.SUBSET,
            nist="AC-20 IA-5",
            soc2="CC6.1 CC6.3",
            pci="8.2.7",
            hipaa="164.312(d)",
            iso="A.5.14 A.5.17",
            ccm="IAM-07 IAM-15",
        ),
        *also(
            "ends the use of copies that nobody remembers",
            cis_databricks="2.1.6",
            dasf="DASF-33 DASF-51",
            attack="T1199 T1550.001",
        ),
        *also(
            "asks for an end as well, and for one that comes soon enough",
            Relation.SUPERSET,
            sat="GOV-19",
        ),
    ),
    limits=("recipient_token_days",),
)


@CONTROL.check
def check(shown: Shown[Recipient], at: Context) -> Judgement:
    """No token is endless, and none ends later than a new one would."""
    how, tokens = shown.record.authentication, shown.record.tokens
    if not has_token(shown.record):
        evidence = Evidence(how.source, how.field, how.get(), "TOKEN")
        return NotApplicable("the recipient has no token", (evidence,))
    days = at.policy.limits.recipient_token_days
    latest = int(at.now.timestamp() * 1000) + days * _DAY
    ends = [token.expiration_time for token in tokens.get()]
    endless, late = sum(end == 0 for end in ends), sum(end > latest for end in ends)
    evidence = Evidence(tokens.source, tokens.field, ends, f"each within {days} days")
    otherwise = f"{endless} of {len(ends)} tokens never end, {late} end in more than {days} days"
    return observe(not endless and not late, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(shown: Shown[Recipient], at: Context) -> Iterable[Wish | Step]:
    """Let its one token end when a new one would, and have it replaced before that."""
    recipient, days = shown.record, at.policy.limits.recipient_token_days
    verify = f"`lakewarden assess --control {CONTROL.id}` passes"
    now = int(at.now.timestamp() * 1000)
    latest = now + days * _DAY
    tokens = recipient.tokens.get()
    living = [t for t in tokens if t.expiration_time == 0 or t.expiration_time > now]
    if len(living) > 1:
        yield Step(
            f"Rotate the token of the recipient {recipient.name} so that the older of its "
            f"{len(living)} tokens ends at once, then plan again for the newer one.",
            verify,
        )
        return
    (token,) = living
    where = path("tokens", f"[id={token.id}]", "expiration_time")
    lasting = "the service keeps no way to let a token live for ever"
    yield recipient_wish(shown, {where: token.expiration_time or None}, {where: latest}, lasting)
    yield Step(
        f"Send the recipient {recipient.name} a new token within {days} days: rotate the one that "
        "there is, and pass the activation link on by a channel that you trust.",
        verify,
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    now = 1_767_225_600_000  # the moment at which examples are read

    def tokens(*ends: int | None) -> Any:
        held = [{"id": str(n), "expiration_time": end} for n, end in enumerate(ends)]
        return shared_with(tokens=[{k: v for k, v in t.items() if v is not None} for t in held])

    yield passes("one ends in 90 days", tokens(now + 90 * _DAY))
    yield passes("one has ended", tokens(now - 1))
    yield passes("there is none yet", tokens())
    yield fails("one ends a moment later", tokens(now + 90 * _DAY + 1))
    yield fails("one never ends", tokens(now, None))
    month = Policy(thresholds={"recipient_token_days": 30})
    yield fails("90 days, where 30 are wanted", tokens(now + 90 * _DAY), month)
    yield exempt("another Databricks account", shared_with(authentication_type="DATABRICKS"))
    trusted = shared_with(authentication_type="OIDC_FEDERATION")
    yield exempt("an identity provider of the recipient's", trusted)
    secret = shared_with(authentication_type="OAUTH_CLIENT_CREDENTIALS")
    yield unclear("another kind of secret", secret)
    yield exempt("there are no recipients", governed(recipients=[]))
    yield unclear("no tokens in the answer", shared_with(tokens=None))
    yield unclear("recipients may not be read", governed(recipients=refused()))
    yield unclear("the metastore is not known", governed(metastore_assignments=refused()))

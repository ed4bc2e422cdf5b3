"""What controls of OAuth secrets ask first: does this one still sign anybody in?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, unknown
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.machines import HeldSecret
from lakewarden.estate.given import Items, given
from lakewarden.estate.machines import PRINCIPAL_SECRETS, OAuthSecret
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.tokens import ACTIVE, expiry_of, shown, signs_in

_SOURCE: Final = PRINCIPAL_SECRETS.source
_TAKEN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def while_signing_in(held: HeldSecret, at: Context, judge: Callable[[], Judgement]) -> Judgement:
    """Judge a secret that is active, has not ended, and belongs to somebody who may sign in.

    Raises:
        UnreadError: it is not certain whether it has ended or is active.
    """
    secret, active = held.secret, held.principal.active
    if not signs_in(secret, at.now):
        return _over(secret, at)
    if active.gap is None and not active.get():
        evidence = Evidence(active.source, active.field, value=False, expected="true")
        return NotApplicable("its service principal is switched off", (evidence,))
    judgement = judge()
    if isinstance(judgement, NotApplicable) or judgement.met is not False or active.gap is None:
        return judgement
    return unknown(active.gap, field=active.field, expected="true")


def _over(secret: OAuthSecret, at: Context) -> NotApplicable:
    end = expiry_of(secret)
    if end is not None and end <= at.now:
        evidence = Evidence(_SOURCE, "secrets.expire_time", shown(end), "in the future")
        return NotApplicable(f"the secret ended on {end:%Y-%m-%d}", (evidence,))
    evidence = Evidence(_SOURCE, "secrets.status", secret.status, ACTIVE)
    return NotApplicable(f"the secret is {secret.status.lower()}", (evidence,))


def example_secret(age: float, life: float | None, **fields: Any) -> Mapping[str, Any]:
    """Return a secret as the API answers it, for the examples of controls; all is in days.

    Args:
        age: how old it is.
        life: how long it lives from its creation on, None for ever.
        fields: more fields, or others; None leaves one out.
    """
    born = _TAKEN - timedelta(days=age)
    secret: dict[str, Any] = {"id": "s1", "status": ACTIVE, "create_time": shown(born)}
    if life is not None:
        secret["expire_time"] = shown(born + timedelta(days=life))
    return {k: v for k, v in {**secret, **fields}.items() if v is not None}


def secrets_of(
    *secrets: Mapping[str, Any],
    active: bool | None = True,
    principals: Items | None = None,
    found: Items | None = None,
    federated: bool = False,
) -> MemorySnapshot:
    """Return an estate whose only service principal has some secrets, and may be federated."""
    policy = {"name": "p", "oidc_policy": {"issuer": "https://git.example.com", "subject": "main"}}
    principal = {"id": "7", "displayName": "etl", "applicationId": "app", "active": active}
    return given(
        account_service_principals=[principal] if principals is None else principals,
        principal_secrets=[{"id": "7", "secrets": list(secrets)}] if found is None else found,
        principal_federation=[{"id": "7", "policies": [policy] if federated else []}],
    )

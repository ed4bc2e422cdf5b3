"""How a service principal signs in: with keys that can be copied, or by federation."""

from __future__ import annotations

from lakewarden.controls.kit.condition import (
    Condition,
    holds,
    observe,
    unknown,
    violated,
)
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.machines import Machine
from lakewarden.estate.access import TOKENS
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.machines import PRINCIPAL_FEDERATION, PRINCIPAL_SECRETS
from lakewarden.estate.people import FEDERATION_POLICIES
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.tokens import is_over, signs_in


def holds_no_secret(machine: Machine, at: Context) -> Condition:
    """Require that no OAuth secret signs it in.

    Raises:
        UnreadError: its secrets are not known.
    """
    secrets = at.estate.need(PRINCIPAL_SECRETS, machine.principal.id).secrets
    live = [secret.id for secret in secrets.get() if signs_in(secret, at.now)]
    evidence = Evidence(secrets.source, secrets.field, live, "none that signs in")
    return observe(not live, evidence, otherwise=f"it has {len(live)} OAuth secrets that sign in")


def holds_no_token(machine: Machine, at: Context) -> Condition:
    """Require that it owns no personal access token that has not ended."""
    gap = machine.doings.tokens_gap
    live = []
    for token in machine.doings.tokens.get(machine.principal.id, ()):
        try:
            live += [] if is_over(token, at.now) else [token.id]
        except UnreadError as error:
            gap = error.gap
    evidence = Evidence(TOKENS.source, "owner_id", live, "none")
    if live:
        return violated(f"it has {len(live)} personal access tokens", evidence)
    return holds(evidence) if gap is None else unknown(gap, field="owner_id", expected="none")


def is_federated(machine: Machine, at: Context) -> Condition:
    """Require a federation policy, its own or the account's.

    Raises:
        UnreadError: its own policies are not known, or it has none and the account's are not known.
    """
    policies = at.estate.need(PRINCIPAL_FEDERATION, machine.principal.id).policies
    own = [policy.oidc_policy.issuer for policy in policies.get() if policy.oidc_policy.issuer]
    if own:
        return holds(Evidence(policies.source, policies.field, own, "an issuer"))
    named = (policy.issuer.get() for policy in at.estate.of(FEDERATION_POLICIES).each())
    issuers = [issuer for issuer in named if issuer]
    source = FEDERATION_POLICIES.source
    evidence = Evidence(source, "oidc_policy.issuer", issuers, "an issuer")
    otherwise = "neither it nor the account has a federation policy"
    return observe(bool(issuers), evidence, otherwise=otherwise)

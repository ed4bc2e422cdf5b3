"""The identity that deploys may replace every job, so a secret of it in a pipeline's settings is
the key to production. With federation the pipeline shows a token of its own issuer instead, good
for minutes and for that pipeline alone: there is nothing to copy. An identity that jobs run as
never signs in from outside, and needs no key at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    unknown,
)
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
from lakewarden.controls.kit.keyless import holds_no_secret, holds_no_token, is_federated
from lakewarden.controls.kit.machines import MACHINE, HeldSecret, Machine, label_of
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.oauth_secrets import example_secret
from lakewarden.controls.kit.token_wishes import REVOKES_WITH, delete, revoke
from lakewarden.controls.kit.tokens import example_token
from lakewarden.estate.access import TOKENS
from lakewarden.estate.compute import JOBS
from lakewarden.estate.given import given, refused
from lakewarden.estate.machines import PRINCIPAL_FEDERATION, PRINCIPAL_SECRETS
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS, FEDERATION_POLICIES
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.tokens import is_over, signs_in

CONTROL = Control(
    id="deploy-identities-federated",
    title="The service principal deploys or runs jobs without a secret or a token",
    paper=("P20",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=MACHINE,
    needs=(
        ACCOUNT_SERVICE_PRINCIPALS.need(),
        PRINCIPAL_SECRETS.need(),
        PRINCIPAL_FEDERATION.need(),
        FEDERATION_POLICIES.need(),
        JOBS.need(),
        TOKENS.need(),
    ),
    fix=Fix(
        "Give the pipeline's service principal a federation policy for the pipeline's own issuer "
        "and subject, sign in with it, then delete its secrets and tokens.",
        console="Account console, User management, Service principals, Credentials & secrets, "
        "Federation policies.",
        api="POST /api/2.0/accounts/{account_id}/servicePrincipals/{id}/federationPolicies "
        '{"oidc_policy": {"issuer": "https://git.example.com", "audiences": ["databricks"], '
        '"subject": "project:data:ref:refs/heads/main"}}, then DELETE credentials/secrets/{id}.',
        terraform="databricks_service_principal_federation_policy with service_principal_id and "
        "oidc_policy, in place of databricks_service_principal_secret.",
        breaks="Pipelines that still sign in with the secret or the token stop when it is gone.",
    ),
    maps=(
        *also(
            "has the machines that deploy and run jobs sign in without a key to copy",
            Relation.SUBSET,
            nist="IA-5 IA-5(6)",
            soc2="CC6.1",
            pci="8.6 8.6.3",
            hipaa="164.312(d)",
            iso="A.5.17 A.8.5",
            ccm="IAM-14 IAM-15",
            dasf="DASF-33",
        ),
        *also(
            "leaves no lasting key in a pipeline's settings to be stolen",
            cis_aws="1.17",
            attack="T1078.004 T1550.001 T1552.001",
        ),
    ),
    plans_with=REVOKES_WITH,
)


@CONTROL.check
def check(machine: Machine, at: Context) -> Judgement:
    """It holds no key that signs in; where it deploys, a federation policy takes its place."""
    principal = machine.principal
    active = principal.active
    if active.gap is None and not active.get():
        evidence = Evidence(active.source, active.field, value=False, expected="true")
        return NotApplicable("the service principal is switched off", (evidence,))
    application = principal.application_id.get()
    wanted = at.policy.deploy_principals
    deploys = application in wanted or (bool(wanted) and principal.name.get() in wanted)
    if not deploys and application not in machine.doings.jobs:
        if machine.doings.jobs_gap is not None:
            return unknown(machine.doings.jobs_gap, expected="whether jobs run as it")
        return NotApplicable("no job runs as it, and the policy file does not say that it deploys")
    return _known(
        all_of(
            lambda: holds_no_secret(machine, at),
            lambda: holds_no_token(machine, at),
            *([lambda: is_federated(machine, at)] if deploys else []),
        ),
        machine,
    )


def _known(condition: Condition, machine: Machine) -> Condition:
    """Blame nobody of whom it is not known whether they may sign in."""
    gap = machine.principal.active.gap
    if gap is not None and condition.met is False:
        return unknown(gap, expected="whether it is active")
    return condition


@CONTROL.mends
def mend(machine: Machine, at: Context) -> Iterable[Wish | Step]:
    """End its secrets and tokens, once a federation policy lets it sign in without them."""
    principal = machine.principal
    if is_federated(machine, at).met is not True:
        yield Step(
            f"Give the service principal {label_of(principal)} a federation policy for the issuer "
            "and subject of what signs in as it, have that sign in so, and make a new plan, which "
            "then ends its secrets and tokens; where nothing signs in as it, delete them by hand.",
            f"`lakewarden assess --control {CONTROL.id}` passes",
        )
        return
    for secret in at.estate.need(PRINCIPAL_SECRETS, principal.id).secrets.get():
        if signs_in(secret, at.now):
            yield delete(HeldSecret(secret, principal), at)
    for workspace in at.estate.workspaces():
        for token in at.estate.of(TOKENS, workspace).each():
            if str(token.owner_id.get()) == principal.id and not is_over(token, at.now):
                yield revoke(token, replace(at, workspace=workspace))


_APPLICATION = "5f0c1f6e-0000-4000-8000-000000000001"
_DEPLOYS = Policy(deploy_principals=("pipeline",))


def _estate(**changes: Any) -> MemorySnapshot:
    """Return an estate with one service principal that is federated and holds no keys."""
    oidc = {"issuer": "https://git.example.com", "subject": "main"}
    principal = {
        "id": "7",
        "displayName": "pipeline",
        "applicationId": _APPLICATION,
        "active": changes.pop("active", True),
    }
    kinds: dict[str, Any] = {
        "account_service_principals": [principal],
        "principal_secrets": [{"id": "7", "secrets": []}],
        "principal_federation": [
            {"id": "7", "policies": [{"name": "p", "oidc_policy": oidc}]},
        ],
        "federation_policies": [],
        "jobs": [],
        "tokens": [],
    }
    return given(**{**kinds, **changes})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show keys of every kind, both ways to be federated, and what is not known."""
    job = [{"job_id": 1, "settings": {"name": "load"}, "run_as_user_name": _APPLICATION}]
    none = [{"id": "7", "policies": []}]
    of_all = [{"policy_id": "all", "oidc_policy": {"issuer": "https://login.example.com"}}]
    secret = [{"id": "7", "secrets": [example_secret(10, life=90)]}]
    ended = [{"id": "7", "secrets": [example_secret(100, life=90)]}]
    token = [example_token(owner_id=7)]
    yield passes("it deploys by federation", _estate(), _DEPLOYS)
    yield passes(
        "the account is federated",
        _estate(principal_federation=none, federation_policies=of_all),
        _DEPLOYS,
    )
    yield passes("jobs run as it, and it has no keys", _estate(jobs=job, principal_federation=none))
    yield passes("its secret has ended", _estate(principal_secrets=ended), _DEPLOYS)
    named = Policy(deploy_principals=(_APPLICATION,))
    yield fails("it deploys without federation", _estate(principal_federation=none), named)
    yield fails("federated, and with a secret", _estate(principal_secrets=secret), _DEPLOYS)
    yield fails("federated, and with a token", _estate(tokens=token), _DEPLOYS)
    yield fails("jobs run as it, and it has a token", _estate(jobs=job, tokens=token))
    yield fails(
        "a secret, whatever else is unknown",
        _estate(principal_secrets=secret, tokens=refused()),
        _DEPLOYS,
    )
    blank = [{"id": "7", "policies": [{"name": "p", "oidc_policy": {"issuer": ""}}]}]
    yield fails("a policy that names no issuer", _estate(principal_federation=blank), _DEPLOYS)
    yield from _unread(token, none)
    yield exempt("it is switched off", _estate(active=False, tokens=token), _DEPLOYS)
    yield exempt("it does neither", _estate(tokens=token))


def _unread(token: list[Any], none: list[Any]) -> Iterable[Example]:
    """Show what is not known, or makes no sense."""
    odd = [{"id": "7", "secrets": [example_secret(10, life=90, status="Active")]}]
    yield unclear("a status that nobody knows", _estate(principal_secrets=odd), _DEPLOYS)
    silent = [{"job_id": 1, "settings": {"name": "load"}}]
    yield unclear("a job does not say whom it runs as", _estate(jobs=silent))
    yield unclear("secrets may not be listed", _estate(principal_secrets=refused()), _DEPLOYS)
    yield unclear("tokens may not be listed", _estate(tokens=refused()), _DEPLOYS)
    yield unclear(
        "nobody says whose a token is", _estate(tokens=[example_token(owner_id=None)]), _DEPLOYS
    )
    yield unclear("policies may not be listed", _estate(principal_federation=refused()), _DEPLOYS)
    yield unclear(
        "nor the account's",
        _estate(principal_federation=none, federation_policies=refused()),
        _DEPLOYS,
    )
    yield unclear("jobs may not be listed", _estate(jobs=refused()))
    yield unclear(
        "service principals may not be listed", _estate(account_service_principals=refused())
    )
    yield unclear("it may be switched off", _estate(active=None, tokens=token), _DEPLOYS)

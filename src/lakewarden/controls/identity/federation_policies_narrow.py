"""A federation policy lets tokens of another issuer stand for users of the account. One that takes
any token of a large issuer takes those that were made for other applications, and whoever can get
such a token, or write the claim by which users are told apart, is in without any password.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, expect, observe
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
from lakewarden.controls.kit.directory import FEDERATION_POLICY
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.estate.estate import Estate
from lakewarden.estate.given import ACCOUNT_ID, given, refused
from lakewarden.estate.people import FEDERATION_POLICIES, FederationPolicy
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="federation-policies-narrow",
    title="The federation policy takes tokens made for this account alone",
    paper=("P01",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=FEDERATION_POLICY,
    needs=(FEDERATION_POLICIES.need(),),
    fix=Fix(
        "Name an audience that the issuer gives to tokens for Databricks alone, and the claim "
        "that holds the user name; delete the policy if nobody uses it.",
        console="Account console, Security, Authentication, Federation policies: edit the policy, "
        "or delete it.",
        api="PATCH /api/2.0/accounts/{account_id}/federationPolicies/{policy_id} "
        '{"oidc_policy": {"issuer": "https://…", "audiences": ["…"], "subject_claim": "…"}}',
        terraform="databricks_account_federation_policy: oidc_policy with issuer, audiences and "
        "subject_claim.",
        breaks="Programs whose tokens name another audience are refused until they ask the "
        "issuer for the new one.",
        no_api="Which audience and claim the issuer uses for Databricks alone, only those who "
        "run it know.",
    ),
    maps=(
        *also(
            "takes sign-ins by an outside issuer's tokens only if made for this account",
            Relation.SUBSET,
            nist="AC-3 IA-2 IA-8 IA-8(2)",
            soc2="CC6.1 CC6.6",
            pci="8.3",
            hipaa="164.312(a)(1) 164.312(d)",
            iso="A.5.17 A.8.5",
            ccm="IAM-14 IAM-16",
        ),
        *also(
            "turns away tokens that were made for somebody else's application",
            attack="T1078.004 T1199 T1550.001",
        ),
    ),
)


@CONTROL.check
def check(policy: FederationPolicy, at: Context) -> Judgement:
    """The issuer is reached by HTTPS; audience and claim are set, not left to their defaults."""
    return all_of(
        expect(
            policy.issuer,
            lambda issuer: issuer.startswith("https://"),
            expected="https://…",
            otherwise="the issuer {value} is not reached by HTTPS",
        ),
        lambda: _audiences(policy, at.estate),
        expect(
            policy.subject_claim,
            bool,
            expected="the claim that holds the user name",
            otherwise="no claim is named, so whatever the issuer calls sub is the user name",
        ),
    )


def _audiences(policy: FederationPolicy, estate: Estate) -> Condition:
    """The account's id is what clients name by default; as the only audience it tells nothing."""
    audiences = policy.audiences.get()
    own = set(audiences) - {estate.meta.account_id, ""}
    evidence = Evidence(
        policy.audiences.source, policy.audiences.field, list(audiences), "one of your own"
    )
    otherwise = "no audience of its own is named: tokens for the account's id are taken"
    return observe(bool(own), evidence, otherwise=otherwise)


def _policy(**changes: Any) -> MemorySnapshot:
    oidc = {
        "issuer": "https://login.example.com",
        "audiences": ["databricks-example"],
        "subject_claim": "preferred_username",
    }
    changed = {name: value for name, value in {**oidc, **changes}.items() if value is not None}
    return given(federation_policies=[{"policy_id": "sign-on", "oidc_policy": changed}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show each thing that is wrong by itself, and what is not known."""
    yield passes("an audience of its own", _policy())
    both = _policy(audiences=[ACCOUNT_ID, "databricks-example"])
    yield passes("the account's id beside one of its own", both)
    yield fails("no HTTPS", _policy(issuer="http://login.example.com"))
    yield fails("no audience", _policy(audiences=None))
    yield fails("an empty list of audiences", _policy(audiences=[]))
    yield fails("nothing but the account's id", _policy(audiences=[ACCOUNT_ID]))
    yield fails("an audience without a name", _policy(audiences=[""]))
    yield fails("no claim", _policy(subject_claim=None))
    yield unclear("the issuer is missing from the answer", _policy(issuer=None))
    yield unclear("policies may not be read", given(federation_policies=refused()))
    yield exempt("there are none", given(federation_policies=[]))

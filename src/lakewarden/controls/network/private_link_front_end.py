"""A workspace with a public address can be tried by anybody who holds a password or a token. With
a private front end it answers only to connections from your own networks, so that stolen
credentials are useless elsewhere. The switch is easily half set: a private connection beside an
open public one shuts nobody out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    expect,
    observe,
    violated,
)
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import (
    PRIVATE_ACCESS,
    REGISTERED_ENDPOINTS,
    PrivateAccess,
    Workspace,
)
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="private-link-front-end",
    title="People reach the workspace through private connections only",
    paper=("P07",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(PRIVATE_ACCESS.need(), REGISTERED_ENDPOINTS.need()),
    fix=Fix(
        "Attach a private access settings object with public_access_enabled false and the "
        "registered endpoints that may connect; test from inside first, because others "
        "are shut out.",
        console="Account console > Cloud resources > Network > Private access settings: public "
        "access off, level Endpoint; attach it under Workspaces > Update.",
        api="PUT /api/2.0/accounts/{account_id}/private-access-settings/{id} "
        '{"private_access_settings_name": "...", "region": "...", "public_access_enabled": '
        'false, "private_access_level": "ENDPOINT", "allowed_vpc_endpoint_ids": [...]}, then '
        "PATCH the workspace's private_access_settings_id.",
        terraform="databricks_mws_private_access_settings with public_access_enabled = false, "
        'private_access_level = "ENDPOINT" and allowed_vpc_endpoint_ids; '
        "private_access_settings_id in databricks_mws_workspaces.",
        breaks="Everybody and everything outside your own networks is shut out: people off the "
        "VPN, CI runners, BI services and partners.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "lets people in through private connections alone",
            Relation.SUBSET,
            nist="AC-17(3) SC-7 SC-7(5)",
            soc2="CC6.6",
            pci="1.4.1 1.4.2",
            hipaa="164.312(e)(1)",
            iso="A.8.20 A.8.21",
            ccm="IVS-03 IVS-09",
            dasf="DASF-4",
            attack="T1078.004",
        ),
        *also(
            "asks for private access settings, and that they shut the public way besides",
            Relation.SUPERSET,
            sat="NS-3",
        ),
        *also(
            "asks the same two things of a workspace, in terms of another cloud",
            cis_databricks="2.1.10 2.1.11",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Private access settings are attached, close the public way and say who may connect."""
    fact = workspace.private_access_id
    settings_id = fact.get()
    if settings_id is None:
        evidence = Evidence(fact.source, fact.field, None, "private access settings")
        return violated("the workspace has no private access settings", evidence)
    settings = at.estate.need(PRIVATE_ACCESS, settings_id)
    return all_of(
        expect(
            settings.public_access,
            lambda value: value is False,
            expected="false",
            otherwise="the workspace also answers the public internet",
        ),
        lambda: _chosen(settings, at),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """The public way is closed, once an endpoint that may connect is known to work."""
    identity = workspace.private_access_id.get()
    if identity is None:
        raise CannotPlanError(
            "make private access settings with the endpoints of your network, test that people "
            "reach the workspace through them, and attach them"
        )
    settings = at.estate.need(PRIVATE_ACCESS, identity)
    level, allowed = settings.level.get(), settings.allowed_endpoints.get()
    registered = at.estate.of(REGISTERED_ENDPOINTS).each()
    works = {e.id for e in registered if e.state.get().lower() == "available"}
    usable = [i for i in allowed if i in works]
    if not (works if level == "ACCOUNT" else usable):
        raise CannotPlanError(
            f"no endpoint that may connect works, so that nobody would get in: register one, and "
            f"allow it in the private access settings {identity}"
        )
    before: dict[str, Any] = {"/public_access_enabled": settings.public_access.get()}
    edits: dict[str, Any] = {"/public_access_enabled": False}
    if level != "ACCOUNT":
        before |= {"/private_access_level": level, "/allowed_vpc_endpoint_ids": list(allowed)}
        edits |= {"/private_access_level": "ENDPOINT", "/allowed_vpc_endpoint_ids": usable}
    target = Target("private_access_settings", "account", identity)
    yield Wish(target, _named(identity, at), before, edits, tier=Tier.ENTERPRISE.value)


def _named(identity: str, at: Context) -> str:
    having = [w for w in at.estate.workspaces() if w.private_access_id.get() == identity]
    return f"private access of {', '.join(sorted(w.name.get() for w in having))}"


def _chosen(settings: PrivateAccess, at: Context) -> Condition:
    level, allowed = settings.level.get(), settings.allowed_endpoints.get()
    shown = f"{level}, {len(allowed)} endpoints"
    expected = "ENDPOINT with at least one endpoint, or ACCOUNT"
    evidence = Evidence(settings.level.source, settings.level.field, shown, expected)
    if level == "ENDPOINT":
        otherwise = "the private access settings name no endpoint that may connect"
        named = observe(bool(allowed), evidence, otherwise=otherwise)
        return all_of(named, *(lambda i=i: _works(i, at) for i in allowed))
    otherwise = f"the private access level {level} does not limit who may connect"
    return observe(level == "ACCOUNT", evidence, otherwise=otherwise)


def _works(identity: str, at: Context) -> Condition:
    endpoint = at.estate.find(REGISTERED_ENDPOINTS, identity)
    if endpoint is None:
        source = REGISTERED_ENDPOINTS.source
        evidence = Evidence(source, "vpc_endpoint_id", None, f"endpoint {identity}")
        return violated(f"endpoint {identity}, which may connect, is not registered", evidence)
    return expect(
        endpoint.state,
        lambda value: value.lower() == "available",
        expected="available",
        otherwise=f"endpoint {identity}, which may connect, is {{value}}",
    )


def _estate(
    settings: Items, attached: str | None = "p1", state: str = "available", **changes: Any
) -> MemorySnapshot:
    endpoints = [{"vpc_endpoint_id": "e1", "state": state}]
    kinds: dict[str, Any] = {"registered_endpoints": endpoints, "private_access": settings}
    return given(workspace={"private_access_settings_id": attached}, **{**kinds, **changes})


def _settings(
    *allowed: str, level: str = "ENDPOINT", public: object = False
) -> list[dict[str, object]]:
    return [
        {
            "private_access_settings_id": "p1",
            "public_access_enabled": public,
            "private_access_level": level,
            "allowed_vpc_endpoint_ids": list(allowed),
        }
    ]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    yield passes("one endpoint", _estate(_settings("e1")))
    yield passes("every endpoint of the account", _estate(_settings(level="ACCOUNT")))
    yield fails("one of two endpoints is not registered", _estate(_settings("e1", "e2")))
    yield fails("the endpoint was rejected", _estate(_settings("e1"), state="rejected"))
    unread = _estate(_settings("e1"), registered_endpoints=refused())
    yield unclear("registered endpoints may not be read", unread)
    yield fails("nothing attached", _estate(_settings("e1"), attached=None))
    yield fails("the public way is open too", _estate(_settings("e1", public=True)))
    yield fails("no endpoint is allowed", _estate(_settings()))
    yield fails("any endpoint at all", _estate(_settings("e1", level="ANY")))
    yield unclear(
        "whether the public way is open is missing", _estate(_settings("e1", public=None))
    )
    yield unclear("the settings do not exist any more", _estate([]))
    yield unclear("the settings may not be read", _estate(refused()))
    premium = given(workspace={"pricing_tier": "PREMIUM"}, private_access=[])
    yield exempt("Premium tier", premium)

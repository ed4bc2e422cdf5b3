"""Who would be locked out of a served deployment: read over HTTP, refused before any write."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lakewarden.cli.options import Deployment
from lakewarden.cli.settings import load_policy, named_policy, reach_of
from lakewarden.clock import Clock
from lakewarden.collect.caller import read_caller
from lakewarden.collect.engine import Collector
from lakewarden.estate.access import ACCOUNT_IP_LISTS, IP_LISTS, TOKENS
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.aws import BUCKET_POLICY, ROLES
from lakewarden.estate.estate import Estate
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS, ACCOUNT_USERS
from lakewarden.estate.snapshot import Meta
from lakewarden.guards.directory import directory_of
from lakewarden.guards.guard import Given
from lakewarden.guards.registry import needs, refusals
from lakewarden.plan.change import Change, Proof, Reason, Target
from lakewarden.plan.plan import Origin, Plan
from lakewarden.store.plans import write_plan
from lakewarden.store.snapshots import SnapshotWriter

ROLE = "/roles/[value=account_admin]"
HELD = {"value": "account_admin"}
HOLD = (
    Proof("policy.not_more_permissive", "It allows no more", "proved"),
    Proof("policy.still_works", "It works", "proved"),
)
INSIDE = "203.0.113.10"
OUTSIDE = "198.51.100.7"


class Stage:
    """A served world as it was read, and who looks at it."""

    def __init__(self, served, folder):
        self.served = served
        self.policy = load_policy(named_policy())
        self.reach = reach_of(Deployment.from_environment(), self.policy)
        meta = Meta(Clock().now().isoformat(), self.reach.account_id)
        with SnapshotWriter(folder / "snapshot", meta) as snapshot:
            Collector(self.reach, lambda _: needs(), snapshot).run()
        self.estate = Estate(snapshot)
        self.here = self.estate.need(WORKSPACES, 3001)

    def caller(self, *addresses):
        return read_caller(self.reach, self.reach.workspace_urls, addresses)

    def refused(self, *changes, caller):
        plan = Plan(Origin(self.reach.account_id, self.estate.meta.taken, "high"), changes)
        given = Given(plan, self.estate, caller, self.policy, allow_irreversible=True)
        return refusals(given)


@pytest.fixture(scope="module")
def stage(world, tmp_path_factory):
    served = world("high-security")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in served.environment.items():
            patch.setenv(name, value)
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.delenv("AWS_PROFILE", raising=False)
        yield Stage(served, tmp_path_factory.mktemp("lockout"))
    entries = map(json.loads, served.log.read_text("utf-8").splitlines())
    ours = {entry["method"] for entry in entries if not entry["path"].startswith("/oidc/")}
    assert ours <= {"GET", "AWS"}


def change(kind, key, before, after, scope="account", **more):
    return Change(Target(kind, scope, key), key, before, after, **more)


def test_a_caller_outside_the_list(stage):
    (entry,) = stage.estate.of(ACCOUNT_IP_LISTS).each()
    old = list(entry.addresses.get())
    narrower = change(
        "ip_access_list", entry.id, {"/ip_addresses": old}, {"/ip_addresses": ["203.0.113.64/26"]}
    )
    (refusal,) = stage.refused(narrower, caller=stage.caller(INSIDE))
    assert (refusal.guard, refusal.address) == ("addresses", narrower.address)
    assert INSIDE in refusal.why
    recorded = stage.caller()
    assert INSIDE in recorded.addresses, "the delivered logs show where the scanner comes from"
    assert stage.refused(narrower, caller=recorded)
    (refusal,) = stage.refused(narrower, caller=replace(recorded, addresses=()))
    assert "--caller-address" in refusal.next_step
    kept = replace(narrower, after={"/ip_addresses": ["203.0.113.0/26"]})
    assert not stage.refused(kept, caller=stage.caller(INSIDE))


def test_apply_refuses_before_the_first_call(stage, run, tmp_path):
    (entry,) = stage.estate.of(ACCOUNT_IP_LISTS).each()
    reason = Reason("account-ip-access-lists", ("P06",), "account", "account")
    narrower = change(
        "ip_access_list",
        entry.id,
        {"/ip_addresses": list(entry.addresses.get())},
        {"/ip_addresses": ["192.0.2.0/24"]},
        reasons=(reason,),
    )
    plan, file = Plan(Origin(stage.reach.account_id, "now", "high"), (narrower,)), tmp_path / "p"
    write_plan(file, plan)
    store = f"sqlite:///{tmp_path / 'journal.db'}"
    arguments = ("apply", file, "--yes", "--store", store, "--caller-address", INSIDE)
    result = run(*arguments, world=stage.served)
    assert result.code == 1
    assert f"refused: {narrower.address}: adm-hs-scanner calls from {INSIDE}" in result.err
    assert "nothing was changed" in result.err


def test_lists_behind_private_link_shut_nobody_out(stage):
    (entry,) = stage.estate.of(IP_LISTS, stage.here).each()
    elsewhere = change(
        "ip_access_list",
        entry.id,
        {"/ip_addresses": list(entry.addresses.get())},
        {"/ip_addresses": ["192.0.2.0/24"]},
        scope="workspace/3001",
    )
    assert not stage.refused(elsewhere, caller=stage.caller(OUTSIDE))


def test_the_last_admin_and_the_caller(stage):
    kinds = (
        ("account_user", ACCOUNT_USERS),
        ("account_service_principal", ACCOUNT_SERVICE_PRINCIPALS),
    )
    admins = directory_of(stage.estate).account_admins()
    losing = [
        change(kind, one.id, {ROLE: HELD}, {ROLE: None})
        for kind, collection in kinds
        for one in stage.estate.of(collection).each()
        if one.id in admins
    ]
    assert len(losing) == len(admins) == 3
    whys = [r.why for r in stage.refused(*losing, caller=stage.caller())]
    assert "nobody would administer the account any more" in whys
    scanner = [one for one in losing if one.target.kind != "account_user"]
    (mine,) = stage.refused(*scanner, caller=stage.caller())
    assert mine.why.startswith("adm-hs-scanner would no longer administer the account")
    emergency = [one for one in losing if one.target.kind == "account_user"]
    whys = [r.why for r in stage.refused(*emergency, caller=stage.caller())]
    assert whys == ["nobody for emergencies would administer the account any more"]


def test_the_own_token(stage, monkeypatch):
    (token,) = stage.estate.of(TOKENS, stage.here).each()
    bearers = stage.served.simulation.account.bearers
    value = next(v for v, bearer in bearers.items() if bearer.token_id == token.id)
    ends = change("token", token.id, {"/token_id": token.id}, None, scope="workspace/3001")
    assert not stage.refused(ends, caller=stage.caller())
    monkeypatch.setenv("DATABRICKS_TOKEN", value)
    caller = stage.caller()
    assert caller.by_token
    assert caller.display == "hs-instruments"
    assert caller.groups == ("hs-token-users",)
    assert [r.guard for r in stage.refused(ends, caller=caller)] == ["credentials"]
    off = change(
        "workspace_conf",
        "enableTokensConfig",
        {"/value": "true"},
        {"/value": "false"},
        scope="workspace/3001",
    )
    assert [r.guard for r in stage.refused(off, caller=caller)] == ["credentials"]


def test_the_own_bucket_policy_and_the_own_role(stage):
    bucket = stage.estate.need(BUCKET_POLICY, "hs-research-root")
    old = json.loads(bucket.document.get())["Statement"]
    fence = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::hs-research-root", "arn:aws:s3:::hs-research-root/*"],
        "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    }
    before, after = {"/Statement": old}, {"/Statement": [*old, fence]}
    shut = change("bucket_policy", bucket.name, before, after, scope="aws", proofs=HOLD)
    caller = stage.caller(INSIDE)
    assert caller.aws_arn == "arn:aws:iam::123456789012:user/moto"
    assert [r.guard for r in stage.refused(shut, caller=caller)] == ["aws"]
    fence["Condition"]["ArnNotEquals"] = {"aws:PrincipalArn": caller.aws_arn}
    assert not stage.refused(shut, caller=caller)

    role = next(role for role in stage.estate.of(ROLES).each() if role.arn.endswith("-research"))
    trust = json.loads(role.trust.get())["Statement"]
    nobody = change(
        "role_trust",
        role.arn.rpartition("/")[2],
        {"/Statement": trust},
        {"/Statement": []},
        scope="aws",
        proofs=HOLD,
    )
    assert not stage.refused(nobody, caller=caller)
    as_role = replace(caller, aws_arn=role.arn)
    assert [r.guard for r in stage.refused(nobody, caller=as_role)] == ["aws"]

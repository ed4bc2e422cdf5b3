"""A deployment as it stands, written down, and read back as the plan that Terraform would make."""

from __future__ import annotations

import functools
import json
from dataclasses import replace

import pytest
from benchmarks.running import running

from lakewarden.clock import Clock
from lakewarden.collect.engine import Collector
from lakewarden.controls.kit.registry import needs_at
from lakewarden.estate.access import Grantee
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.estate import Estate
from lakewarden.estate.record import plan_of
from lakewarden.estate.snapshot import Meta
from lakewarden.policyfile.limits import Posture
from lakewarden.store.snapshots import SnapshotWriter
from lakewarden.terraform.plan import read_plan
from lakewarden.terraform.planned import planned
from lakewarden.terraform.write.configuration import Place, Site, configured
from lakewarden.terraform.write.files import files
from lakewarden.terraform.write.standing import snapshot as standing_of
from lakewarden.terraform.write.standing.aws import AWS
from lakewarden.terraform.write.standing.databricks import ACCOUNT, WORKSPACE
from lakewarden.terraform.write.standing.snapshot import needed, standing
from terraform.plans import EXAMPLES, NOW
from terraform.writing import as_plan, is_formatted, needs_terraform, values_of

ONLY_LIVE = {"jobs", "pipeline_settings"}
"""Kinds of which a snapshot holds too little to write them."""
GRANTS_NOTHING = {"metastore_grants"}
"""Kinds of which the world has records that say nothing to write."""
NO_RESOURCE = {"account_ip_lists", "published_apps"}
"""Kinds that the provider has no resource for."""


def _needs(policy, workspace):
    return needs_at(policy, workspace) | needed(workspace)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "snapshot"
    with running("high-security") as world:
        policy = world._policy.everywhere(Posture.HIGH)
        meta = Meta(Clock().now().isoformat(), world.origin().account_id)
        with SnapshotWriter(folder, meta) as snapshot:
            Collector(world._reach, functools.partial(_needs, policy), snapshot).run()
    estate = Estate(snapshot)
    places = {
        str(w.id): Place(str(w.id), w.name.get(), f"https://{w.deployment.get()}.example")
        for w in estate.of(WORKSPACES).seen()
    }
    return snapshot, configured(Site(meta.account_id, workspaces=places), standing(estate))


def test_every_kind_that_is_claimed_is_covered(deployment):
    snapshot, configuration = deployment
    left = {one.address for one in configuration.left}
    silent, claimed = set(), set()
    for kind, things in _by_kind(Estate(snapshot)):
        claimed.add(kind.name)
        if not any(thing.address not in left for thing in things):
            silent.add(kind.name)
    there = {h.kind for h in snapshot.headers() if h.count}
    picked = {pick.kind.name for pick in (*ACCOUNT, *WORKSPACE, *AWS)}
    assert silent - NO_RESOURCE == ONLY_LIVE & there
    assert picked & there - claimed == GRANTS_NOTHING


def _by_kind(estate):
    """Yield the kinds of records that become things, with the things of each."""
    around = standing_of._around(estate)
    for pick in (*ACCOUNT, *AWS):
        if things := list(standing_of._picked(estate, (pick,), around)):
            yield pick.kind, things
    for pick in WORKSPACE:
        things = []
        for workspace in estate.workspaces():
            inside = around | standing_of._inside(estate, workspace)
            things += standing_of._picked(estate, (pick,), inside, workspace)
        if things:
            yield pick.kind, things


def test_every_resource_is_there_once(deployment):
    places = [(r.type, r.scope, r.import_id) for r, _ in deployment[1].resources if r.import_id]
    assert len(places) == len(set(places)) > 200
    labels = [(r.type, label) for r, label in deployment[1].resources]
    assert len(labels) == len(set(labels))


def test_what_is_written_says_what_was_read(deployment):
    snapshot, configuration = deployment
    back = as_plan(configuration).snapshot()
    compared, different = 0, []
    for header in back.headers():
        kind = KINDS[header.kind]
        there = {r.identity(): r for r in snapshot.collection(kind, header.scope).seen()}
        for record in back.collection(kind, header.scope).seen():
            original = there.get(record.identity())
            if original is None:
                if header.kind not in READ_ELSEWHERE:
                    different.append(f"{header.scope} {header.kind} {record.identity()} is new")
                continue
            for field in plan_of(kind.record):
                if field.is_key or (header.kind, field.name) in NOT_IN_PLANS:
                    continue
                one, other = getattr(record, field.name), getattr(original, field.name)
                if one.gap is None and other.gap is None:
                    compared += 1
                    if _plain(one.get()) != _plain(_own(other.get())):
                        name = f"{header.scope} {header.kind} {record.identity()} {field.name}"
                        different.append(f"{name}: {one.get()} was {other.get()}")
    assert not different
    assert compared > 450


READ_ELSEWHERE = {
    "account_public_access": "in a plan it goes by its provider",
    "cluster_libraries": "a plan has a record without any for every cluster",
    "subnets": "a snapshot has those of other VPCs' gateways in another kind",
    "workspace_settings_v2": "a typed setting that the provider knows by the second version",
}
NOT_IN_PLANS = {("clusters", "origin"), ("budgets", "written")}


def _own(value):
    """Return an access control list without what the provider adds: what is inherited."""
    if not isinstance(value, tuple) or not value or not isinstance(value[0], Grantee):
        return value
    held = ((e, tuple(p for p in e.all_permissions if not p.inherited)) for e in value)
    return tuple(replace(e, all_permissions=own) for e, own in held if own)


def _plain(value):
    """Return a value as it compares: policies as objects, and nothing for what is empty."""
    if isinstance(value, str) and value[:1] == "{":
        document = json.loads(value)
        return {**document, "Version": document.get("Version")}
    return None if value in ("", (), {}) else value


@pytest.mark.skipif(needs_terraform, reason="there is no terraform here")
def test_the_files_are_as_terraform_formats_them(deployment, tmp_path):
    assert is_formatted(deployment[1], tmp_path)


def test_the_same_deployment_makes_the_same_files(deployment):
    snapshot, configuration = deployment
    again = configured(configuration.site, standing(Estate(snapshot)))
    assert files(again) == files(configuration)


PAPER = {
    "IP access lists": ("databricks_ip_access_list", "databricks_workspace_conf"),
    "audit log delivery": (
        *("aws_s3_bucket_versioning", "aws_s3_bucket_public_access_block", "aws_iam_role"),
        *("databricks_mws_credentials", "databricks_mws_storage_configurations"),
        "databricks_mws_log_delivery",
    ),
}
"""What the paper shows in Terraform, and the resources that each example is made of."""
NAMES_IN_MODULES = {"name"}
"""A role that is not made yet goes by its address."""


@pytest.mark.parametrize("title", PAPER)
def test_what_the_paper_shows_in_terraform_comes_out_the_same(title):
    plan = read_plan((EXAMPLES / "hardened" / "plan.json").read_bytes(), file="plan.json")
    estate = Estate(planned(plan, now=NOW).snapshot())
    made = configured(Site("11111111-2222-4333-8444-555555555555"), standing(estate))
    found = {(r.type, _named(values_of(r.body))): values_of(r.body) for r, _ in made.resources}
    chosen = [r for r in plan.resources.values() if r.type in PAPER[title]]
    assert {resource.type for resource in chosen} == set(PAPER[title])
    for resource in chosen:
        own = found[resource.type, _named(resource.values)]
        written = set(resource.expressions) - NAMES_IN_MODULES
        assert written <= set(own), resource.address
        for name in written:
            said = resource.values.get(name)
            assert said is None or _plain(own[name]) == _plain(said), f"{resource.address} {name}"


def _named(values):
    """Return what tells a resource from others of its type, whatever Terraform calls it."""
    names = ("label", "bucket", "storage_configuration_name", "credentials_name", "config_name")
    found = next((values[n] for n in names if values.get(n)), "")
    return found or json.dumps(json.loads(values.get("assume_role_policy", "{}")), sort_keys=True)

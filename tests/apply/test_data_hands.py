"""Hands for what a metastore holds, scopes of secrets and workspaces, there and back over HTTP."""

from __future__ import annotations

import pytest

from apply.nowhere import Nowhere
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import hands
from lakewarden.apply.run import State, carry_out, look
from lakewarden.collect.doors import Reach
from lakewarden.errors import ApplyError
from lakewarden.plan.change import Change, Target
from lakewarden.simulate import server

HERE = "workspace/3001"
USUAL, READS = "BINDING_TYPE_READ_WRITE", "BINDING_TYPE_READ_ONLY"
TIMES = frozenset({"updated_at", "updated_by"})
"""What the service notes of every change."""


@pytest.fixture(scope="module")
def served():
    with server.start("high-security", aws=False) as simulation:
        yield simulation


@pytest.fixture(scope="module")
def doors(served):
    urls = {str(number): url for number, url in served.workspace_urls.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABRICKS_TOKEN", served.token)
        reach = Reach(served.account_host, served.account_id, workspace_urls=urls, use_aws=False)
        made = Doors(reach, urls)
        made.databricks("account")
        made.databricks(HERE)
        recipients = "/api/2.1/unity-catalog/recipients"
        body = {"name": "partner", "authentication_type": "TOKEN"}
        made.databricks(HERE).send("POST", recipients, body)
        yield made


def bound(workspace, kind=USUAL):
    return {"workspace_id": workspace, "binding_type": kind}


def binding(workspace):
    return f"/bindings/[workspace_id={workspace}]"


def changes(metastore):
    """Return changes of every kind, each as a plan would have it."""
    granted = "/privilege_assignments/[principal=hs-researchers]"
    rights = {"principal": "hs-researchers", "privileges": ["CREATE_CATALOG"]}
    allowed = "/ip_access_list/allowed_ip_addresses"
    outside = "/external_access_enabled"
    scope = "hs-research-instruments"
    yield ("catalog", HERE, "main"), {"/isolation_mode": "ISOLATED"}, {"/isolation_mode": "OPEN"}
    yield (
        ("workspace_bindings", HERE, "catalog/main"),
        {binding(3002): bound(3002)},
        {binding(3002): None},
    )
    yield (
        ("workspace_bindings", HERE, "catalog/main"),
        {binding(3002): bound(3002)},
        {binding(3002): bound(3002, READS)},
    )
    yield (
        ("workspace_bindings", HERE, "external_location/hs-research-landing"),
        {binding(3002): None},
        {binding(3002): bound(3002)},
    )
    yield ("grants", HERE, f"metastore/{metastore}"), {granted: None}, {granted: rights}
    yield ("recipient", HERE, "partner"), {allowed: None}, {allowed: ["192.0.2.0/24"]}
    yield ("metastore", "account", metastore), {outside: False}, {outside: True}
    yield ("metastore_assignment", "account", "3001"), {"/metastore_id": metastore}, None
    yield (
        ("secret_acl", HERE, f"{scope}/hs-automation"),
        {"/permission": "READ"},
        {"/permission": "WRITE"},
    )
    yield ("secret_acl", HERE, f"{scope}/hs-researchers"), None, {"/permission": "READ"}
    yield ("secret_acl", HERE, f"{scope}/hs-automation"), {"/permission": "READ"}, None


def document(doors, target):
    found = hands()[target.kind].read(doors, target)
    kept = found and {k: v for k, v in found.items() if k not in TIMES}
    rows = kept and kept.get("bindings")
    return {"bindings": sorted(rows, key=lambda r: r["workspace_id"])} if rows else kept


@pytest.mark.parametrize("number", range(11))
def test_there_and_back(served, doors, number):
    metastore = served.references["metastore.hs-us-east-1"]
    (kind, scope, key), before, after = list(changes(metastore))[number]
    change = Change(Target(kind, scope, key), key, before, after)
    found = document(doors, change.target)
    assert look(doors, change).state is State.BEFORE
    carry_out(doors, [change], Nowhere())
    assert document(doors, change.target) != found
    assert look(doors, change).state is State.AFTER
    carry_out(doors, [change.taking_back(before)], Nowhere())
    assert look(doors, change).state is State.BEFORE
    touched = {place.split("/")[1] for place in (before or {})}
    left = document(doors, change.target)
    assert _without(left, touched) == _without(found, touched)


def _without(document, names):
    return document and {name: v for name, v in document.items() if name not in names}


def test_every_change_is_tried(served):
    assert len(list(changes("m"))) == 11


def test_a_token_is_given_an_end_and_keeps_it(doors):
    hand, target = hands()["recipient"], Target("recipient", HERE, "partner")
    (token,) = hand.read(doors, target)["tokens"]
    where = f"/tokens/[id={token['id']}]/expiration_time"
    change = Change(target, "partner", {where: None}, {where: 4_102_444_800_000})
    carry_out(doors, [change], Nowhere())
    assert hand.read(doors, target)["tokens"][0]["expiration_time"] == 4_102_444_800_000
    with pytest.raises(ApplyError, match="was refused"):
        carry_out(doors, [change.taking_back({where: None})], Nowhere())


def test_a_binding_that_is_there_already_is_left_alone(doors):
    target = Target("workspace_bindings", HERE, "catalog/main")
    change = Change(target, "main", {binding(3001): None}, {binding(3001): {"workspace_id": 3001}})
    assert look(doors, change).state is State.AFTER


@pytest.mark.parametrize("kind", ["catalog", "recipient", "secret_acl", "metastore_assignment"])
def test_what_is_not_there_is_read_as_nothing(doors, kind):
    key = {"secret_acl": "hs-research-instruments/nobody", "metastore_assignment": "77"}
    scope = "account" if kind == "metastore_assignment" else HERE
    assert hands()[kind].read(doors, Target(kind, scope, key.get(kind, "nothing"))) is None

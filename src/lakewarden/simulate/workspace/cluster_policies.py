"""``/api/2.0/policies/clusters``: who may start what kind of cluster."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lakewarden.simulate import policy_language as language
from lakewarden.simulate.state import Json, Table, Workspace
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, missing, seeds
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.node_types import ALIASES
from lakewarden.simulate.workspace.policy_families import FAMILIES
from lakewarden.simulate.workspace.switches import personal_compute_delegated
from lakewarden.simulate.workspace.wire import route

KIND = "cluster-policies"
NAME_LENGTH = 100
PERSONAL = "personal-vm"
_FIELDS = (
    *("name", "description", "definition", "libraries", "max_clusters_per_user"),
    *("policy_family_id", "policy_family_definition_overrides"),
)


def policies(workspace: Workspace) -> Table:
    """The policies of a workspace; the default one of each family is there from the beginning.

    Everybody may use Personal Compute unless the account had delegated that decision by then.
    """
    table = workspace.table(KIND)
    if not table:
        for family_id in FAMILIES:
            made = _default(workspace, family_id)
            table[made["policy_id"]] = made
            permissions.register(workspace, KIND, made["policy_id"])
            if family_id == PERSONAL and not personal_compute_delegated(workspace):
                acl = workspace.table("acls")[f"{KIND}/{made['policy_id']}"]
                acl["entries"] = [{"group_name": "users", "permission_level": "CAN_USE"}]
    return table


def _default(workspace: Workspace, family_id: str) -> Json:
    digest = hashlib.sha256(f"{workspace.id}/{family_id}".encode()).hexdigest()
    name, description, _ = FAMILIES[family_id]
    return _finished(
        {
            "policy_id": digest[:16].upper(),
            "name": name,
            "description": description,
            "policy_family_id": family_id,
            "is_default": True,
            "created_at_timestamp": workspace.deployment.get("creation_time", 0),
        }
    )


def policy(request: Request, policy_id: str) -> Json:
    """One policy the caller may use; 404 when there is none, 403 when it is not the caller's."""
    found = policies(request.workspace).get(policy_id)
    if found is None:
        raise missing(f"Cluster policy '{policy_id}' does not exist")
    permissions.require(request, KIND, policy_id, "CAN_USE")
    return found


def definition_of(stored: Json) -> language.Definition:
    """The rules of a policy, with runtime aliases replaced by the versions they mean.

    Raises:
        ApiError: when the stored definition is malformed: such a policy satisfies no request.
    """
    try:
        definition = language.parse(stored["definition"])
    except language.MalformedDefinitionError as error:
        raise invalid(
            f"Requests for the policy {stored['policy_id']} cannot be satisfied due to the "
            "malformed policy definition. Please contact your administrator to correct the "
            f"policy: {error}"
        ) from error
    return language.resolve_versions(definition, ALIASES)


@route("GET", "/api/2.0/policies/clusters/list")
def list_policies(request: Request) -> Json:
    """Every policy the caller may use, in one answer (``sort_column``, ``sort_order``)."""
    by_name = request.query.get("sort_column") == "POLICY_NAME"
    key = "name" if by_name else "created_at_timestamp"
    usable = [
        stored
        for policy_id, stored in policies(request.workspace).items()
        if permissions.allowed(request.workspace, request.caller, KIND, policy_id, "CAN_USE")
    ]
    descending = request.query.get("sort_order", "ASC" if by_name else "DESC") == "DESC"
    return {"policies": sorted(usable, key=lambda stored: stored[key], reverse=descending)}


@route("GET", "/api/2.0/policies/clusters/get")
def get_policy(request: Request) -> Json:
    """One policy."""
    return policy(request, request.need_query("policy_id"))


@route("POST", "/api/2.0/policies/clusters/create", admin=True, audit="clusterPolicies.create")
def create_policy(request: Request) -> Json:
    """Make a policy."""
    policy_id = request.account.ids.hex(16).upper()
    made = {
        "policy_id": policy_id,
        "creator_user_name": request.caller.name,
        "created_at_timestamp": request.now,
        "is_default": False,
        **_wanted(request),
    }
    policies(request.workspace)[policy_id] = _finished(made)
    permissions.register(request.workspace, KIND, policy_id)
    return {"policy_id": policy_id}


@route("POST", "/api/2.0/policies/clusters/edit", admin=True, audit="clusterPolicies.edit")
def edit_policy(request: Request) -> None:
    """Replace everything about a policy but its id, creator and birthday."""
    stored = policy(request, request.need("policy_id"))
    wanted = _wanted(request, stored)
    if stored["is_default"] and wanted.get("policy_family_id") != stored["policy_family_id"]:
        raise invalid(
            "Changing policy_family_id is forbidden for default cluster policies. "
            "Clone this policy to change the policy family."
        )
    kept = {name: value for name, value in stored.items() if name not in _FIELDS}
    policies(request.workspace)[stored["policy_id"]] = _finished(kept | wanted)


@route("POST", "/api/2.0/policies/clusters/delete", admin=True, audit="clusterPolicies.delete")
def delete_policy(request: Request) -> None:
    """Remove a policy; its clusters run on and cannot be edited any more."""
    stored = policy(request, request.need("policy_id"))
    if stored["is_default"]:
        raise invalid("Default cluster policies cannot be deleted.")
    del policies(request.workspace)[stored["policy_id"]]
    permissions.forget(request.workspace, KIND, stored["policy_id"])


def _wanted(request: Request, stored: Json | None = None) -> Json:
    """The checked fields of a create or edit."""
    body: dict[str, Any] = {k: v for k, v in request.body.items() if k in _FIELDS and v is not None}
    name = request.need("name")
    taken = {p["name"] for p in policies(request.workspace).values() if p is not stored}
    if name in taken:
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Policy with name '{name}' already exists")
    if not 1 <= len(name) <= NAME_LENGTH:
        raise invalid("Policy name must have at most 100 characters")
    if body.get("max_clusters_per_user", 1) < 1:
        raise invalid("max_clusters_per_user must be greater than 0")
    family_id = body.get("policy_family_id")
    if family_id is not None and family_id not in FAMILIES:
        raise invalid(f"Policy family '{family_id}' does not exist")
    if family_id is not None and "definition" in body:
        raise invalid("Only one of definition and policy_family_id may be set")
    if family_id is None and "definition" not in body:
        raise invalid("Missing required field: definition")
    for field in ("definition", "policy_family_definition_overrides"):
        _check_text(body.get(field))
    return body


def _check_text(text: object) -> None:
    if text is None:
        return
    try:
        language.parse(text if isinstance(text, str) else json.dumps(text))
    except language.MalformedDefinitionError as error:
        raise invalid(f"Validation of the policy definition failed: {error}") from error
    if not isinstance(text, str):
        raise ApiError(400, "MALFORMED_REQUEST", "The policy definition must be passed as a string")


def _finished(stored: Json) -> Json:
    """A policy with the definition it inherits written out, as the API answers it."""
    if "policy_family_id" not in stored:
        return stored
    overrides = json.loads(stored.get("policy_family_definition_overrides") or "{}")
    merged = language.merge(FAMILIES[stored["policy_family_id"]][2], overrides)
    return stored | {"definition": json.dumps(merged)}


@seeds("policies")
def seed_policy(seed: Seed, item: Json) -> None:
    """``[[2001.policies]]``: a policy with its rules as tables, and its ACL.

    ``rules`` is the definition (or, with ``policy_family_id``, the overrides), ``use`` names blocks
    of ``[[policy_rules]]`` that go in first, ``permissions`` is an access control list. An entry
    called like a default policy edits it.
    """
    body = dict(item)
    acl, blocks = body.pop("permissions", None), seed.account.table("policy_rules")
    rules = {path: rule for name in body.pop("use", ()) for path, rule in blocks[name].items()}
    rules |= body.pop("rules", {})
    field = "policy_family_definition_overrides" if "policy_family_id" in body else "definition"
    body[field] = json.dumps(rules)
    existing = {p["name"]: p["policy_id"] for p in policies(seed.workspace).values()}
    if body["name"] in existing:
        policy_id = existing[body["name"]]
        seed.call("POST", "/api/2.0/policies/clusters/edit", body | {"policy_id": policy_id})
    else:
        policy_id = seed.call("POST", "/api/2.0/policies/clusters/create", body)["policy_id"]
    seed.remember("policy", body["name"], policy_id)
    if acl is not None:
        seed.call("PUT", f"/api/2.0/permissions/{KIND}/{policy_id}", {"access_control_list": acl})


@seeds("policy_rules")
def seed_rules(seed: Seed, item: Json) -> None:
    """``[[policy_rules]]``: a named block of rules for the policies of every workspace."""
    seed.account.table("policy_rules")[item["name"]] = item["rules"]

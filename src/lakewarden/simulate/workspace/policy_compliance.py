"""``/api/2.0/policies/clusters/*-compliance``: do clusters obey policies edited after them."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate import policy_language as language
from lakewarden.simulate.policy_rules import text_of
from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, invalid, page
from lakewarden.simulate.workspace.cluster_policies import definition_of, policies, policy
from lakewarden.simulate.workspace.cluster_spec import resolved, synthetic, unpooled
from lakewarden.simulate.workspace.clusters import cluster, of, respecify
from lakewarden.simulate.workspace.wire import route

REPORTED_MOST = 200


def violations_of(request: Request, spec: Json, cluster_type: str) -> dict[str, str]:
    """Where a specification contradicts its policy, by path: the first 200 contradictions."""
    stored = policies(request.workspace).get(spec.get("policy_id", ""))
    if stored is None:
        return {}
    found = language.check(definition_of(stored), spec, synthetic(spec, cluster_type))
    return {violation.path: str(violation) for violation in found[:REPORTED_MOST]}


def verdict(violations: dict[str, str]) -> Json:
    """The fields that answer whether something is compliant."""
    if not violations:
        return {"is_compliant": True}
    return {"is_compliant": False, "violations": violations}


@route("GET", "/api/2.0/policies/clusters/list-compliance")
def list_compliance(request: Request) -> Json:
    """The verdict on every cluster of a policy."""
    policy_id = policy(request, request.need_query("policy_id"))["policy_id"]
    rows = [
        {"cluster_id": body["cluster_id"]}
        | verdict(violations_of(request, resolved(body), "all-purpose"))
        for body in of(request.workspace, policy_id)
    ]
    return page(request, rows, "clusters", size=100, most=100)


@route("GET", "/api/2.0/policies/clusters/get-compliance")
def get_compliance(request: Request) -> Json:
    """The verdict on one cluster."""
    body = cluster(request, request.need_query("cluster_id"), "CAN_ATTACH_TO")
    return verdict(violations_of(request, resolved(body), "all-purpose"))


@route("POST", "/api/2.0/policies/clusters/enforce-compliance", audit="clusters.enforceCompliance")
def enforce_compliance(request: Request) -> Json:
    """Change a cluster as its policy demands, at once; or, ``validate_only``, tell how."""
    body = cluster(request, request.need("cluster_id"), "CAN_MANAGE")
    before = resolved(body)
    after = mended(request, before, "all-purpose")
    changes = differences(before, after)
    if changes and not request.body.get("validate_only"):
        respecify(request, body["cluster_id"], unpooled(after))
    return {"has_changes": bool(changes), "changes": changes}


def mended(request: Request, spec: Json, cluster_type: str) -> Json:
    """The nearest specification that obeys its policy; 400 when there is none without a choice."""
    stored = policies(request.workspace).get(spec.get("policy_id", ""))
    if stored is None:
        raise ApiError(400, "INVALID_STATE", "The cluster has no policy to comply with")
    try:
        return language.repair(
            definition_of(stored), spec, compute=lambda whole: synthetic(whole, cluster_type)
        )
    except language.ViolatedError as error:
        raise invalid(f"Compliance cannot be enforced: {error}") from error


def differences(before: Json, after: Json, prefix: str = "") -> list[Json]:
    """Changed leaves, each with its dotted field and both values as text."""
    changes = []
    for name in sorted(before.keys() | after.keys()):
        old, new, field = before.get(name), after.get(name), f"{prefix}{name}"
        if isinstance(old, dict) or isinstance(new, dict):
            changes += differences(_object(old), _object(new), f"{field}.")
        elif old != new:
            values = {"previous_value": old, "new_value": new}
            texts = {k: text_of(v) for k, v in values.items() if v is not None}
            changes.append({"field": field, **texts})
    return changes


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}

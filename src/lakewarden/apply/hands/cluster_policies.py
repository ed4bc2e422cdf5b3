"""Cluster policies: `/api/2.0/policies/clusters`, replaced as a whole."""

from __future__ import annotations

import json
from typing import Any, Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.fields import chosen
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_GET: Final = "/api/2.0/policies/clusters/get"
_RULES: Final = ("definition", "policy_family_definition_overrides")
_FIELDS: Final = (
    *("name", "description", "definition", "libraries", "max_clusters_per_user"),
    *("policy_family_id", "policy_family_definition_overrides"),
)


class ClusterPolicy(Hand):
    """One policy; the key of the target is its id.

    Its document is the answer of the API with the rules parsed: `/definition/num_workers` is the
    rule on that attribute. A policy of a family has its own rules in
    `/policy_family_definition_overrides`, and its definition is what comes of both.
    """

    kind = "cluster_policy"
    calls = (f"GET {_GET}", "POST /api/2.0/policies/clusters/edit")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the policy with its rules parsed; None when it is gone."""
        answer = maybe(doors.databricks(target.scope), _GET, {"policy_id": target.key})
        if answer is None:
            return None
        return {**answer, **{name: _parsed(answer[name]) for name in _RULES if answer.get(name)}}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Replace the policy; what its family says is not written."""
        body: dict[str, Any] = {"policy_id": target.key, **chosen(wanted, _FIELDS)}
        if body.get("policy_family_id"):
            body.pop("definition", None)
        else:
            body.setdefault("definition", {})  # without any rule it is a definition all the same
        if not body.get(_RULES[1]):
            body.pop(_RULES[1], None)
        body |= {name: json.dumps(body[name]) for name in _RULES if name in body}
        doors.databricks(target.scope).send("POST", "/api/2.0/policies/clusters/edit", body)


def _parsed(text: Any) -> dict[str, Any]:
    try:
        rules = json.loads(text)
    except (TypeError, ValueError):
        raise CallFailedError(Cause.MALFORMED, "the rules of the policy are not JSON") from None
    if not isinstance(rules, dict):
        raise CallFailedError(Cause.MALFORMED, "the rules of the policy are not an object")
    return rules


HANDS = (ClusterPolicy(),)

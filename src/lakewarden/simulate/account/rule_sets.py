"""``/api/2.0/preview/accounts/{account}/access-control``: roles and who was granted them."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import (
    ACCOUNT,
    WORKSPACE,
    ApiError,
    Request,
    Routes,
    Seed,
    invalid,
    seeds,
)

_ROLES = {
    "budgetPolicies": ("roles/budgetPolicy.manager", "roles/budgetPolicy.user"),
    "groups": ("roles/group.manager", "roles/group.assumer"),
    "ruleSets": ("roles/billing.admin", "roles/marketplace.admin", "roles/tagPolicy.creator"),
    "servicePrincipals": ("roles/servicePrincipal.manager", "roles/servicePrincipal.user"),
    "tagPolicies": ("roles/tagPolicy.assigner", "roles/tagPolicy.manager"),
}


def _kind(request: Request, name: str) -> str:
    """What a rule set (or resource) is about: the path element after the account."""
    below = name.removeprefix(f"accounts/{request.account.id}/")
    kind = below.partition("/")[0]
    if below == name or kind not in _ROLES:
        raise invalid(f"Invalid rule set name: {name}")
    return kind


def _rule_set(request: Request, name: str) -> Json:
    _kind(request, name)
    empty = {"name": name, "etag": request.account.ids.hex(24), "grant_rules": []}
    return request.account.table("rule-sets").setdefault(name, empty)


def _serve(routes: Routes, base: str) -> None:
    route = routes.route

    @route("GET", f"{base}/rule-sets", admin=True)
    def get(request: Request) -> Json:
        return _rule_set(request, request.need_query("name"))

    @route("PUT", f"{base}/rule-sets", admin=True, audit="accountsAccessControl.updateRuleSet")
    def update(request: Request) -> Json:
        kept = _rule_set(request, request.need("name"))
        wanted = request.need("rule_set")
        if wanted.get("etag") != kept["etag"]:
            raise ApiError(409, "RESOURCE_CONFLICT", f"The etag of {kept['name']} is stale")
        roles = _ROLES[_kind(request, kept["name"])]
        unknown = [r["role"] for r in wanted.get("grant_rules", []) if r["role"] not in roles]
        if unknown:
            raise invalid(f"Roles can not be granted here: {', '.join(unknown)}")
        kept["grant_rules"] = wanted.get("grant_rules", [])
        kept["etag"] = request.account.ids.hex(24)
        return kept

    @route("GET", f"{base}/assignable-roles", admin=True)
    def assignable(request: Request) -> Json:
        resource = request.need_query("resource")
        bare = resource == f"accounts/{request.account.id}"
        kind = "ruleSets" if bare else _kind(request, resource)
        return {"roles": [{"name": role} for role in _ROLES[kind]]}


_serve(ACCOUNT, "/api/2.0/preview/accounts/{account}/access-control")
_serve(WORKSPACE, "/api/2.0/preview/accounts/access-control")


@seeds("rule_sets")
def seed_rule_set(seed: Seed, item: Json) -> None:
    """``[[rule_sets]]``: ``name`` below the account (``ruleSets/default``) and ``grant_rules``."""
    name = f"accounts/{seed.account.id}/{item['name']}"
    base = "/api/2.0/preview/accounts/{account}/access-control/rule-sets"
    kept = seed.call("GET", f"{base}?name={name}")
    rule_set = {"name": name, "etag": kept["etag"], "grant_rules": item["grant_rules"]}
    seed.call("PUT", base, {"name": name, "rule_set": rule_set})

"""Drawn users, service principals and nested groups."""

from __future__ import annotations

from lakewarden.simulate.generated.draw import Draw

_SCIM = "/api/2.0/preview/scim/v2"
_RIGHTS = ("allow-cluster-create", "databricks-sql-access", "workspace-access")


def _entitlements(draw: Draw) -> list[dict[str, str]]:
    return [{"value": right} for right in _RIGHTS if draw.maybe(0.5)]


def user(draw: Draw, _: int) -> None:
    """A user."""
    name = f"{draw.plain('user')}@generated.example"
    body = {"userName": name, "displayName": draw.name(), "entitlements": _entitlements(draw)}
    made = draw.call("POST", f"{_SCIM}/Users", body)
    draw.keep("member", made["id"])
    draw.keep("user", name)
    draw.holders.append({"user_name": name})


def service_principal(draw: Draw, _: int) -> None:
    """A service principal."""
    body = {"displayName": draw.name(), "entitlements": _entitlements(draw)}
    made = draw.call("POST", f"{_SCIM}/ServicePrincipals", body)
    draw.keep("member", made["id"])
    draw.keep("service principal", made["applicationId"])
    draw.holders.append({"service_principal_name": made["applicationId"]})


def group(draw: Draw, _: int) -> None:
    """A group of the workspace, of people and of groups made before it."""
    known = draw.made["member"]
    members = draw.rng.sample(known, min(draw.rng.randint(0, 6), len(known)))
    body = {
        "displayName": draw.name(),
        "members": [{"value": member} for member in members],
        "entitlements": _entitlements(draw),
    }
    made = draw.call("POST", f"{_SCIM}/Groups", body)
    draw.keep("member", made["id"])
    draw.holders.append({"group_name": body["displayName"]})

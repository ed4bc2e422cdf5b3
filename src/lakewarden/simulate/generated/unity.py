"""Drawn metadata of Unity Catalog, secrets, and switches of the workspace."""

from __future__ import annotations

from lakewarden.simulate.generated.draw import Draw

_UC = "/api/2.1/unity-catalog"
_ACCOUNT = "/api/2.0/accounts/{account}"
_KEYS = ("enableWebTerminal", "enableDcs", "enableJobsEmailsV2", "enableGp3")


def metastore(draw: Draw, _: int) -> None:
    """A metastore, where the workspace has none."""
    assigned = draw.workspace.account.table("metastore-assignments")
    if str(draw.workspace.id) not in assigned:
        info = {"metastore_info": {"name": draw.plain("metastore")}}
        made = draw.call("POST", f"{_ACCOUNT}/metastores", info)["metastore_info"]
        path = f"{_ACCOUNT}/workspaces/{draw.workspace.id}/metastores/{made['metastore_id']}"
        draw.call("POST", path, {"metastore_assignment": {}})


def credential(draw: Draw, _: int) -> None:
    """A storage credential."""
    name = draw.plain("credential")
    role = {"role_arn": f"arn:aws:iam::123456789012:role/{name}"}
    draw.call("POST", f"{_UC}/storage-credentials", {"name": name, "aws_iam_role": role})
    draw.keep("credential", name)


def location(draw: Draw, _: int) -> None:
    """An external location."""
    name = draw.plain("location")
    body = {
        "name": name,
        "url": f"s3://generated/{name}",
        "credential_name": draw.pick("credential"),
        "comment": draw.name(),
    }
    draw.call("POST", f"{_UC}/external-locations", body)
    _grant(draw, "external_location", name, ("READ_FILES", "WRITE_FILES"))


def catalog(draw: Draw, _: int) -> None:
    """A catalog."""
    name = draw.plain("catalog").replace("-", "_")
    draw.call("POST", f"{_UC}/catalogs", {"name": name, "comment": draw.name()})
    draw.keep("catalog", name)
    _grant(draw, "catalog", name, ("USE_CATALOG", "USE_SCHEMA", "SELECT"))


def schema(draw: Draw, _: int) -> None:
    """A schema."""
    name = draw.plain("schema").replace("-", "_")
    body = {"name": name, "catalog_name": draw.pick("catalog"), "comment": draw.name()}
    made = draw.call("POST", f"{_UC}/schemas", body)["full_name"]
    _grant(draw, "schema", made, ("USE_SCHEMA", "SELECT", "MODIFY"))


def _grant(draw: Draw, kind: str, name: str, privileges: tuple[str, ...]) -> None:
    changes = [
        {"principal": next(iter(holder.values())), "add": [draw.rng.choice(privileges)]}
        for holder in draw.rng.sample(draw.holders, min(2, len(draw.holders)))
    ]
    draw.call("PATCH", f"{_UC}/permissions/{kind}/{name}", {"changes": changes})


def scope(draw: Draw, _: int) -> None:
    """A secret scope with secrets and grants."""
    name = {"scope": draw.plain("scope")}
    draw.call("POST", "/api/2.0/secrets/scopes/create", name)
    for _ in range(draw.rng.randint(0, 4)):
        secret = {"key": draw.plain("key"), "string_value": draw.plain("not-a-secret")}
        draw.call("POST", "/api/2.0/secrets/put", name | secret)
    for holder in draw.rng.sample(draw.holders, min(draw.rng.randint(0, 3), len(draw.holders))):
        level = draw.rng.choice(("READ", "WRITE", "MANAGE"))
        acl = {"principal": next(iter(holder.values())), "permission": level}
        draw.call("POST", "/api/2.0/secrets/acls/put", name | acl)


def switch(draw: Draw, place: int) -> None:
    """A key of the workspace's switches."""
    value = "true" if draw.maybe(0.5) else "false"
    draw.call("PATCH", "/api/2.0/workspace-conf", {_KEYS[place % len(_KEYS)]: value})


def ip_list(draw: Draw, place: int) -> None:
    """A list of addresses, where the tier has them."""
    if draw.enterprise:
        network = f"203.0.{place % 250}.0/24"
        body = {"label": draw.name(), "list_type": "ALLOW", "ip_addresses": [network]}
        draw.call("POST", "/api/2.0/ip-access-lists", body)

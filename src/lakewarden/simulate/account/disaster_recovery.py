"""``/api/disaster-recovery/v1/accounts/{account}``: failover groups and stable URLs."""

from __future__ import annotations

from datetime import UTC, datetime

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import (
    ACCOUNT,
    ApiError,
    Request,
    Seed,
    invalid,
    missing,
    page,
    seeds,
)

route = ACCOUNT.route

_BASE = "/api/disaster-recovery/v1/accounts/{account}"
_GROUPS = f"{_BASE}/failover-groups"
_URLS = f"{_BASE}/stable-urls"


def _iso(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).isoformat().replace("+00:00", "Z")


def _one(request: Request, kind: str) -> Json:
    found = request.account.table(kind).get(request.params["id"])
    if found is None:
        raise missing(f"{kind}/{request.params['id']} does not exist")
    return found


def _name(request: Request, kind: str, new_id: str) -> str:
    if new_id in request.account.table(kind):
        raise ApiError(409, "ALREADY_EXISTS", f"{kind}/{new_id} already exists")
    return f"accounts/{request.account.id}/{kind}/{new_id}"


def _check_etag(group: Json, etag: str | None) -> None:
    if etag and etag != group["etag"]:
        raise ApiError(409, "ABORTED", f"The etag of {group['name']} is stale")


@route("GET", _GROUPS, admin=True)
def list_groups(request: Request) -> Json:
    """Every failover group."""
    groups = request.account.table("failover-groups").values()
    return page(request, [_replicated(request, group) for group in groups], "failover_groups")


@route("GET", _GROUPS + "/{id}", admin=True)
def get_group(request: Request) -> Json:
    """One failover group."""
    return _replicated(request, _one(request, "failover-groups"))


def _replicated(request: Request, group: Json) -> Json:
    """Bring a group up to this moment, unless it names a catalog that does not exist."""
    account = request.account
    catalogs = {
        name for m in account.table("metastores") for name in account.table(f"catalogs@{m}")
    }
    named = group.get("unity_catalog_assets", {}).get("catalogs", ())
    blocked = any(catalog["name"] not in catalogs for catalog in named)
    group["has_replication_point_blocking_errors"] = blocked
    if not blocked:
        group["replication_point"] = _iso(request.now)
    return group


@route("POST", _GROUPS, admin=True, audit="accountsManager.createFailoverGroup")
def create_group(request: Request) -> Json:
    """Begin to replicate workspaces and catalogs; the copy is complete at once."""
    group_id = request.need_query("failover_group_id")
    regions, primary = request.need("regions"), request.need("initial_primary_region")
    if primary not in regions:
        raise invalid(f"initial_primary_region {primary} is not one of the regions")
    group = {
        **request.body,
        "name": _name(request, "failover-groups", group_id),
        "effective_primary_region": primary,
        "state": "ACTIVE",
        "etag": request.account.ids.hex(24),
        "create_time": _iso(request.now),
        "update_time": _iso(request.now),
        "replication_point": _iso(request.now),
        "has_replication_point_blocking_errors": False,
        "initial_replication_progress": {"completed": True},
    }
    if not request.flag("validate_only"):
        request.account.table("failover-groups")[group_id] = group
    return group


@route("PATCH", _GROUPS + "/{id}", admin=True, audit="accountsManager.updateFailoverGroup")
def update_group(request: Request) -> Json:
    """Change what a failover group replicates."""
    group = _one(request, "failover-groups")
    _check_etag(group, request.body.get("etag"))
    changeable = {"unity_catalog_assets", "workspace_sets"}
    mask = {name.partition(".")[0] for name in request.need_query("update_mask").split(",")}
    for key in changeable & mask & set(request.body):
        group[key] = request.body[key]
    group |= {"etag": request.account.ids.hex(24), "update_time": _iso(request.now)}
    return group


@route("DELETE", _GROUPS + "/{id}", admin=True, audit="accountsManager.deleteFailoverGroup")
def delete_group(request: Request) -> None:
    """Stop replicating."""
    _check_etag(_one(request, "failover-groups"), request.query.get("etag"))
    del request.account.table("failover-groups")[request.params["id"]]


@route(
    "POST", _GROUPS + "/{id}/failover", admin=True, audit="accountsManager.failoverFailoverGroup"
)
def fail_over(request: Request) -> Json:
    """Make another region the primary one; done when the call returns."""
    group, target = _one(request, "failover-groups"), request.need("target_primary_region")
    _check_etag(group, request.body.get("etag"))
    if target not in group["regions"] or target == group["effective_primary_region"]:
        raise invalid(f"{target} is not another region of the group")
    if request.need("failover_type") != "FORCED":
        raise invalid("failover_type must be FORCED")
    group |= {"effective_primary_region": target, "etag": request.account.ids.hex(24)}
    return group


@route("GET", _URLS, admin=True)
def list_urls(request: Request) -> Json:
    """Every stable URL."""
    return page(request, request.account.table("stable-urls").values(), "stable_urls")


@route("GET", _URLS + "/{id}", admin=True)
def get_url(request: Request) -> Json:
    """One stable URL."""
    return _one(request, "stable-urls")


@route("POST", _URLS, admin=True, audit="accountsManager.createStableUrl")
def create_url(request: Request) -> Json:
    """Reserve an address that follows the primary workspace."""
    url_id, workspace_id = request.need_query("stable_url_id"), request.need("initial_workspace_id")
    if str(workspace_id) not in request.account.table("workspaces"):
        raise missing(f"Workspace {workspace_id} does not exist")
    url = {
        "name": _name(request, "stable-urls", url_id),
        "initial_workspace_id": str(workspace_id),
        "effective_workspace_id": str(workspace_id),
        "stable_workspace_id": str(request.account.ids.number()),
        "url": f"https://{url_id}.cloud.databricks.com",
    }
    request.account.table("stable-urls")[url_id] = url
    return url


@route("DELETE", _URLS + "/{id}", admin=True, audit="accountsManager.deleteStableUrl")
def delete_url(request: Request) -> None:
    """Give an address up, unless a failover group moves it."""
    url, groups = _one(request, "stable-urls"), request.account.table("failover-groups").values()
    for group in groups:
        sets = group.get("workspace_sets", ())
        if any(url["name"] in chosen.get("stable_url_names", ()) for chosen in sets):
            raise ApiError(400, "INVALID_STATE", f"{url['name']} is in use by {group['name']}")
    del request.account.table("stable-urls")[request.params["id"]]


@seeds("failover_groups")
def seed_group(seed: Seed, item: Json) -> None:
    """``[[failover_groups]]``: a group of the API, with its ``failover_group_id``."""
    body = {name: value for name, value in item.items() if name != "failover_group_id"}
    seed.call("POST", f"{_GROUPS}?failover_group_id={item['failover_group_id']}", body)

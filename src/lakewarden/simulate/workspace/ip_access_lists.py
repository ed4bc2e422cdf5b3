"""IP access lists of workspaces (``/api/2.0/ip-access-lists``) and account, and their verdict."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from lakewarden.simulate.state import Json, Realm, Workspace
from lakewarden.simulate.web import (
    ACCOUNT,
    WORKSPACE,
    ApiError,
    Request,
    Routes,
    Seed,
    invalid,
    missing,
    seeds,
)

MOST_VALUES = 1000
_PRIVATE = [
    ipaddress.ip_network(text)  # the ranges of RFC 1918 and of carrier-grade translation
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
]
_FEATURE = "IP access list"


def switched_on(realm: Realm) -> bool:
    """Whether lists are enforced: the conf key of a workspace, the typed setting of the account."""
    if isinstance(realm, Workspace):
        return realm.conf.get("enableIpAccessLists", "false").lower() == "true"
    setting = realm.table("settings").get("acct_ip_acl_enable", {})
    return bool(setting.get("acct_ip_acl_enable", {}).get("value"))


def lets_through(lists: Iterable[Json], address: str) -> bool:
    """The verdict on an address: block lists first, then allow lists; without any, all may come."""
    enabled = [entry for entry in lists if entry["enabled"]]
    allow = [entry for entry in enabled if entry["list_type"] == "ALLOW"]
    if any(_covers(e, address) for e in enabled if e["list_type"] == "BLOCK"):
        return False
    return not allow or any(_covers(entry, address) for entry in allow)


def through_endpoint(realm: Realm, address: str) -> bool:
    """Whether a call comes over front-end PrivateLink, where IP access lists have no say.

    A private address at a workspace with private access settings counts as having come through an
    endpoint.
    """
    behind = isinstance(realm, Workspace) and "private_access_settings_id" in realm.deployment
    return behind and any(ipaddress.ip_address(address) in network for network in _PRIVATE)


def blocked(realm: Realm, address: str) -> bool:
    """Whether a realm turns an address away."""
    if not switched_on(realm) or through_endpoint(realm, address):
        return False
    return not lets_through(realm.table("ip_lists").values(), address)


def _covers(entry: Json, address: str) -> bool:
    client = ipaddress.ip_address(address)
    return any(
        client in ipaddress.ip_network(value, strict=False) for value in entry["ip_addresses"]
    )


def _networks(values: Any) -> list[str]:
    if not isinstance(values, list) or not values:
        raise invalid("ip_addresses must name at least one address or CIDR block")
    for value in values:
        try:
            ipaddress.IPv4Network(value, strict=False)
        except ValueError:
            raise invalid(f"{value} is not an IPv4 address or CIDR block") from None
    return list(values)


def _realm(request: Request) -> Realm:
    return request.place or request.account


def _entry(request: Request) -> Json:
    entry = _realm(request).table("ip_lists").get(request.params["id"])
    if entry is None:
        raise missing(f"IP access list {request.params['id']} does not exist")
    return entry


def _draft(request: Request, base: Json) -> Json:
    """The entry as a body would make it; refused when it is malformed."""
    body = request.body or {}
    draft = dict(base)
    if "label" in body:
        draft["label"] = request.need("label")
    if "list_type" in body:
        if body["list_type"] not in {"ALLOW", "BLOCK"}:
            raise invalid(f"list_type must be ALLOW or BLOCK, got {body['list_type']}")
        draft["list_type"] = body["list_type"]
    if "ip_addresses" in body:
        draft["ip_addresses"] = _networks(body["ip_addresses"])
    if "enabled" in body:
        draft["enabled"] = bool(body["enabled"])
    return draft | {
        "address_count": len(draft["ip_addresses"]),
        "updated_at": request.now,
        "updated_by": int(request.caller.id),
    }


def _store(request: Request, draft: Json) -> Json:
    realm = _realm(request)
    table = realm.table("ip_lists")
    after = {**table, draft["list_id"]: draft}
    if sum(entry["address_count"] for entry in after.values()) > MOST_VALUES:
        request.audit("accounts.ipAccessListQuotaExceeded", {"userId": request.caller.id})
        message = f"There can be at most {MOST_VALUES} IP addresses or CIDR blocks in all lists"
        raise ApiError(400, "QUOTA_EXCEEDED", message)
    guard(realm, after.values(), request.caller.address, on=switched_on(realm))
    table[draft["list_id"]] = draft
    request.audit_params.update(_audit(request, draft["list_id"]))
    return {"ip_access_list": draft}


def _audit(request: Request, list_id: str) -> dict[str, str]:
    return {"ipAccessListId": list_id, "userId": request.caller.id}


def guard(realm: Realm, lists: Iterable[Json], address: str, *, on: bool) -> None:
    """Refuse a change after which the caller's own address would be turned away."""
    if on and not through_endpoint(realm, address) and not lets_through(lists, address):
        message = f"Your current IP {address} would be blocked by the IP access lists"
        raise ApiError(400, "INVALID_STATE", message)


def _serve(routes: Routes, path: str) -> None:
    route = routes.route

    @route("GET", path, admin=True, feature=_FEATURE)
    def listing(request: Request) -> Json:
        return {"ip_access_lists": list(_realm(request).table("ip_lists").values())}

    @route("GET", path + "/{id}", admin=True, feature=_FEATURE)
    def get(request: Request) -> Json:
        return {"ip_access_list": _entry(request)}

    @route(
        "POST",
        path,
        admin=True,
        feature=_FEATURE,
        audit="accounts.createIpAccessList",
        audit_keys=(),
    )
    def create(request: Request) -> Json:
        for name in ("label", "list_type", "ip_addresses"):
            request.need(name)
        base = {
            "list_id": request.account.ids.uuid(),
            "enabled": True,
            "created_at": request.now,
            "created_by": int(request.caller.id),
        }
        return _store(request, _draft(request, base))

    @route(
        "PUT",
        path + "/{id}",
        admin=True,
        feature=_FEATURE,
        audit="accounts.updateIpAccessList",
        audit_keys=(),
    )
    def replace(request: Request) -> Json:
        for name in ("label", "list_type", "ip_addresses"):
            request.need(name)
        return _store(request, _draft(request, _entry(request)))

    @route(
        "PATCH",
        path + "/{id}",
        admin=True,
        feature=_FEATURE,
        audit="accounts.updateIpAccessList",
        audit_keys=(),
    )
    def update(request: Request) -> Json:
        return _store(request, _draft(request, _entry(request)))

    @route(
        "DELETE",
        path + "/{id}",
        admin=True,
        feature=_FEATURE,
        audit="accounts.deleteIpAccessList",
        audit_keys=(),
    )
    def delete(request: Request) -> None:
        entry = _entry(request)
        realm = _realm(request)
        rest = [e for i, e in realm.table("ip_lists").items() if i != entry["list_id"]]
        guard(realm, rest, request.caller.address, on=switched_on(realm))
        request.audit_params.update(_audit(request, entry["list_id"]))
        del realm.table("ip_lists")[entry["list_id"]]


_serve(WORKSPACE, "/api/2.0/ip-access-lists")
_serve(WORKSPACE, "/api/2.0/preview/ip-access-lists")
_serve(ACCOUNT, "/api/2.0/accounts/{account}/ip-access-lists")


@seeds("ip_access_lists")
def seed_list(seed: Seed, item: Json) -> None:
    """``[[ip_access_lists]]`` (account) and ``[[2001.ip_access_lists]]``: an API body."""
    path = (
        "/api/2.0/ip-access-lists" if seed.bound else "/api/2.0/accounts/{account}/ip-access-lists"
    )
    body = {key: value for key, value in item.items() if key != "enabled"}
    made = seed.call("POST", path, body)["ip_access_list"]
    if "enabled" in item:
        seed.call("PATCH", f"{path}/{made['list_id']}", {"enabled": item["enabled"]})
    where = f"{seed.workspace.id}/" if seed.bound else ""
    seed.remember("ip_access_list", where + item["label"], made["list_id"])

"""OAuth secrets of service principals, and token federation policies of them and the account."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from lakewarden.simulate.crud import Collection, serve
from lakewarden.simulate.state import Json, Table
from lakewarden.simulate.web import (
    ACCOUNT,
    WORKSPACE,
    Request,
    Routes,
    Seed,
    invalid,
    missing,
    page,
    seeds,
)
from lakewarden.simulate.workspace import identity

_BASE = "/api/2.0/accounts/{account}"
_PRINCIPAL = "servicePrincipals/{principal}"
_LONGEST = timedelta(days=730)


def _iso(now: int, later: timedelta = timedelta()) -> str:
    moment = datetime.fromtimestamp(now / 1000, UTC) + later
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _principal_id(request: Request) -> str:
    wanted = request.params["principal"]
    if wanted not in request.account.table("servicePrincipals"):
        raise missing(f"Service principal {wanted} does not exist")
    return wanted


def _secrets(request: Request) -> Table:
    return request.account.table(f"secrets/{_principal_id(request)}")


def _lifetime(text: Any) -> timedelta:
    """A lifetime such as ``63072000s``; absent means the longest."""
    if not text:
        return _LONGEST
    digits = str(text).removesuffix("s")
    if not digits.isdigit() or not 0 < int(digits) <= _LONGEST.total_seconds():
        raise invalid(f"lifetime {text} is not between 1s and 730 days")
    return timedelta(seconds=int(digits))


def _serve_secrets(routes: Routes, path: str) -> None:
    route = routes.route
    service = "servicePrincipalCredentials"

    @route("GET", path, admin=True, audit=f"{service}.list")
    def listing(request: Request) -> Json:
        return page(request, _secrets(request).values(), "secrets", size=100)

    @route("POST", path, admin=True, audit=f"{service}.create")
    def create(request: Request) -> Json:
        secrets, value = _secrets(request), f"dose{request.account.ids.hex(32)}"
        lifetime = _lifetime((request.body or {}).get("lifetime"))
        entry: Json = {
            "id": request.account.ids.uuid(),
            "secret_hash": hashlib.sha256(value.encode()).hexdigest(),
            "status": "ACTIVE",
            "create_time": _iso(request.now),
            "update_time": _iso(request.now),
            "expire_time": _iso(request.now, lifetime),
        }
        secrets[entry["id"]] = entry
        request.account.table("clientSecrets")[value] = {
            "principal_id": request.params["principal"],
            "secret_id": entry["id"],
            "expires_ms": request.now + int(lifetime.total_seconds() * 1000),
        }
        return entry | {"secret": value}

    @route("DELETE", path + "/{id}", admin=True, audit=f"{service}.delete")
    def delete(request: Request) -> None:
        secrets, secret_id = _secrets(request), request.params["id"]
        if secrets.pop(secret_id, None) is None:
            raise missing(f"Secret {secret_id} does not exist")
        values = request.account.table("clientSecrets")
        for value in [v for v, entry in values.items() if entry.get("secret_id") == secret_id]:
            del values[value]


_serve_secrets(ACCOUNT, f"{_BASE}/{_PRINCIPAL}/credentials/secrets")
_serve_secrets(WORKSPACE, f"/api/2.0/accounts/{_PRINCIPAL}/credentials/secrets")


class _Policies(Collection):
    """Federation policies, kept apart for each service principal."""

    def realm(self, request: Request) -> Any:
        """The account's policies, or one service principal's."""
        if "principal" not in request.params:
            return request.account
        return _Folder(request.account.table(f"federationPolicies/{_principal_id(request)}"))


class _Folder:
    """One table that answers to every name."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def table(self, _: str) -> Table:
        """The table."""
        return self._table


def _policy_id(request: Request, _: Json) -> str:
    return request.query.get("policy_id") or request.account.ids.uuid()


def _fill_policy(request: Request, body: Json) -> Json:
    times = {"create_time": _iso(request.now), "update_time": _iso(request.now)}
    owner = f"accounts/{request.account.id}"
    if "principal" in request.params:
        owner += f"/servicePrincipals/{request.params['principal']}"
    name = f"{owner}/federationPolicies/{body['policy_id']}"
    return {"name": name, "uid": request.account.ids.uuid()} | times | body


def _policies(path: str) -> Collection:
    return _Policies(
        path=path,
        table="federationPolicies",
        id_key="policy_id",
        label="Federation policy",
        required=("oidc_policy",),
        audit=(
            "accounts.createFederationPolicy",
            "accounts.updateFederationPolicy",
            "accounts.deleteFederationPolicy",
        ),
        envelope="policies",
        new_id=_policy_id,
        fill=_fill_policy,
    )


ACCOUNT_POLICIES = _policies(f"{_BASE}/federationPolicies")
PRINCIPAL_POLICIES = _policies(f"{_BASE}/{_PRINCIPAL}/federationPolicies")
for _collection in (ACCOUNT_POLICIES, PRINCIPAL_POLICIES):
    serve(ACCOUNT, _collection, "list", "get", "create", "patch", "delete")


@seeds("service_principal_secrets")
def seed_secret(seed: Seed, item: Json) -> None:
    """``[[service_principal_secrets]]``: ``principal``, ``created`` (ms), ``lifetime_days``."""
    path = f"{_BASE}/servicePrincipals/{_id(seed, item)}/credentials/secrets"
    body = {"lifetime": f"{item['lifetime_days'] * 86_400}s"}
    seed.call("POST", path, body, at=item["created"])


@seeds("federation_policies")
def seed_policy(seed: Seed, item: Json) -> None:
    """``[[federation_policies]]``: an API body, ``policy_id``, perhaps ``principal`` (a name)."""
    policy_id = item.pop("policy_id")
    owner = f"/servicePrincipals/{_id(seed, item)}" if "principal" in item else ""
    item.pop("principal", None)
    seed.call("POST", f"{_BASE}{owner}/federationPolicies?policy_id={policy_id}", item)


def _id(seed: Seed, item: Json) -> str:
    found = identity.named(seed.account, item["principal"])
    return str(found[1]["id"]) if found else str(item["principal"])

"""Discovery and OAuth: well-known documents and the token endpoints of both personas."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs

from lakewarden.simulate.state import Bearer, Json
from lakewarden.simulate.web import ACCOUNT, WORKSPACE, Reply, Request
from lakewarden.simulate.workspace import identity

LIFETIME_SECONDS = 3600


def _issuer(request: Request) -> str:
    if request.place is None:
        return f"{request.account.url}/oidc/accounts/{request.account.id}"
    return f"{request.place.url}/oidc"


@ACCOUNT.route("GET", "/.well-known/databricks-config", open_=True)
@WORKSPACE.route("GET", "/.well-known/databricks-config", open_=True)
def host_metadata(request: Request) -> Json:
    """What a client should know about the host before it signs in."""
    known: Json = {
        "oidc_endpoint": _issuer(request),
        "account_id": request.account.id,
        "cloud": "AWS",
        "host_type": "account" if request.place is None else "workspace",
    }
    return known if request.place is None else known | {"workspace_id": str(request.place.id)}


@ACCOUNT.route("GET", "/oidc/accounts/{account}/.well-known/oauth-authorization-server", open_=True)
@WORKSPACE.route("GET", "/oidc/.well-known/oauth-authorization-server", open_=True)
def authorization_server(request: Request) -> Json:
    """The OAuth server's endpoints."""
    issuer = _issuer(request)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/v1/authorize",
        "token_endpoint": f"{issuer}/v1/token",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ["all-apis"],
    }


@ACCOUNT.route("POST", "/oidc/accounts/{account}/v1/token", open_=True)
@WORKSPACE.route("POST", "/oidc/v1/token", open_=True)
def token(request: Request) -> Json | Reply:
    """An access token for a service principal's client id and secret."""
    form = {key: values[0] for key, values in parse_qs(request.raw.decode()).items()}
    if form.get("grant_type") != "client_credentials":
        return _refusal("unsupported_grant_type")
    client_id, secret = _credentials(request, form)
    params = {"client_id": client_id, "grant_type": "client_credentials"}
    request.audit("accounts.mintOAuthToken", params)
    held = request.account.table("clientSecrets").get(secret, {})
    found = identity.find(request.account, str(held.get("principal_id")))
    if found is None or found[1]["applicationId"] != client_id:
        return _refusal("invalid_client")
    if held.get("expires_ms", request.now) < request.now or not found[1]["active"]:
        return _refusal("invalid_client")
    value = f"eyJ{request.account.ids.hex(60)}"
    expires = request.now + LIFETIME_SECONDS * 1000
    request.account.bearers[value] = Bearer(found[1]["id"], "oauth", expires_ms=expires)
    return {
        "access_token": value,
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "scope": form.get("scope", "all-apis"),
    }


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _refusal(error: str) -> Reply:
    return Reply({"error": error, "error_description": "Client authentication failed"}, 401)


@WORKSPACE.route("GET", "/login.html", open_=True)
def login_page(_: Request) -> Reply:
    """The page that a browser, or a client turned away by PrivateLink, ends up on."""
    return Reply("<html><title>Databricks Sign In</title></html>", media_type="text/html")

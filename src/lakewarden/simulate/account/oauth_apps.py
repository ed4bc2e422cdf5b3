"""``/api/2.0/accounts/{account}/oauth2``: custom and published app integrations."""

from __future__ import annotations

from datetime import UTC, datetime

from lakewarden.simulate.crud import Collection, serve
from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ACCOUNT, Request, Seed, seeds

route = ACCOUNT.route

_BASE = "/api/2.0/accounts/{account}/oauth2"
PUBLISHED = {
    "databricks-cli": "Databricks CLI",
    "power-bi": "Power BI",
    "tableau-desktop": "Tableau Desktop",
}


def _fill(request: Request, body: Json) -> Json:
    made = {
        "creator_username": request.caller.name,
        "created_by": int(request.caller.id),
        "create_time": datetime.fromtimestamp(request.now / 1000, UTC).isoformat(),
    }
    return made | body


def _fill_custom(request: Request, body: Json) -> Json:
    made = {"client_id": request.account.ids.uuid(), "confidential": True}
    return _fill(request, made | body)


CUSTOM = Collection(
    path=f"{_BASE}/custom-app-integrations",
    table="custom-app-integrations",
    id_key="integration_id",
    label="Custom app integration",
    required=("name", "redirect_urls"),
    audit=(
        "oauth2.createCustomAppIntegration",
        "oauth2.updateCustomAppIntegration",
        "oauth2.deleteCustomAppIntegration",
    ),
    envelope="apps",
    fill=_fill_custom,
)
PUBLISHED_INTEGRATIONS = Collection(
    path=f"{_BASE}/published-app-integrations",
    table="published-app-integrations",
    id_key="integration_id",
    label="Published app integration",
    required=("app_id",),
    audit=(
        "oauth2.createPublishedAppIntegration",
        "oauth2.updatePublishedAppIntegration",
        "oauth2.deletePublishedAppIntegration",
    ),
    envelope="apps",
    fill=lambda request, body: _fill(request, {"name": PUBLISHED.get(body["app_id"], "")} | body),
)
for _collection in (CUSTOM, PUBLISHED_INTEGRATIONS):
    serve(ACCOUNT, _collection, "list", "get", "create", "patch", "delete")


@route("GET", f"{_BASE}/published-apps", admin=True)
def list_published(_: Request) -> Json:
    """The apps that Databricks publishes."""
    return {
        "apps": [
            {"app_id": app_id, "client_id": app_id, "name": name, "is_confidential_client": False}
            for app_id, name in PUBLISHED.items()
        ]
    }


@seeds("custom_app_integrations")
def seed_custom(seed: Seed, item: Json) -> None:
    """``[[custom_app_integrations]]``: an API body; ``${custom_app.NAME}`` is then its id."""
    made = seed.call("POST", CUSTOM.path, item)
    seed.remember("custom_app", item["name"], made["integration_id"])


@seeds("published_app_integrations")
def seed_published(seed: Seed, item: Json) -> None:
    """``[[published_app_integrations]]``: an API body."""
    seed.call("POST", PUBLISHED_INTEGRATIONS.path, item)

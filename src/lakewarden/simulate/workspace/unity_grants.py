"""``/api/2.1/unity-catalog``: privileges on securables, and the tables of catalogs."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, page, seeds
from lakewarden.simulate.workspace.unity_catalog import (
    BASE,
    metastore,
    metastore_admins_only,
    owned,
)
from lakewarden.simulate.workspace.unity_securables import BY_TYPE, manage, securable
from lakewarden.simulate.workspace.wire import route

CATALOG = BY_TYPE["catalog"]
LEGACY_CATALOG = "hive_metastore"
_PATH = "/{type}/{name}"


@route("GET", BASE + "/permissions" + _PATH)
@route("GET", BASE + "/effective-permissions" + _PATH)
def get_grants(request: Request) -> Json:
    """Who was granted what on a securable (nothing is inherited here)."""
    return _assignments(owned(request, "grants").get(_key(request, change=False), {}))


def _assignments(rows: Json) -> Json:
    return {
        "privilege_assignments": [
            {"principal": principal, "privileges": privileges}
            for principal, privileges in rows.items()
        ]
    }


@route(
    "PATCH",
    BASE + "/permissions" + _PATH,
    audit="unityCatalog.updatePermissions",
    audit_keys=("changes",),
)
def change_grants(request: Request) -> Json:
    """Grant and revoke privileges."""
    request.audit_params |= {
        "securable_type": request.params["type"],
        "securable_full_name": request.params["name"],
    }
    rows = owned(request, "grants").setdefault(_key(request, change=True), {})
    for change in request.need("changes"):
        held = [p for p in rows.get(change["principal"], ()) if p not in change.get("remove", ())]
        held += [p for p in change.get("add", ()) if p not in held]
        rows[change["principal"]] = held
        if not held:
            del rows[change["principal"]]
    return _assignments(rows)


def _key(request: Request, *, change: bool) -> str:
    """Where a securable's grants are kept, once the caller may read or change them."""
    kind, name = request.params["type"].lower(), request.params["name"]
    if kind == "metastore":
        if change:
            metastore_admins_only(request)
        return f"metastore/{metastore(request)['metastore_id']}"
    if kind in {"schema", "table"}:
        manage(request, CATALOG, name.partition(".")[0])
    elif kind in BY_TYPE:
        (manage if change else securable)(request, BY_TYPE[kind], name)
    else:
        raise invalid(f"'{kind}' is not a type of securable")
    return f"{kind}/{name}"


@route("GET", BASE + "/tables")
def listtables_of(request: Request) -> Json:
    """The tables of a schema."""
    catalog, schema = request.need_query("catalog_name"), request.need_query("schema_name")
    require_catalog(request, catalog)
    rows = [table for table in tables_of(request, catalog) if table["schema_name"] == schema]
    return page(request, rows, "tables", size=50, most=50)


@route("GET", BASE + "/tables/{full_name}")
def get_table(request: Request) -> Json:
    """One table."""
    full_name = request.params["full_name"]
    for table in tables_of(request, full_name.partition(".")[0]):
        if table["full_name"] == full_name:
            return table
    raise ApiError(404, "TABLE_DOES_NOT_EXIST", f"Table '{full_name}' does not exist.")


def require_catalog(request: Request, name: str) -> None:
    """Refuse a catalog that does not show in the workspace; the legacy one always does."""
    if name != LEGACY_CATALOG:
        securable(request, CATALOG, name)


def tables_of(request: Request, catalog: str) -> list[Json]:
    """The tables of a catalog; those of the legacy metastore belong to the workspace."""
    legacy = catalog == LEGACY_CATALOG
    table = request.workspace.table("hive-tables") if legacy else owned(request, "tables")
    return [body for body in table.values() if body["catalog_name"] == catalog]


@seeds("tables")
def seed_table(seed: Seed, item: Json) -> None:
    """``[[2001.tables]]``: ``full_name``, ``storage_location`` and other fields of a table."""
    catalog, schema, name = item["full_name"].split(".")
    place = seed.call("GET", f"{BASE}/current-metastore-assignment")["metastore_id"]
    kept = (
        seed.workspace.table("hive-tables")
        if catalog == LEGACY_CATALOG
        else seed.account.table(f"tables@{place}")
    )
    kept[item["full_name"]] = {
        "table_type": "MANAGED",
        "data_source_format": "DELTA",
        **item,
        "name": name,
        "schema_name": schema,
        "catalog_name": catalog,
        "metastore_id": place,
    }

"""``/api/2.1/unity-catalog``: privileges on securables, and the schemas and tables of catalogs."""

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


@route("GET", BASE + "/schemas")
def list_schemas(request: Request) -> Json:
    """The schemas of a catalog."""
    catalog = request.need_query("catalog_name")
    _require_catalog(request, catalog)
    found = {t["schema_name"] for t in _tables(request, catalog)}
    if not _is_gone(request, catalog, "default"):
        found.add("default")
    rows = [
        {"name": name, "catalog_name": catalog, "full_name": f"{catalog}.{name}"}
        for name in sorted(found)
    ]
    return page(request, rows, "schemas")


@route("DELETE", BASE + "/schemas/{full_name}", audit="unityCatalog.deleteSchema")
def delete_schema(request: Request) -> Json:
    """Remove a schema that holds no tables; a catalog begins with one that is called default."""
    catalog, _, schema = request.params["full_name"].partition(".")
    manage(request, CATALOG, catalog)
    if any(t["schema_name"] == schema for t in _tables(request, catalog)):
        raise invalid(f"Schema '{catalog}.{schema}' is not empty")
    if schema != "default" or _is_gone(request, catalog, schema):
        raise ApiError(404, "SCHEMA_DOES_NOT_EXIST", f"Schema '{catalog}.{schema}' does not exist.")
    owned(request, "dropped-schemas")[f"{catalog}.{schema}"] = {}
    return {}


def _is_gone(request: Request, catalog: str, schema: str) -> bool:
    return f"{catalog}.{schema}" in owned(request, "dropped-schemas")


@route("GET", BASE + "/tables")
def list_tables(request: Request) -> Json:
    """The tables of a schema."""
    catalog, schema = request.need_query("catalog_name"), request.need_query("schema_name")
    _require_catalog(request, catalog)
    rows = [table for table in _tables(request, catalog) if table["schema_name"] == schema]
    return page(request, rows, "tables", size=50, most=50)


@route("GET", BASE + "/tables/{full_name}")
def get_table(request: Request) -> Json:
    """One table."""
    full_name = request.params["full_name"]
    for table in _tables(request, full_name.partition(".")[0]):
        if table["full_name"] == full_name:
            return table
    raise ApiError(404, "TABLE_DOES_NOT_EXIST", f"Table '{full_name}' does not exist.")


def _require_catalog(request: Request, name: str) -> None:
    if name != LEGACY_CATALOG:
        securable(request, CATALOG, name)


def _tables(request: Request, catalog: str) -> list[Json]:
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

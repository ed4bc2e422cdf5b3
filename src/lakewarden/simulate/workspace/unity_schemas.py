"""``/api/2.1/unity-catalog/schemas``: the schemas of catalogs.

A catalog begins with a schema that is called default; one that holds a table is there as well.
"""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, page, seeds
from lakewarden.simulate.workspace.unity_catalog import BASE, metastore, owned
from lakewarden.simulate.workspace.unity_grants import CATALOG, require_catalog, tables_of
from lakewarden.simulate.workspace.unity_securables import LATE, manage
from lakewarden.simulate.workspace.wire import route

_PATH = BASE + "/schemas"
_ONE = _PATH + "/{full_name}"
_FIELDS = ("comment", "enable_predictive_optimization", "owner", "properties", "storage_root")


@route("GET", _PATH)
def list_schemas(request: Request) -> Json:
    """The schemas of a catalog."""
    catalog = request.need_query("catalog_name")
    require_catalog(request, catalog)
    return page(request, _schemas(request, catalog).values(), "schemas")


@route("GET", _ONE)
def get_schema(request: Request) -> Json:
    """One schema."""
    return _schema(request, change=False)


@route("POST", _PATH, audit="unityCatalog.createSchema")
def create_schema(request: Request) -> Json:
    """Make a schema in a catalog that the caller manages."""
    name, catalog = request.need("name"), request.need("catalog_name")
    manage(request, CATALOG, catalog)
    if name in _schemas(request, catalog):
        raise ApiError(400, "SCHEMA_ALREADY_EXISTS", f"Schema '{catalog}.{name}' already exists")
    body = {k: request.body[k] for k in _FIELDS if k in request.body and k not in LATE}
    _store(request, catalog, name, body)
    return _schemas(request, catalog)[name]


@route("PATCH", _ONE, audit="unityCatalog.updateSchema")
def update_schema(request: Request) -> Json:
    """Change a schema; ``new_name`` gives it another name as long as it holds no tables."""
    held = _schema(request, change=True)
    catalog, name = held["catalog_name"], held["name"]
    changes = {key: request.body[key] for key in _FIELDS if key in request.body}
    target = str(request.body.get("new_name") or name)
    if target != name:
        _drop(request, catalog, name)
    changes |= {"updated_at": request.now, "updated_by": request.caller.name}
    _store(request, catalog, target, {k: v for k, v in held.items() if k != "name"} | changes)
    return _schemas(request, catalog)[target]


@route("DELETE", _ONE, audit="unityCatalog.deleteSchema")
def delete_schema(request: Request) -> Json:
    """Remove a schema that holds no tables."""
    held = _schema(request, change=True)
    _drop(request, held["catalog_name"], held["name"])
    owned(request, "grants").pop(f"schema/{held['full_name']}", None)
    return {}


def _store(request: Request, catalog: str, name: str, body: Json) -> None:
    full_name = f"{catalog}.{name}"
    owned(request, "dropped-schemas").pop(full_name, None)
    owned(request, "schemas")[full_name] = {
        "metastore_id": metastore(request)["metastore_id"],
        "owner": request.caller.name,
        "created_at": request.now,
        "created_by": request.caller.name,
        "updated_at": request.now,
        "updated_by": request.caller.name,
        **body,
        "name": name,
        "catalog_name": catalog,
        "full_name": full_name,
    }


def _drop(request: Request, catalog: str, name: str) -> None:
    if any(table["schema_name"] == name for table in tables_of(request, catalog)):
        raise invalid(f"Schema '{catalog}.{name}' is not empty")
    owned(request, "schemas").pop(f"{catalog}.{name}", None)
    owned(request, "dropped-schemas")[f"{catalog}.{name}"] = {}


def _schemas(request: Request, catalog: str) -> dict[str, Json]:
    """The schemas of a catalog by name, those that only follow from something else too."""
    made = owned(request, "schemas")
    names = {table["schema_name"] for table in tables_of(request, catalog)}
    names |= {body["name"] for body in made.values() if body["catalog_name"] == catalog}
    if f"{catalog}.default" not in owned(request, "dropped-schemas"):
        names.add("default")
    kept = owned(request, CATALOG.path).get(catalog, {})
    owner = {"owner": kept["owner"]} if "owner" in kept else {}
    plain = {
        name: {"name": name, "catalog_name": catalog, "full_name": f"{catalog}.{name}", **owner}
        for name in sorted(names)
    }
    return {name: made.get(row["full_name"], row) for name, row in plain.items()}


def _schema(request: Request, *, change: bool) -> Json:
    full_name = request.params["full_name"]
    catalog, _, name = full_name.partition(".")
    if change:
        manage(request, CATALOG, catalog)
    else:
        require_catalog(request, catalog)
    found = _schemas(request, catalog).get(name)
    if found is None:
        raise ApiError(404, "SCHEMA_DOES_NOT_EXIST", f"Schema '{full_name}' does not exist.")
    return found


@seeds("schemas")
def seed_schema(seed: Seed, item: Json) -> None:
    """``[[2001.schemas]]``: a schema of the API; ``grants`` map principals to privileges."""
    body = {name: value for name, value in item.items() if name != "grants"}
    made = seed.call("POST", _PATH, body)["full_name"]
    if late := {name: item[name] for name in LATE if name in item}:
        seed.call("PATCH", f"{_PATH}/{made}", late)
    changes = [{"principal": p, "add": given} for p, given in item.get("grants", {}).items()]
    if changes:
        seed.call("PATCH", f"{BASE}/permissions/schema/{made}", {"changes": changes})

"""The catalog that code gets which names none."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.subjects import name_of
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.kind import Need
from lakewarden.estate.unity import CATALOG_BINDINGS, CATALOGS, Catalog
from lakewarden.plan.wish import CannotPlanError, Wish

SETTING: Final = "default_namespace_ws"
_LEGACY: Final = frozenset({"hive_metastore", "spark_catalog"})
USABLE: Final[tuple[Need, ...]] = (CATALOGS.need(), CATALOG_BINDINGS.need())
"""What must be collected to know whether a workspace can use a catalog."""


def is_legacy(catalog: Any) -> bool:
    """Return whether a catalog is the old Hive metastore; names of catalogs have no case."""
    return str(catalog).strip().lower() in _LEGACY


def governed_default(workspace: Workspace, at: Context) -> Wish:
    """Wish that the catalog that the policy file names is the default of a workspace.

    Raises:
        UnreadError: the default, or what the workspace can use, was not read.
        CannotPlanError: the file names no catalog, or one that the workspace cannot use.
    """
    name, named = name_of(workspace), at.policy.default_catalogs.items()
    wanted = next((catalog for pattern, catalog in named if fnmatchcase(name, pattern)), "")
    if not wanted or is_legacy(wanted):
        raise CannotPlanError(
            f"nobody says which catalog is to be the default of {name}: set data.default_catalogs "
            "in lakewarden.toml"
        )
    catalogs = at.estate.of(CATALOGS, workspace).each()
    if not any(_usable(catalog, workspace, at) for catalog in catalogs if catalog.name == wanted):
        raise CannotPlanError(
            f"{name} cannot use a catalog {wanted}, which data.default_catalogs in lakewarden.toml "
            "names: make it, or bind it to the workspace"
        )
    wish = setting_wish(WORKSPACE_SETTINGS, SETTING, wanted, at, workspace)
    return replace(wish, restart="clusters and SQL warehouses of the workspace")


def _usable(catalog: Catalog, workspace: Workspace, at: Context) -> bool:
    if catalog.isolation.get() != "ISOLATED":
        return True
    bindings = at.estate.need(CATALOG_BINDINGS, catalog.name, workspace).bindings.get()
    return workspace.id in {binding.workspace_id for binding in bindings}

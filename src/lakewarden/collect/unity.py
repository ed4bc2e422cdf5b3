"""Unity Catalog and DBFS: what takes a call for each workspace, catalog or folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.lists import NO_METASTORE
from lakewarden.collect.objects import pass_on
from lakewarden.collect.task import Task, collects
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.dbfs import DBFS_FOLDERS
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.record import hollow
from lakewarden.estate.unity import (
    CATALOG_BINDINGS,
    CATALOGS,
    METASTORE_ASSIGNMENTS,
    METASTORE_GRANTS,
    Catalog,
)

_NO_FOLDER: Final = "RESOURCE_DOES_NOT_EXIST"
_DBFS_SWITCH: Final = "disable_legacy_dbfs"


@collects(METASTORE_ASSIGNMENTS)
def metastore_assignment(task: Task) -> Iterator[Any]:
    """Read which metastore the workspace has, or that it has none."""
    workspace = {"workspace_id": int(task.scope.partition("/")[2])}
    try:
        answer = task.databricks.get(task.path)
    except CallFailedError as error:
        if error.code != NO_METASTORE:
            raise
        yield task.record(workspace)
        return
    if not isinstance(answer, Mapping) or "metastore_id" not in answer:
        raise CallFailedError(Cause.MISSING_FIELD, "no metastore_id in the answer")
    yield task.record({**answer, **workspace})


@collects(METASTORE_GRANTS)
def metastore_grants(task: Task) -> Iterator[Any]:
    """Read who holds privileges on the workspace's metastore."""
    known = task.before(METASTORE_ASSIGNMENTS)
    for assignment in known.seen():
        if assignment.metastore_id.gap is None and (found := assignment.metastore_id.get()):
            path = task.path.replace("{metastore_id}", found)
            yield _listed(
                task, path, "privilege_assignments", {"metastore_id": found}, {"id": found}
            )
    pass_on(known.gap)


@collects(CATALOG_BINDINGS)
def catalog_bindings(task: Task) -> Iterator[Any]:
    """Read which workspaces each catalog is bound to."""
    catalogs = task.before(CATALOGS)

    def one(catalog: Catalog) -> Any:
        path = task.path.replace("{name}", quote(catalog.name, safe=""))
        return _listed(task, path, "bindings", {"name": catalog.name}, {"name": catalog.name})

    yield from task.fan_out(one, catalogs.seen())
    pass_on(catalogs.gap)


@collects(DBFS_FOLDERS)
def folders(task: Task) -> Iterator[Any]:
    """Read what is directly in each folder; one that does not exist holds nothing.

    Where legacy DBFS is switched off the service refuses to list anything, so nothing is asked.
    """
    if _switched_off(task):
        off = Gap(Cause.NOT_READ, task.kind.source, "legacy DBFS is switched off", "")
        yield from (hollow(task.kind.record, {"path": path}, off) for path in task.keys)
        return

    def one(path: str) -> Any:
        keys = {"path": path}
        try:
            found = items(
                task.databricks.get,
                task.path,
                "files",
                Paging.ONCE,
                query=keys,
                trust_empty=task.trust_empty,
            )
            return task.record({**keys, "files": list(found)})
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND and error.code == _NO_FOLDER:
                return task.record({**keys, "files": []})
            return hollow(task.kind.record, keys, task.gap(error))

    yield from task.fan_out(one, task.keys)


def _switched_off(task: Task) -> bool:
    for setting in task.so_far.collection(WORKSPACE_SETTINGS, task.scope).seen():
        if setting.name == _DBFS_SWITCH and setting.value.gap is None:
            return setting.value.get() is True
    return False


def _listed(
    task: Task, path: str, envelope: str, item: Mapping[str, Any], keys: Mapping[str, Any]
) -> Any:
    """Return the record that holds a whole list.

    Args:
        task: the task.
        path: where the list is.
        envelope: its name in the answer and in the record.
        item: what identifies the record, in API names.
        keys: the same in the record's own names.
    """
    trust = task.trust_empty
    try:
        found = list(items(task.databricks.get, path, envelope, Paging.TOKEN, trust_empty=trust))
    except CallFailedError as error:
        return hollow(task.kind.record, keys, task.gap(error))
    return task.record({**item, envelope: found})

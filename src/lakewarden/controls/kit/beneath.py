"""What lies in a location of files: the isolated catalogs that keep their tables there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.isolating import Bound, by_workspace
from lakewarden.controls.kit.unity_subjects import Shown, metastore_of
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.storage import ExternalLocation
from lakewarden.estate.unity import CATALOG_BINDINGS, CATALOGS, METASTORE_ASSIGNMENTS, Catalog
from lakewarden.plan.wish import CannotPlanError


def catalogs_in(shown: Shown[ExternalLocation], at: Context) -> list[str]:
    """Return the isolated catalogs whose managed tables lie in a location.

    Raises:
        UnreadError: the catalogs, or where they keep their tables, were not all read.
    """
    url = _folder(shown.record.url.get())
    return sorted(
        {
            catalog.name
            for catalog in _neighbours(shown, at)
            if catalog.isolation.get() == "ISOLATED"
            and _folder(catalog.root.get() or "").startswith(url)
        }
    )


def bound_like(catalogs: Iterable[str], shown: Shown[ExternalLocation], at: Context) -> Bound:
    """Return the workspaces that some catalogs are bound to.

    Raises:
        UnreadError: that was not read of one of them.
        CannotPlanError: there are none.
    """
    known = {
        record.name: record
        for workspace in _around(shown, at)
        for record in at.estate.of(CATALOG_BINDINGS, workspace).seen()
    }
    found: dict[int, str] = {}
    for name in sorted(catalogs):
        record = known.get(name) or at.estate.need(CATALOG_BINDINGS, name, shown.workspace)
        found |= by_workspace(record.bindings.get())
    if not found:
        raise CannotPlanError("the isolated catalogs there are bound to no workspace: bind them")
    return found


def _neighbours(shown: Shown[ExternalLocation], at: Context) -> Iterator[Catalog]:
    """Yield the catalogs of a location's metastore, those that other workspaces show as well."""
    yield from at.estate.of(CATALOGS, shown.workspace).each()
    for workspace in _around(shown, at):
        yield from at.estate.of(CATALOGS, workspace).seen()


def _around(shown: Shown[ExternalLocation], at: Context) -> Iterator[Workspace]:
    """Yield the workspaces that are known to have a location's metastore."""
    metastore = metastore_of(shown.workspace, at.estate)
    for workspace in at.estate.of(WORKSPACES).seen():
        assigned = at.estate.of(METASTORE_ASSIGNMENTS, workspace).seen()
        ids = [a.metastore_id.get() for a in assigned if a.metastore_id.gap is None]
        if metastore in ids:
            yield workspace


def _folder(url: str) -> str:
    """Return a URL with a slash at its end, and with one name for all schemes of S3."""
    scheme, mark, rest = url.rstrip("/").partition("://")
    return f"{'s3' if scheme in {'s3a', 's3n'} else scheme}{mark}{rest}/"

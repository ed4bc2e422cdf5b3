"""Resources of Unity Catalog, of sharing, and of what the account watches over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lakewarden.estate import code, machines, oversight, people, storage, unity
from lakewarden.terraform.entries import Entry, Reader, Source, same


def _allow_list(source: Source) -> Iterator[Entry]:
    """What may be installed; the resource replaces whatever else was allowed."""
    fields = {
        "name": source.one("artifact_type"),
        "artifact_matchers": source.get("artifact_matcher"),
    }
    yield Entry(code.ARTIFACT_ALLOW_LISTS, fields)


UNITY: Final[Mapping[str, Reader]] = {
    "databricks_artifact_allowlist": _allow_list,
    "databricks_external_location": same(storage.EXTERNAL_LOCATIONS, "name"),
    "databricks_catalog": same(unity.CATALOGS, "name"),
    "databricks_metastore": same(unity.METASTORES, "id"),
    "databricks_recipient": same(unity.RECIPIENTS, "name"),
    "databricks_storage_credential": same(unity.STORAGE_CREDENTIALS, "name"),
    "databricks_budget": same(oversight.BUDGETS, "id"),
    "databricks_custom_app_integration": same(machines.CUSTOM_APPS, "id"),
    "databricks_account_federation_policy": same(people.FEDERATION_POLICIES, "policy_id"),
}
"""How the resources of Unity Catalog are read, by type."""

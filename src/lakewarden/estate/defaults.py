"""What settings stand at until somebody sets them, where a document says so.

A setting that is not here and was never set is not known; nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lakewarden.estate.access import ACCOUNT_SETTINGS, WORKSPACE_CONF, WORKSPACE_SETTINGS

_UNSET: Final[Mapping[str, Mapping[str, Any]]] = {
    WORKSPACE_CONF.name: {
        "enableEnforceImdsV2": "false",
        "enableExportNotebook": "true",
        "enableFileStoreEndpoint": "true",
        "enableIpAccessLists": "false",
        "enableNotebookTableClipboard": "true",
        "enableProjectsAllowList": "false",
        "enableResultsDownloading": "true",
        "enableUploadDataUis": "true",
        "enableVerboseAuditLogs": "false",
        "enforceUserIsolation": "false",
        "mlflowRunArtifactDownloadEnabled": "true",
        "projectsAllowList": "",
        "reposIpynbResultsExportPermissions": "ALLOW",
        "storeInteractiveNotebookResultsInCustomerAccount": "false",
    },
    WORKSPACE_SETTINGS.name: {
        "automatic_cluster_update": False,
        "enable-export-notebook": True,
        "enable-notebook-table-clipboard": True,
        "enable-results-downloading": True,
        "shield_csp_enablement_ws_db": False,
        "shield_esm_enablement_ws_db": False,
    },
    ACCOUNT_SETTINGS.name: {
        "shield_csp_enablement_ac": False,
        "shield_esm_enablement_ac": False,
    },
}


NEVER_VERSIONED: Final = "Suspended"
"""What S3 says of a bucket whose versioning was switched off; one that never had any is like it."""


def default_of(kind: str, name: str) -> Any:
    """Return what a setting stands at when nobody ever set it; None where no document says so.

    Args:
        kind: the name of the collection that it is in.
        name: its key, or its type.
    """
    return _UNSET.get(kind, {}).get(name)

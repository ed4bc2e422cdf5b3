"""The switches of the console: export, downloads, uploads, the web terminal, and old DBFS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lakewarden.impact import people
from lakewarden.impact.event import Event
from lakewarden.impact.holders import person_of
from lakewarden.impact.known import TWINS
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 5
_DBFS: Final = frozenset(
    ("dbfs", action)
    for action in (
        *("addBlock", "close", "create", "delete", "mkdirs", "mount", "move", "put"),
        *("unmount", "updateMount"),
    )
)


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch, and the events of what it refuses.

    Attributes:
        key: of workspace-conf, or the type of a setting.
        text: why something is refused.
        events: service and action.
        off: whether it refuses, given the state and the scope.
        wants: whether an event of those is under the switch.
        admins_exempt: admins may go on.
        hides: what leaves no event, or not always one.
    """

    key: str
    text: str
    events: frozenset[tuple[str, str]]
    off: Callable[[State, str], bool]
    wants: Callable[[Event], bool] = lambda _: True
    admins_exempt: bool = False
    hides: str = ""

    def judges(self, change: Change) -> bool:
        """Return whether a change turns it."""
        kinds = {"workspace_conf", "workspace_setting", "workspace_setting_v2"}
        return change.target.kind in kinds and change.target.key in {
            self.key,
            TWINS.get(self.key, self.key),
        }

    def rule(self, event: Event, state: State) -> Iterator[Reason]:
        """Yield why an event's request is refused."""
        if not self.wants(event) or not self.off(state, event.scope):
            return
        if self.admins_exempt and person_of(event.who, event.scope, state).admin:
            return
        yield Reason(self.text, event.param("path", "notebookFullPath", "clusterId"))


def _conf(key: str) -> Callable[[State, str], bool]:
    return lambda state, scope: state.is_off(scope, key)


def _false(name: str) -> Callable[[State, str], bool]:
    return lambda state, scope: state.setting(scope, name) is False


def _true(name: str) -> Callable[[State, str], bool]:
    return lambda state, scope: state.setting(scope, name) is True


def _some(service: str, *actions: str) -> frozenset[tuple[str, str]]:
    return frozenset((service, action) for action in actions)


def _by_browser(event: Event) -> bool:
    return event.by_browser


_NO_EVENT: Final = "what is copied from the screen leaves no event"
_UPLOADS: Final = (
    "an upload is told from a call to the API by its client being a browser; looking into folders "
    "leaves no event"
)
SWITCHES: Final = (
    Switch(
        "enableExportNotebook",
        "notebooks may not be exported, but by admins",
        _some("workspace", "workspaceExport"),
        _conf("enableExportNotebook"),
        admins_exempt=True,
    ),
    Switch(
        "enableResultsDownloading",
        "results of notebooks may not be downloaded",
        _some("notebook", "downloadPreviewResults", "downloadLargeResults"),
        _conf("enableResultsDownloading"),
    ),
    Switch(
        "sql_results_download",
        "results of SQL queries may not be downloaded",
        _some("databrickssql", "downloadQueryResult"),
        _false("sql_results_download"),
        hides="the event of a download is also written where the console shows a result",
    ),
    Switch(
        "mlflowRunArtifactDownloadEnabled",
        "artifacts of MLflow runs may not be downloaded",
        _some("mlflowAcledArtifact", "readArtifact"),
        _conf("mlflowRunArtifactDownloadEnabled"),
    ),
    Switch("enableNotebookTableClipboard", "", frozenset(), lambda *_: False, hides=_NO_EVENT),
    Switch(
        "enableDbfsFileBrowser",
        "files may not be put into DBFS by the browser",
        _DBFS,
        _conf("enableDbfsFileBrowser"),
        wants=_by_browser,
        hides=_UPLOADS,
    ),
    Switch(
        "enableUploadDataUis",
        "data may not be uploaded by the console",
        _DBFS | _some("filesystem", "filesPut"),
        _conf("enableUploadDataUis"),
        wants=_by_browser,
        hides=_UPLOADS,
    ),
    Switch(
        "enableFileStoreEndpoint",
        "",
        frozenset(),
        lambda *_: False,
        hides="fetching a file of FileStore by its address leaves no event",
    ),
    Switch(
        "enableWebTerminal",
        "the web terminal is switched off",
        _some("webTerminal", "startSession"),
        _conf("enableWebTerminal"),
    ),
    Switch(
        "disable_legacy_dbfs",
        "DBFS root and mounts are switched off",
        _DBFS,
        _true("disable_legacy_dbfs"),
        hides="reading and listing files in DBFS, and what notebooks do there, leave no event",
    ),
    Switch(
        "disable_legacy_access",
        "the Hive metastore of the workspace is switched off",
        _some("sqlPermissions", "grantPermission", "revokePermission", "changeSecurableOwner"),
        _true("disable_legacy_access"),
        hides="queries of tables in hive_metastore leave an event with verbose audit logs alone, "
        "and external locations lose their fallback without one",
    ),
)


def _family(switch: Switch) -> Family:
    needs = people.NEEDS if switch.admins_exempt else ()
    return Family(
        "console", switch.judges, switch.rule, switch.events, needs, lambda _: switch.hides
    )


FAMILIES: Final = tuple(_family(switch) for switch in SWITCHES)

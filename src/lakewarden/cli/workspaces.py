"""The workspace that a command works on."""

from __future__ import annotations

from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.clients.throttle import Throttle
from lakewarden.collect.doors import Reach
from lakewarden.errors import ConnectionFailedError, UsageError
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.record import read


def open_workspace(
    reach: Reach, named: str | None, throttle: Throttle | None = None
) -> tuple[DatabricksHost, str]:
    """Open a workspace; return its host and its id.

    Args:
        reach: what the caller gave us to work with.
        named: its id or name; None for the one that the environment points to.
        throttle: how much of it may be used.

    Raises:
        UsageError: it is not said which one, or there is none like that.
        ConnectionFailedError: it cannot be opened.
    """
    url = reach.workspace_host
    if named is not None:
        url = reach.workspace_urls.get(named) or _url(reach, named)
    if not url:
        raise UsageError(
            "no workspace was given", next_step="Set DATABRICKS_HOST to its URL, or --workspace"
        )
    host = DatabricksHost(url, profile=reach.profile, patience=reach.patience, throttle=throttle)
    host.insist_on_credential()
    try:
        return host, host.org_id()
    except CallFailedError as error:
        raise ConnectionFailedError(
            f"does not say which workspace it is ({error})",
            where=url,
            next_step="Check the host's name, and whether the caller may use the workspace",
        ) from None


def _url(reach: Reach, named: str) -> str:
    """Return the address of a workspace that the account knows."""
    workspaces = _workspaces(reach, named)
    for workspace in workspaces:
        try:
            if named in {str(workspace.id), workspace.name.get()}:
                return reach.url_of(workspace)
        except UnreadError as error:
            raise UsageError(
                f"the account does not say where it is ({error})",
                where=f"workspace {named}",
                next_step="Give --workspace-url ID=URL",
            ) from None
    there = ", ".join(str(workspace.id) for workspace in workspaces) or "none"
    raise UsageError(f"there is no workspace {named}", next_step=f"The workspaces are: {there}")


def _workspaces(reach: Reach, named: str) -> list[Workspace]:
    if not reach.account_host:
        raise UsageError(
            f"nobody knows where the workspace {named} is",
            next_step="Give --workspace-url ID=URL, or --account-host",
        )
    account = reach.account()
    path = WORKSPACES.source.removeprefix("GET ").replace("{account_id}", account.account_id)
    try:
        found = items(account.get, path, "", Paging.ARRAY)
        return [read(Workspace, item, source=WORKSPACES.source) for item in found]
    except CallFailedError as error:
        raise ConnectionFailedError(
            f"does not list its workspaces ({error})",
            where=reach.account_host,
            next_step="Give --workspace-url ID=URL",
        ) from None

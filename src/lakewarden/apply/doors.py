"""The open doors of a run: one host for the account and each workspace, and AWS."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from lakewarden.apply.catalogue import Catalogue
from lakewarden.apply.contents import Contents
from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.throttle import Throttle
from lakewarden.collect.doors import Reach
from lakewarden.errors import UsageError
from lakewarden.store.home import state_folder
from lakewarden.store.kept import Kept


class Doors:
    """Opens each door once, when it is first used."""

    def __init__(
        self,
        reach: Reach,
        workspaces: Mapping[str, str],
        contents: Contents | None = None,
        share: float = 1.0,
    ) -> None:
        """Stand before the doors.

        Args:
            reach: what the caller gave us to work with.
            workspaces: URLs of workspaces by id.
            contents: the bytes that plans name by their digest; those kept here unless given.
            share: how much of the rate limits of a workspace may be used.
        """
        self._reach = reach
        self._workspaces = workspaces
        self._hosts: dict[str, DatabricksHost] = {}
        self._catalogues: dict[str, Catalogue] = {}
        self._aws: AwsAccount | None = None
        self._lock = threading.Lock()
        self._share = share
        self.contents = contents or Contents(Kept(state_folder() / "kept"))

    @property
    def account_id(self) -> str:
        """Return the Databricks account."""
        return self._reach.account_id

    def databricks(self, scope: str) -> DatabricksHost:
        """Return the host of `account` or of `workspace/3001`.

        Raises:
            ConnectionFailedError: it cannot be opened.
            UsageError: nobody knows where the workspace is.
        """
        with self._lock:
            if scope not in self._hosts:
                self._hosts[scope] = self._open(scope)
            return self._hosts[scope]

    def catalogue(self, scope: str) -> Catalogue:
        """Return the assets of `workspace/3001`, listed once for all changes of a run.

        Raises:
            ConnectionFailedError: the workspace cannot be opened.
            UsageError: nobody knows where it is.
        """
        host = self.databricks(scope)
        with self._lock:
            return self._catalogues.setdefault(scope, Catalogue(host, scope.rpartition("/")[2]))

    def aws(self) -> AwsAccount:
        """Return the AWS account.

        Raises:
            ConnectionFailedError: there are no credentials.
        """
        if self._aws is None:
            self._aws = self._reach.aws()
        return self._aws

    def _open(self, scope: str) -> DatabricksHost:
        if scope == "account":
            return self._reach.account()
        url = self._workspaces.get(scope.partition("/")[2])
        if url is None:
            raise UsageError(
                f"the deployment has no {scope}",
                next_step="Make a new plan, or give --workspace-url ID=URL",
            )
        return self._reach.workspace(url, Throttle(self._share))

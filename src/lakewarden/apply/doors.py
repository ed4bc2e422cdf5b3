"""The open doors of a run: one host for the account and each workspace, and AWS."""

from __future__ import annotations

from collections.abc import Mapping

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.collect.doors import Reach
from lakewarden.errors import UsageError


class Doors:
    """Opens each door once, when it is first used."""

    def __init__(self, reach: Reach, workspaces: Mapping[str, str]) -> None:
        """Stand before the doors.

        Args:
            reach: what the caller gave us to work with.
            workspaces: URLs of workspaces by id.
        """
        self._reach = reach
        self._workspaces = workspaces
        self._hosts: dict[str, DatabricksHost] = {}
        self._aws: AwsAccount | None = None

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
        if scope not in self._hosts:
            self._hosts[scope] = self._open(scope)
        return self._hosts[scope]

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
        return self._reach.workspace(url)

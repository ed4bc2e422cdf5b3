"""Which doors are open: the account, each workspace, AWS; and the way to each workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.patience import Patience
from lakewarden.clients.throttle import Throttle
from lakewarden.errors import AuthenticationFailedError, LakewardenError
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause, Gap

_DOMAINS: Final = {
    "accounts.cloud.databricks.com": "cloud.databricks.com",
    "accounts.cloud.databricks.us": "cloud.databricks.us",
    "accounts-dod.cloud.databricks.mil": "cloud.databricks.mil",
}
"""By account console, the domain of its workspaces."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the caller gave us to work with.

    Attributes:
        account_host: the account console's URL, empty when the account is not to be read.
        account_id: the Databricks account.
        workspace_host: the URL of one workspace, where the account cannot name it.
        workspace_urls: URLs by workspace id, for custom domains, PrivateLink and tests.
        profile: a profile of `~/.databrickscfg`.
        aws_profile: an AWS profile.
        use_aws: whether AWS is to be read.
        patience: time-outs.
        events: the folder that audit logs were delivered to, None when there is none.
        event_days: how far back events count.
    """

    account_host: str = ""
    account_id: str = ""
    workspace_host: str = ""
    workspace_urls: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None
    aws_profile: str | None = None
    use_aws: bool = True
    patience: Patience = field(default_factory=Patience)
    events: Path | None = None
    event_days: int = 30

    def account(self) -> DatabricksHost:
        """Open the account console.

        Raises:
            ConnectionFailedError: it cannot be opened.
        """
        return self._host(self.account_host, self.account_id)

    def workspace(self, url: str, throttle: Throttle | None = None) -> DatabricksHost:
        """Open a workspace.

        Args:
            url: where it is.
            throttle: how much of it may be used; the documented limits unless given.

        Raises:
            ConnectionFailedError: it cannot be opened.
        """
        return self._host(url, None, throttle)

    def aws(self) -> AwsAccount:
        """Open the AWS account.

        Raises:
            ConnectionFailedError: there are no credentials.
        """
        return AwsAccount(profile=self.aws_profile, patience=self.patience)

    def url_of(self, workspace: Workspace) -> str:
        """Return a workspace's URL: as given, else as the account's domain has it.

        Raises:
            UnreadError: the workspace's deployment name is not known.
        """
        given = self.workspace_urls.get(str(workspace.id))
        if given:
            return given
        host = urlsplit(self.account_host).hostname or ""
        domain = _DOMAINS.get(host, "cloud.databricks.com")
        return f"https://{workspace.deployment.get()}.{domain}"

    def _host(
        self, url: str, account_id: str | None, throttle: Throttle | None = None
    ) -> DatabricksHost:
        return DatabricksHost(
            url,
            profile=self.profile,
            account_id=account_id,
            patience=self.patience,
            throttle=throttle,
        )


def shut(error: LakewardenError, source: str) -> Gap:
    """Return the gap of a door that would not open."""
    refused = isinstance(error, AuthenticationFailedError)
    cause = Cause.UNAUTHENTICATED if refused else Cause.UNREACHABLE
    return Gap(cause, source, f"{error.where}: {error.what}", error.next_step)

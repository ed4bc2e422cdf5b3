"""Clients of a running simulation, as whoever a test wants to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.config import Config

from lakewarden.simulate import Simulation
from lakewarden.simulate.state import Bearer
from lakewarden.simulate.workspace import identity

OUTSIDE = "192.0.2.200"


@dataclass(frozen=True)
class Lab:
    """A simulation and its clients; without a name they are the scanner's."""

    simulation: Simulation
    opened: list[httpx.Client] = field(default_factory=list)

    def close(self) -> None:
        """Stop the simulation, after the clients that would notice."""
        for client in self.opened:
            client.close()
        self.simulation.close()

    def sign_in(self, name: str) -> str:
        """An OAuth-style token of a principal."""
        found = identity.named(self.simulation.account, name)
        assert found is not None, name
        token = f"session-of-{name}"
        self.simulation.account.bearers[token] = Bearer(found[1]["id"], "oauth")
        return token

    def _config(self, host: str, token: str, **more: Any) -> Config:
        return Config(host=host, token=token, auth_type="pat", retry_timeout_seconds=2, **more)

    def account(self, name: str | None = None) -> AccountClient:
        """The account's SDK client."""
        token = self.sign_in(name) if name else self.simulation.token
        account_id = self.simulation.account_id
        config = self._config(self.simulation.account_host, token, account_id=account_id)
        return AccountClient(config=config)

    def workspace(
        self, workspace_id: int, name: str | None = None, *, token: str | None = None
    ) -> WorkspaceClient:
        """A workspace's SDK client."""
        token = token or (self.sign_in(name) if name else self.simulation.token)
        url = self.simulation.workspace_urls[workspace_id]
        return WorkspaceClient(config=self._config(url, token))

    def http(self, workspace_id: int | None = None, *, token: str | None = None) -> httpx.Client:
        """A bare HTTP client of the account or a workspace."""
        url = (
            self.simulation.workspace_urls[workspace_id]
            if workspace_id
            else self.simulation.account_host
        )
        headers = {"Authorization": f"Bearer {token or self.simulation.token}"}
        self.opened.append(httpx.Client(base_url=url, headers=headers, timeout=10))
        return self.opened[-1]
